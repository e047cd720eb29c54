// SPDX-License-Identifier: MIT OR Apache-2.0
/* orlopctl logs alone, for test_logs.py. */
#include "ctl/logs.h"

int main(int argc, char **argv)
{
	return logs_main(argc, argv);
}

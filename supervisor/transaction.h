// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From one wish to all the jobs that follow from it. A transaction is worked out apart from the jobs
 * that there are: what is pulled in, what contradicts, what stands in a circle. Only when all of it is
 * sound are the jobs installed; otherwise nothing has happened.
 */
#pragma once

#include "supervisor/job.h"

/** transaction_run() - Return: as job_request(). */
int transaction_run(unit_id id, enum job_type type, enum job_mode mode);

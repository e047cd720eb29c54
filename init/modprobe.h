// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlop under the name of modprobe: what the kernel's request_module() and packages' unit files
 * (ExecStartPre=-/sbin/modprobe overlay) run. See orlop-modprobe(8).
 */
#pragma once

/**
 * modprobe_main() - the program. Called by main() when argv[0] ends in "modprobe".
 * Return: exit status: 0 all there, 1 something failed or was not found, 2 wrong usage.
 */
int modprobe_main(int argc, char **argv);

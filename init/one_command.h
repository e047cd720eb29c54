// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * orlop as the init of a container with one command: orlop --init, and what images call by the names
 * tini, docker-init and dumb-init. It starts the command, reaps what else comes to it, passes signals
 * on, and ends as the command does. See orlop(8), "An init for one command".
 */
#pragma once

#include "init/one_command_parse.h"

/**
 * one_command_main() - the program.
 * @argv: the name, then options as @kind spells them, then the command
 * Return: exit status: that of the command, 128 + N when signal N killed it; 127 or 126 when it is not
 * there or cannot be executed (dumb-init: 2); 1 for wrong usage or when no process can be made.
 */
int one_command_main(enum one_command_kind kind, int argc, char **argv);

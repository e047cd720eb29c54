// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The environment of a service (systemd.exec(5), "Environment Variables in Spawned Processes") and its
 * command line, in which variables are expanded (systemd.service(5), "Command lines"). In the forked
 * child only.
 */
#pragma once

#include "supervisor/strings.h"
#include "supervisor/unit.h"

/* systemd's default, for a system whose sbin and bin are not one. */
#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

/**
 * environment_settings() - adds PassEnvironment=, Environment= and EnvironmentFile= to @environment, the later stronger.
 * Return: 0, -ENOMEM, or -errno of a file with child_error().
 */
int environment_settings(const struct exec_settings *exec, struct strings *environment);

/** environment_unset() - takes out what UnsetEnvironment= names: the last step. */
void environment_unset(const struct exec_settings *exec, struct strings *environment);

/** environment_arguments() - the words of @command with ${NAME} and $NAME replaced. Return: 0 or -ENOMEM. */
int environment_arguments(const struct exec_command *command, const struct strings *environment,
			  struct strings *ret_arguments);

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The power button, heard as ACPI events over generic netlink (family acpi_event, drivers/acpi/event.c),
 * which needs no input device and no evdev module.
 */
#pragma once

#include <stdbool.h>

/** power_button_open() - joins the kernel's group of ACPI events. Return: a non-blocking descriptor, or -errno (-ENOENT: no ACPI). */
int power_button_open(void);

/** power_button_pressed() - reads what waits. Return: whether the button was pressed. */
bool power_button_pressed(int fd);

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Hearing of devices: the kernel's uevent socket, and the devices that were there before it was
 * opened. Open the socket first and look at what is there second, and nothing is missed (hc-53).
 * A queue that overran means that events are lost: look at everything again (hc-54).
 */
#pragma once

#include <stddef.h>

#include "init/uevent_parse.h"
#include "lib/str.h"

/* Longest message: the kernel's UEVENT_BUFFER_SIZE (2048) and the header before it, with room. */
#define UEVENT_MESSAGE_SIZE 4096
/* Queue of the socket in bytes: some 10,000 events of a boot with many devices, used only when they come. */
#define UEVENT_QUEUE_SIZE (8 * 1024 * 1024)

/**
 * uevent_open() - opens a socket that hears the kernel's uevents; non-blocking.
 * @queue_size: UEVENT_QUEUE_SIZE; less only in tests. Without CAP_NET_ADMIN the system's limit caps it.
 * Return: the descriptor, which the caller owns, or -errno.
 */
int uevent_open(int queue_size);

enum uevent_result {
	UEVENT_NONE = 0, /* nothing of the kernel's waits */
	UEVENT_RECEIVED, /* an event is in @ret */
	UEVENT_OVERRUN,	 /* events were lost: look at all devices again */
};

/**
 * uevent_receive() - takes the next event. What does not come from the kernel, or is malformed, is passed over.
 * @message: memory that @ret points into afterwards
 * Return: enum uevent_result, or -errno.
 */
int uevent_receive(int fd, char message[static UEVENT_MESSAGE_SIZE], struct uevent *ret);

/**
 * uevent_coldplug() - calls @found with the MODALIAS of each device that has no driver yet.
 *
 * Reads /sys/bus/BUS/devices/NAME/modalias: every device that a module could drive is on a bus, and
 * reading what there is costs less than asking the kernel to announce it all again. A device that has
 * its driver needs no module. CPUs are left out for that reason: they have theirs.
 * @sysfs: "/sys"; another directory in tests
 * @found: must not keep @modalias
 * Return: 0 or -errno (of @sysfs; a device that vanishes meanwhile is no error).
 */
int uevent_coldplug(const char *sysfs, void (*found)(void *userdata, struct str modalias),
		    void *userdata);

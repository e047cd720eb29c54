// SPDX-License-Identifier: MIT OR Apache-2.0
/* The /dev of PrivateDevices= (systemd.exec(5)): pseudo devices and terminals, nothing that is hardware. */
#pragma once

/** private_devices() - a tmpfs with nodes and links, not attached yet; what is to be mounted in it is put aside. Return: its descriptor or -errno. */
int private_devices(void);

/** private_devices_fill() - once that is attached at @place: pts, shm, mqueue and hugepages of the host. Return: 0 or -errno. */
int private_devices_fill(int place);

// SPDX-License-Identifier: MIT OR Apache-2.0
/* Conditions about what the host runs on: firmware, hypervisor, container. See condition.h. */
#include <errno.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "supervisor/condition_test.h"
#include "supervisor/unit_parse.h"

int test_firmware(const char *argument, const char *root)
{
	struct str s = str_from(argument);
	char text[1024];
	ssize_t n;

	if (strcmp(argument, "uefi") == 0)
		return condition_exists(root, "/sys/firmware/efi");
	if (strcmp(argument, "device-tree") == 0)
		return condition_exists(root, "/sys/firmware/devicetree");
	if (!str_starts(s, "device-tree-compatible(") || !str_ends(s, ")"))
		return -EINVAL;
	s = (struct str){ s.p + 23, s.n - 24 };
	n = condition_read(root, "/proc/device-tree/compatible", text, sizeof(text));
	/* A list of strings, each with its NUL. */
	for (const char *item = text; n > 0 && item < text + n; item += strlen(item) + 1)
		if (str_is(s, item))
			return 1;
	return 0;
}

struct virtual_machine {
	const char *sign;
	const char *name;
};

static const char *hypervisor_of_cpu(void)
{
#if defined(__x86_64__)
	static const struct virtual_machine hypervisors[] = {
		{ "KVMKVMKVM", "kvm" },		 { "Linux KVM Hv", "kvm" },
		{ "TCGTCGTCGTCG", "qemu" },	 { "VMwareVMware", "vmware" },
		{ "Microsoft Hv", "microsoft" }, { "XenVMMXenVMM", "xen" },
		{ "bhyve bhyve ", "bhyve" },	 { "QNXQVMBSQG", "qnx" },
		{ "ACRNACRNACRN", "acrn" },	 { "SRESRESRESRE", "sre" },
	};
	unsigned eax;
	unsigned sign[4] = { 0 };

	if (!__get_cpuid(1, &eax, &sign[0], &sign[1], &sign[2]) || !(sign[1] & 1U << 31))
		return NULL;
	memset(sign, 0, sizeof(sign));
	__cpuid(0x40000000U, eax, sign[0], sign[1], sign[2]);
	for (size_t i = 0; i < ARRAY_SIZE(hypervisors); i++)
		if (strncmp((const char *)sign, hypervisors[i].sign, 12) == 0)
			return hypervisors[i].name;
	return "vm-other";
#else
	return NULL;
#endif
}

static const char *hypervisor_of_firmware(const char *root)
{
	static const char *const files[] = { "/sys/class/dmi/id/product_name",
					     "/sys/class/dmi/id/sys_vendor",
					     "/sys/class/dmi/id/bios_vendor" };
	static const struct virtual_machine vendors[] = {
		{ "KVM", "kvm" },
		{ "OpenStack", "kvm" },
		{ "Amazon EC2", "amazon" },
		{ "QEMU", "qemu" },
		{ "VMware", "vmware" },
		{ "innotek GmbH", "oracle" },
		{ "VirtualBox", "oracle" },
		{ "Xen", "xen" },
		{ "Bochs", "bochs" },
		{ "Parallels", "parallels" },
		{ "BHYVE", "bhyve" },
		{ "Hyper-V", "microsoft" },
		{ "Apple Virtualization", "apple" },
		{ "Google Compute Engine", "google" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char text[128];
		struct str line;

		if (!condition_first_line(root, files[i], text, sizeof(text), &line))
			continue;
		for (size_t v = 0; v < ARRAY_SIZE(vendors); v++)
			if (str_starts(line, vendors[v].sign))
				return vendors[v].name;
	}
	return NULL;
}

/* What container managers leave for PID 1: a variable, or a file. */
static const char *container_name(const char *root)
{
	const char *name = getenv("container");

	if (name && *name)
		return name;
	if (condition_exists(root, "/run/.containerenv"))
		return "podman";
	return condition_exists(root, "/.dockerenv") ? "docker" : NULL;
}

/* Firmware is asked first where several makers share a hypervisor, then the processor, then firmware of any. */
static const char *hypervisor_name(const char *root)
{
	static const char *const shared[] = { "oracle", "amazon", "parallels", "google" };
	const char *firmware = hypervisor_of_firmware(root);
	const char *cpu = *root == '\0' ? hypervisor_of_cpu() : NULL;

	for (size_t i = 0; firmware && i < ARRAY_SIZE(shared); i++)
		if (strcmp(firmware, shared[i]) == 0)
			return firmware;
	if (cpu && strcmp(cpu, "vm-other") != 0)
		return cpu;
	return firmware ? firmware : cpu;
}

int test_virtualization(const char *argument, const char *root)
{
	const char *container = container_name(root);
	const char *name = container ? container : hypervisor_name(root);
	bool virtual;

	if (unit_boolean(str_from(argument), &virtual) == 0)
		return virtual == (name != NULL);
	if (strcmp(argument, "vm") == 0)
		return name && !container;
	if (strcmp(argument, "container") == 0)
		return container != NULL;
	if (strcmp(argument, "private-users") == 0) {
		char map[64];
		struct str line;
		struct str word = { 0 };

		/* The first user namespace maps all 2^32 - 1 users to themselves. */
		if (!condition_first_line(root, "/proc/self/uid_map", map, sizeof(map), &line))
			return 0;
		while (str_next_word(&line, &word))
			;
		return !str_is(word, "4294967295");
	}
	return name && strcmp(argument, name) == 0;
}

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls one of act 1's io parts and prints what came back, as lines "NAME VALUE". Nothing here loads a module
 * or makes a device: the modules are those of a directory that the test made, and are only reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "init/modules.h"
#include "init/uevent.h"
#include "lib/fd.h"
#include "verity/gpt_find.h"
#include "verity/verity_open.h"

static void print_alias(void *userdata, struct str modalias)
{
	(void)userdata;
	printf("modalias " STR_FORMAT "\n", STR_ARGS(modalias));
}

/* coldplug SYSFS */
static int verb_coldplug(char **arguments)
{
	printf("result %d\n", uevent_coldplug(arguments[0], print_alias, NULL));
	return 0;
}

/* Takes all that waits on the socket. Returns the number of events, and of overruns. */
static int drain(int fd, unsigned *ret_overruns)
{
	static char message[UEVENT_MESSAGE_SIZE];
	struct uevent event;
	int received = 0;
	int r;

	*ret_overruns = 0;
	while ((r = uevent_receive(fd, message, &event)) > 0) {
		if (r == UEVENT_OVERRUN)
			(*ret_overruns)++;
		else
			received++;
	}
	if (r < 0)
		printf("receive %d\n", r);
	return received;
}

/* overrun QUEUE COUNT UEVENT-FILE: floods a socket with a queue of so many bytes, then hears one more event. */
static int verb_overrun(char **arguments)
{
	int queue = atoi(arguments[0]);
	int count = atoi(arguments[1]);
	int fd = uevent_open(queue);
	unsigned overruns;
	int received;

	if (fd < 0) {
		printf("open %d\n", fd);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		int r = file_write(AT_FDCWD, arguments[2], "add");

		if (r < 0) {
			printf("write %d\n", r);
			return 1;
		}
	}
	received = drain(fd, &overruns);
	printf("received %d\noverruns %u\n", received, overruns);
	(void)file_write(AT_FDCWD, arguments[2], "change");
	received = drain(fd, &overruns);
	printf("received-after %d\noverruns-after %u\n", received, overruns);
	fd_close(fd);
	return 0;
}

/* forged UEVENT-FILE: prints the device paths that are heard when another socket speaks, and then the kernel. */
static int verb_forged(char **arguments)
{
	static const char forged[] = "add@/forged\0ACTION=add\0DEVPATH=/forged";
	static char message[UEVENT_MESSAGE_SIZE];
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = uevent_open(UEVENT_QUEUE_SIZE);
	int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct uevent event;

	if (sendto(other, forged, sizeof(forged), 0, (struct sockaddr *)&group, sizeof(group)) < 0)
		printf("forged %d\n", -errno);
	printf("write %d\n", file_write(AT_FDCWD, arguments[0], "change"));
	while (uevent_receive(fd, message, &event) == UEVENT_RECEIVED)
		printf("event " STR_FORMAT "\n", STR_ARGS(event.devpath));
	fd_close(other);
	fd_close(fd);
	return 0;
}

static void print_module(void *userdata, const struct module_report *report)
{
	(void)userdata;
	printf("module %s %d %s\n", report->name, report->error, report->options);
}

/* modules ROOT COMMAND-LINE load|alias NAME: what would be loaded, in order. */
static int verb_modules(char **arguments)
{
	struct modules m;
	int r = modules_open(&m, arguments[0]);

	if (r == 0) {
		m.dry_run = true;
		m.cmdline = str_from(arguments[1]);
		m.report = print_module;
		if (strcmp(arguments[2], "load") == 0)
			r = modules_load(&m, str_from(arguments[3]), "");
		else
			r = modules_load_alias(&m, str_from(arguments[3]));
		modules_close(&m);
		modules_close(&m);
	}
	printf("result %d\n", r);
	return 0;
}

static void print_partition(int r, const struct gpt_partition *p)
{
	printf("result %d\n", r);
	if (r == 0)
		printf("device %s\ndisk %s\nnumber %u\nsize %llu\nuuid %s\ntype %s\n", p->device,
		       p->disk, p->number, (unsigned long long)p->size, p->uuid, p->type);
}

/* gpt-uuid UUID */
static int verb_gpt_uuid(char **arguments)
{
	struct gpt_partition partition = { 0 };

	print_partition(gpt_find_by_uuid(arguments[0], &partition), &partition);
	return 0;
}

/* gpt-type DISK TYPE */
static int verb_gpt_type(char **arguments)
{
	struct gpt_partition partition = { 0 };

	print_partition(gpt_find_by_type(arguments[0], arguments[1], &partition), &partition);
	return 0;
}

/* disk-of DEVICE */
static int verb_disk_of(char **arguments)
{
	char disk[GPT_DEVICE_SIZE] = "";
	struct stat st;

	if (stat(arguments[0], &st) < 0)
		return 1;
	printf("result %d\n", gpt_disk_of(st.st_rdev, disk));
	printf("disk %s\n", disk);
	return 0;
}

/* verity DATA HASH ROOT-HASH */
static int verb_verity(char **arguments)
{
	char path[VERITY_PATH_SIZE] = "";
	struct verity_cause cause = { 0 };
	struct root_hash hash;
	int r = root_hash_parse(str_from(arguments[2]), &hash);

	if (r == 0)
		r = verity_open(arguments[0], arguments[1], &hash, VERITY_EIO, "orlop-test", path,
				&cause);
	printf("result %d\nfailure %d\ntext %s\n", r, (int)cause.failure, cause.text);
	if (r == 0)
		(void)verity_close("orlop-test");
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **arguments);
} verbs[] = {
	{ "coldplug", 1, verb_coldplug }, { "overrun", 3, verb_overrun },
	{ "forged", 1, verb_forged },	  { "modules", 4, verb_modules },
	{ "gpt-uuid", 1, verb_gpt_uuid }, { "gpt-type", 2, verb_gpt_type },
	{ "disk-of", 1, verb_disk_of },	  { "verity", 3, verb_verity },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (argc == verbs[i].arguments + 2 && strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv + 2);
	fprintf(stderr, "usage: act1_driver VERB ARGUMENT...; see the source\n");
	return 2;
}

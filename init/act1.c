// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Act 1: see act1.h. A walk over the table at the end of this file. The uevent socket is opened before
 * anything is looked at, so a disk that appears in between is never missed; waiting is done for events
 * and ends at a deadline that names what did not come.
 */
#include "init/act1.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/fatal.h"
#include "init/modules.h"
#include "init/phase.h"
#include "init/record.h"
#include "init/setup.h"
#include "init/uevent.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "mount/api_mounts.h"
#include "mount/mount_one.h"
#include "mount/switch_root.h"
#include "verity/gpt_find.h"
#include "verity/root_hash.h"
#include "verity/verity_open.h"

#define NEW_ROOT "/sysroot"
#define NEW_INIT "/usr/sbin/init"
#define VERITY_NAME "root"
#define INIT_READ_SIZE (1u << 20)

static struct modules modules;

static int phase_api_mounts(struct boot *boot _unused_)
{
	return api_mounts_early();
}

static void note_words(struct boot *boot, const char *words)
{
	buf_printf(&boot->note, "%s%s", boot->note.len > 0 ? " " : "", words);
}

static void note_module(void *userdata, const struct module_report *report)
{
	struct boot *boot = userdata;

	if (report->error == 0) {
		note_words(boot, report->name);
		record_add("initramfs.module", report->start_ns, report->end_ns, report->name);
	} else if (!report->soft) {
		log_warning("module %s: %s", report->name, error_name(report->error));
	}
}

static void load_for_device(void *userdata, struct str modalias)
{
	int r = modules_load_alias(&modules, modalias);

	(void)userdata;
	if (r < 0)
		log_warning("no driver for " STR_FORMAT ": %s", STR_ARGS(modalias), error_name(r));
}

/* What the root needs by name, then what the hardware asks for. */
static int phase_modules(struct boot *boot)
{
	static const char *const always[] = { "dm_verity", "erofs" };
	struct str list = str_from(boot->cmdline.modules);
	bool verity = *boot->cmdline.root_hash != '\0';
	struct str name;
	int r = modules_open(&modules, "");

	if (r == -ENOENT) {
		log_warning("the initramfs has no modules for this kernel; only what is built in will work");
		return 0;
	}
	if (r < 0)
		return r;
	modules.cmdline = str_from(boot->line);
	modules.report = note_module;
	modules.userdata = boot;
	/* The root's come first: with them comes the fast hash that the signatures of all others are read by. */
	for (size_t i = verity ? 0 : 1; i < ARRAY_SIZE(always); i++) {
		r = modules_load(&modules, str_from(always[i]), "");
		if (r < 0)
			log_warning("module %s: %s", always[i], error_name(r));
	}
	while (str_split(&list, ',', &name)) {
		r = modules_load(&modules, name, "");
		if (r < 0)
			log_warning("orlop.modules=: module " STR_FORMAT ": %s", STR_ARGS(name),
				    error_name(r));
	}
	/* Opened first, looked at second: nothing that comes in between is missed. */
	boot->uevent_fd = uevent_open(UEVENT_QUEUE_SIZE);
	if (boot->uevent_fd < 0) {
		log_error("uevent socket: %s", error_name(boot->uevent_fd));
		return boot->uevent_fd;
	}
	return uevent_coldplug("/sys", load_for_device, NULL);
}

/* Where the root is, as the command line names it. */
struct wanted {
	struct root_hash hash;
	char data_uuid[UUID_TEXT_SIZE];
	char verity_uuid[UUID_TEXT_SIZE];
	struct gpt_partition data;
	struct gpt_partition verity;
	bool have_data;
	bool have_verity;
};

/* Looks at what is there now. Return: whether all of it is. */
static bool look(struct wanted *wanted)
{
	if (!wanted->have_data)
		wanted->have_data = gpt_find_by_uuid(wanted->data_uuid, &wanted->data) == 0;
	if (!wanted->have_verity)
		wanted->have_verity = gpt_find_by_uuid(wanted->verity_uuid, &wanted->verity) == 0;
	return wanted->have_data && wanted->have_verity;
}

/* Takes all events that wait, and loads drivers for new devices. */
static void take_events(const struct boot *boot)
{
	char message[UEVENT_MESSAGE_SIZE];
	struct uevent event;
	int r;

	while ((r = uevent_receive(boot->uevent_fd, message, &event)) > 0) {
		if (r == UEVENT_OVERRUN) {
			log_notice("device events were lost; looking at all devices again");
			(void)uevent_coldplug("/sys", load_for_device, NULL);
		} else if (event.action == UEVENT_ADD && event.modalias.n > 0) {
			load_for_device(NULL, event.modalias);
		}
	}
}

/* Waits for events until @there says yes or the deadline of orlop.root_timeout= has passed. */
static bool wait_for(struct boot *boot, bool (*there)(struct boot *, void *), void *what)
{
	uint64_t remind = clock_add(clock_now(), NS_PER_S);
	uint64_t deadline = clock_add(clock_now(), boot->cmdline.root_timeout_ns);
	bool told = false;

	while (!there(boot, what)) {
		struct pollfd events = { .fd = boot->uevent_fd, .events = POLLIN };
		uint64_t now = clock_now();

		if (now >= deadline)
			return false;
		if (!told && now >= remind) {
			log_notice("  waiting for the root's disk ...");
			told = true;
		}
		(void)poll(&events, 1, clock_until(told || deadline < remind ? deadline : remind));
		take_events(boot);
	}
	return true;
}

static bool partitions_there(struct boot *boot _unused_, void *what)
{
	return look(what);
}

static int open_verified(struct boot *boot)
{
	static struct wanted wanted;
	struct verity_cause cause;
	char path[VERITY_PATH_SIZE];
	char seconds[32];
	struct buf b = BUF(seconds);
	int r = root_hash_parse(str_from(boot->cmdline.root_hash), &wanted.hash);

	if (r < 0)
		fatal("roothash=%s: not a SHA-256 or SHA-512 root hash", boot->cmdline.root_hash);
	root_hash_data_uuid(&wanted.hash, wanted.data_uuid);
	root_hash_verity_uuid(&wanted.hash, wanted.verity_uuid);
	if (!wait_for(boot, partitions_there, &wanted)) {
		buf_add_seconds(&b, boot->cmdline.root_timeout_ns, 0);
		fatal("the %s partition %s, which roothash= names, did not appear within %s s (is the disk "
		      "attached, and is its driver in the initramfs?)",
		      wanted.have_data ? "verity" : "root",
		      wanted.have_data ? wanted.verity_uuid : wanted.data_uuid, seconds);
	}
	r = verity_open(wanted.data.device, wanted.verity.device, &wanted.hash,
			boot->cmdline.verity, VERITY_NAME, path, &cause);
	if (r < 0)
		fatal("the root %s cannot be verified: %s", wanted.data.device, cause.text);
	b = BUF(boot->root_path);
	buf_add(&b, path);
	note_words(boot, wanted.data.device);
	note_words(boot, wanted.verity.device);
	return 0;
}

static bool device_there(struct boot *boot, void *what)
{
	struct gpt_partition partition;
	struct buf b = BUF(boot->root_path);
	struct str name = str_from(boot->cmdline.root);
	struct stat st;

	(void)what;
	if (!str_starts(name, "PARTUUID=")) {
		buf_add(&b, boot->cmdline.root);
		return stat(boot->root_path, &st) == 0 && S_ISBLK(st.st_mode);
	}
	if (gpt_find_by_uuid(boot->cmdline.root + strlen("PARTUUID="), &partition) < 0)
		return false;
	buf_add(&b, partition.device);
	return true;
}

static int phase_root_device(struct boot *boot)
{
	if (*boot->cmdline.root_hash)
		return open_verified(boot);
	if (!*boot->cmdline.root)
		fatal("neither roothash= nor root= is on the command line: there is no root to boot");
	log_warning("root=%s without roothash=: the root is NOT verified", boot->cmdline.root);
	if (!wait_for(boot, device_there, NULL))
		fatal("root=%s did not appear (is the disk attached, and is its driver in the initramfs?)",
		      boot->cmdline.root);
	note_words(boot, boot->root_path);
	return 0;
}

static int phase_root_mount(struct boot *boot)
{
	const char *type = *boot->cmdline.root_fstype ? boot->cmdline.root_fstype : "erofs";
	int r;

	if (mkdir(NEW_ROOT, 0755) < 0 && errno != EEXIST)
		return -errno;
	r = mount_one(boot->root_path, NEW_ROOT, type, "ro");
	if (r < 0)
		log_error("cannot mount %s as %s: %s (is rootfstype= right, and the module in the initramfs?)",
			  boot->root_path, type, error_name(r));
	else if (access(NEW_ROOT NEW_INIT, X_OK) < 0)
		fatal("the root has no " NEW_INIT " to go on with: %s", error_name(errno));
	return r;
}

/*
 * Read before trust: once it is process 1, a block of the program that cannot be read is a SIGBUS of process 1, which is
 * a panic without a word. Here it is a message. What was read stays in the page cache, where execve(2) finds it.
 */
static int phase_init(struct boot *boot)
{
	_cleanup_fd_ int init = open(NEW_ROOT NEW_INIT, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint64_t total = 0;
	ssize_t n;

	if (init < 0)
		fatal("the root has no " NEW_INIT " to go on with: %s", error_name(errno));
	if (nowhere < 0)
		return -errno;
	while ((n = sendfile(nowhere, init, NULL, INIT_READ_SIZE)) > 0)
		total += (size_t)n;
	if (n < 0)
		fatal(NEW_INIT
		      " cannot be read from the root, behind its first %llu bytes: %s (the disk is damaged or gone)",
		      (unsigned long long)total, error_name(errno));
	buf_printf(&boot->note, "%llu bytes", (unsigned long long)total);
	return 0;
}

static int phase_switch_root(struct boot *boot)
{
	/* The modules' indexes and the socket are memory of the initramfs: the next act opens its own. */
	modules_close(&modules);
	boot->uevent_fd = fd_close(boot->uevent_fd);
	return switch_root(NEW_ROOT);
}

static const struct phase phases[] = {
	{ "api-mounts", phase_api_mounts, PHASE_REQUIRED, 2000 },
	{ "log", setup_log, PHASE_REQUIRED, 1000 },
	{ "modules", phase_modules, PHASE_REQUIRED, 15000 },
	{ "root-device", phase_root_device, PHASE_REQUIRED, 60000 },
	{ "root-mount", phase_root_mount, PHASE_REQUIRED, 5000 },
	{ "init", phase_init, PHASE_REQUIRED, 10000 },
	{ "switch-root", phase_switch_root, PHASE_REQUIRED, 5000 },
};

void act1_run(struct boot *boot)
{
	static char program[] = NEW_INIT;
	static char *const arguments[] = { program, NULL };
	static char *const environment[] = { NULL };

	record_add("kernel", 0, boot->kernel_ended, "ok");
	phase_walk("initramfs.", phases, ARRAY_SIZE(phases), boot);
	(void)record_open();
	record_close();
	(void)execve(NEW_INIT, arguments, environment);
	fatal("cannot execute " NEW_INIT " on the root: %s", error_name(errno));
}

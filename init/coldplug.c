// SPDX-License-Identifier: MIT OR Apache-2.0
/* Loading drivers beside the boot: see coldplug.h. Everything but coldplug_start() runs in the child. */
#include "init/coldplug.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/modules.h"
#include "init/record.h"
#include "init/uevent.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"

/*
 * Services come first; on an idle processor this costs nothing. Niceness counts only within a cgroup,
 * and PID 1's weighs as much as that of all services, so the child has one of its own.
 */
#define NICENESS 10
#define CGROUP "/sys/fs/cgroup/coldplug.scope"
/*
 * All services together have 100. At first almost nothing: the kernel checks a module's signature for many
 * milliseconds in which nothing else gets its processor, just when the first services are to start. Then more:
 * on a machine with one processor the network's driver must not wait for the last service.
 */
#define CGROUP_WEIGHT_AT_FIRST "1"
#define CGROUP_WEIGHT "10"
#define AT_FIRST (1 * NS_PER_S)

static struct modules modules;
static unsigned loaded;
static uint64_t weight_due; /* when the child gets its later weight; CLOCK_TIME_MAX: it has */

static void count_module(void *userdata _unused_, const struct module_report *report)
{
	if (report->error == 0)
		loaded++;
	else if (!report->soft)
		log_warning("module %s: %s", report->name, error_name(report->error));
}

static void load(void *userdata _unused_, struct str modalias)
{
	if (clock_now() >= weight_due) {
		(void)file_write(AT_FDCWD, CGROUP "/cpu.weight", CGROUP_WEIGHT);
		weight_due = CLOCK_TIME_MAX;
	}
	/* Most devices have no module: that is no news. What fails was reported. */
	(void)modules_load_alias(&modules, modalias);
}

/* Where there is no cgroup tree the niceness has to do. */
static void yield_to_services(void)
{
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	if (mkdir(CGROUP, 0755) < 0 && errno != EEXIST)
		return;
	(void)file_write(AT_FDCWD, CGROUP "/cpu.weight", CGROUP_WEIGHT_AT_FIRST);
	(void)file_write(AT_FDCWD, CGROUP "/cgroup.procs", "0");
}

static _noreturn_ void child_run(const struct boot *boot)
{
	uint64_t began = clock_now();
	sigset_t none;
	int r;

	weight_due = began + AT_FIRST;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	yield_to_services();
	r = modules_open(&modules, "");
	if (r < 0) {
		log_warning("no kernel modules can be loaded: %s", error_name(r));
		_exit(EXIT_FAILURE);
	}
	modules.cmdline = str_from(boot->line);
	modules.report = count_module;
	r = uevent_coldplug("/sys", load, NULL);
	record_add("coldplug", began, clock_now(), r < 0 ? "failed" : "ok");
	log_info("%u modules loaded for the devices of this machine", loaded);
	_exit(EXIT_SUCCESS);
}

int coldplug_start(struct boot *boot)
{
	pid_t pid = fork();

	if (pid < 0) {
		log_error("no process to load drivers: %s", error_name(errno));
		return -errno;
	}
	if (pid == 0)
		child_run(boot);
	return 0;
}

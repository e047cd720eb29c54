// SPDX-License-Identifier: MIT OR Apache-2.0
/* The steady loop: see loop.h. */
#include "init/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/act3.h"
#include "init/control.h"
#include "init/critical.h"
#include "init/fatal.h"
#include "init/power_button.h"
#include "init/record.h"
#include "init/uevent.h"
#include "init/watchdog.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/rest.h"
#include "supervisor/fd_drop.h"
#include "supervisor/manager.h"
#include "supervisor/worker.h"

/* Events taken from the kernel in one pass. What is left comes in the next one. */
#define EVENTS_PER_PASS 64
/* Children reaped in one pass, and device events handled. */
#define REAP_PER_PASS 256
#define UEVENTS_PER_PASS 64
/* Ctrl-Alt-Del this often within this time means "now", without stopping anything (as systemd does). */
#define BURST_COUNT 7
#define BURST_WINDOW (2 * NS_PER_S)
/* How long all units together may take to stop before act 3 goes on without them. */
#define STOP_TIMEOUT (120 * NS_PER_S)

/* Kinds of epoll data that are init's own; the supervisor's are below MANAGER_SOURCE_END. */
enum loop_source {
	SOURCE_SIGNAL = MANAGER_SOURCE_END,
	SOURCE_TIMER,
	SOURCE_UEVENT,
	SOURCE_POWER_BUTTON,
	SOURCE_CONTROL,
	SOURCE_CONTROL_CLIENT,
};

static struct {
	struct boot *boot;
	int epoll_fd;
	int signal_fd;
	int timer_fd;
	int power_button_fd;
	uint64_t timer_set_to;
	enum power_action power; /* what was asked for; POWER_NONE while the machine stays up */
	uint64_t stop_deadline;
	uint64_t burst_began;
	unsigned burst_count;
	uint64_t up; /* when no job was left for the first time, ns; 0: not yet */
	bool reap_again;
} loop = { .epoll_fd = -1, .signal_fd = -1, .timer_fd = -1, .power_button_fd = -1 };

/* ---- what the supervisor tells ---- */

static void show_unit(const struct unit *unit, const char *what, uint64_t took)
{
	char seconds[32];
	struct buf b = BUF(seconds);

	buf_add_seconds(&b, took, 3);
	log_notice("  %-24s %7s s  %s", unit->name, seconds, what);
}

static void on_started(const struct unit *unit, enum job_result result, uint64_t began, uint64_t ended)
{
	static const char *const words[JOB_RESULT_COUNT] = {
		[JOB_DONE] = "ready",
		[JOB_FAILED] = "FAILED",
		[JOB_DEPENDENCY] = "not started: something that it requires failed",
		[JOB_CANCELED] = "canceled",
		[JOB_TIMED_OUT] = "FAILED: its job timed out",
		[JOB_SKIPPED] = "skipped: a condition is not met",
		[JOB_ASSERT] = "FAILED: an assertion is not met",
		[JOB_UNSUPPORTED] = "not started: not supported",
	};

	if (result == JOB_DONE)
		critical_unit_up(unit);
	/* The record is the boot's (and the shutdown's): what a timer starts each minute would fill /run. */
	if (loop.up == 0 || loop.power != POWER_NONE)
		record_add(unit->name, began, ended,
			   result == JOB_DONE || result == JOB_SKIPPED ? "ok" : "failed");
	if (unit->type == UNIT_TARGET && result == JOB_DONE)
		return;
	show_unit(unit, words[result], ended - began);
}

static void on_stopped(const struct unit *unit, uint64_t began, uint64_t ended)
{
	if (unit->type != UNIT_TARGET)
		show_unit(unit, "stopped", ended - began);
}

/* "up in 5.1 s: kernel 1.9, init 0.6, containerd.service 2.0" - the chain that the boot waited for. */
static void celebrate(void)
{
	struct manager_link chain[MANAGER_CHAIN_MAX];
	size_t count = manager_critical_chain(chain);
	uint64_t now = clock_now();
	uint64_t kernel = loop.boot->kernel_ended;
	/* The kernel of a container was there before it. */
	uint64_t origin = loop.boot->container ? kernel : 0;
	uint64_t units_began = count > 0 ? chain[0].began : now;
	char text[512];
	struct buf b = BUF(text);

	buf_add(&b, "up in ");
	buf_add_seconds(&b, now - origin, 1);
	buf_add(&b, " s: ");
	if (origin == 0) {
		buf_add(&b, "kernel ");
		buf_add_seconds(&b, kernel, 1);
		buf_add(&b, ", ");
	}
	buf_add(&b, "init ");
	buf_add_seconds(&b, units_began > kernel ? units_began - kernel : 0, 1);
	for (size_t i = 0; i < count; i++) {
		buf_printf(&b, ", %s ", chain[i].unit->name);
		buf_add_seconds(&b, chain[i].ended - chain[i].began, 1);
		record_add("critical", chain[i].began, chain[i].ended, chain[i].unit->name);
	}
	record_add("up", origin, now, "ok");
	log_notice("%s", text);
	if (*loop.boot->cmdline.banner)
		klog_console(str_from(loop.boot->cmdline.banner));
}

static void on_idle(void)
{
	if (loop.up == 0 && loop.power == POWER_NONE)
		celebrate();
	if (loop.up == 0)
		loop.up = clock_now();
	control_system_changed();
}

/* ---- going down ---- */

static void go_down(enum power_action wish, const char *why)
{
	enum power_action before = loop.power;

	loop.power = power_latch(loop.power, wish);
	if (loop.power == before) {
		log_info("%s: already going down (%s)", why, power_name(loop.power));
		return;
	}
	log_notice("%s: %s", why, power_name(loop.power));
	if (before != POWER_NONE)
		return;
	loop.stop_deadline = clock_add(clock_now(), STOP_TIMEOUT);
	critical_forget();
	act3_begin(loop.boot, loop.power);
	control_system_changed();
	manager_stop_all();
}

static _noreturn_ void go_down_at_once(enum power_action wish, const char *why)
{
	log_error("%s: %s at once", why, power_name(wish));
	act3_begin(loop.boot, wish);
	act3_finish(wish, ACT3_AT_ONCE);
}

/* How FailureAction= and its like end the machine; only the first word of the action. */
static enum power_action power_of(enum emergency_action action)
{
	switch (action) {
	case ACTION_NONE:
		return POWER_NONE;
	case ACTION_REBOOT:
	case ACTION_REBOOT_FORCE:
	case ACTION_REBOOT_IMMEDIATE:
		return POWER_REBOOT;
	case ACTION_HALT:
	case ACTION_HALT_FORCE:
	case ACTION_HALT_IMMEDIATE:
		return POWER_HALT;
	case ACTION_KEXEC:
	case ACTION_KEXEC_FORCE:
		return POWER_KEXEC;
	case ACTION_POWEROFF:
	case ACTION_POWEROFF_FORCE:
	case ACTION_POWEROFF_IMMEDIATE:
	case ACTION_EXIT: /* of a machine, and of a container whose PID 1 was asked to go */
	case ACTION_EXIT_FORCE:
		return POWER_OFF;
	}
	return POWER_NONE;
}

static void on_emergency(const struct unit *unit, enum emergency_action action, int exit_status,
			 const char *why)
{
	enum power_action power = power_of(action);
	char text[UNIT_NAME_SIZE + 64];
	struct buf b = BUF(text);

	buf_printf(&b, "%s %s", unit->name, why);
	if (loop.boot->container && (action == ACTION_EXIT || action == ACTION_EXIT_FORCE))
		power_set_exit_status(exit_status);
	if (action == ACTION_REBOOT_IMMEDIATE || action == ACTION_HALT_IMMEDIATE ||
	    action == ACTION_POWEROFF_IMMEDIATE) {
		log_error("%s: %s, immediately", text, power_name(power));
		power_now(power, loop.boot->container);
	}
	if (action == ACTION_REBOOT_FORCE || action == ACTION_HALT_FORCE ||
	    action == ACTION_POWEROFF_FORCE || action == ACTION_KEXEC_FORCE ||
	    action == ACTION_EXIT_FORCE) {
		log_error("%s: %s, without stopping anything", text, power_name(power));
		act3_begin(loop.boot, power);
		act3_finish(power, ACT3_AT_ONCE);
	}
	go_down(power, text);
}

static void on_finished(unit_id id, enum job_type type _unused_, enum job_result result)
{
	control_job_finished(id, result);
}

static const struct manager_observer observer = {
	.started = on_started,
	.stopped = on_stopped,
	.finished = on_finished,
	.changed = control_unit_changed,
	.reloaded = control_reloaded,
	.emergency = on_emergency,
	.idle = on_idle,
};

static void on_ctrl_alt_del(void)
{
	uint64_t now = clock_now();

	if (loop.burst_count == 0 || now - loop.burst_began > BURST_WINDOW) {
		loop.burst_began = now;
		loop.burst_count = 0;
	}
	if (++loop.burst_count >= BURST_COUNT)
		go_down_at_once(POWER_REBOOT, "Ctrl-Alt-Del many times within 2 s");
	go_down(POWER_REBOOT, "Ctrl-Alt-Del");
}

/* ---- the control socket ---- */

static void control_describe(struct control_system *ret_system)
{
	*ret_system = (struct control_system){
		.container = loop.boot->container,
		.kernel_ended = loop.boot->kernel_ended,
		.up = loop.up,
		.power = loop.power,
	};
}

static void control_go_down(enum power_action action, bool at_once, const char *why)
{
	if (at_once)
		go_down_at_once(power_latch(loop.power, action), why);
	go_down(action, why);
}

static const struct control_hooks control_hooks = {
	.describe = control_describe,
	.go_down = control_go_down,
};

/* ---- signals and children ---- */

static void on_signal(const struct signalfd_siginfo *info)
{
	int number = (int)info->ssi_signo;

	if (number == SIGCHLD)
		return; /* children are reaped in every pass */
	if (number == SIGINT)
		on_ctrl_alt_del();
	else if (number == SIGPWR)
		go_down(POWER_OFF, "SIGPWR");
	else if (number == SIGTERM)
		go_down(loop.boot->container ? POWER_OFF : POWER_REBOOT, "SIGTERM");
	else if (number == SIGRTMIN + 3)
		go_down(POWER_HALT, "SIGRTMIN+3");
	else if (number == SIGRTMIN + 4)
		go_down(POWER_OFF, "SIGRTMIN+4");
	else if (number == SIGRTMIN + 5)
		go_down(POWER_REBOOT, "SIGRTMIN+5");
	else if (number == SIGRTMIN + 6)
		go_down(POWER_KEXEC, "SIGRTMIN+6");
	else
		log_debug("signal %d of process %u was ignored", number, info->ssi_pid);
}

static void dispatch_signals(void)
{
	struct signalfd_siginfo infos[16];
	ssize_t n = read(loop.signal_fd, infos, sizeof(infos));

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(infos[0]); i++)
		on_signal(&infos[i]);
}

/*
 * Asks for each zombie, and looks at it before it is gone: while it is one its pid cannot mean another
 * process. Which child sent SIGCHLD is not asked: signals coalesce.
 */
static void reap(void)
{
	loop.reap_again = false;
	for (unsigned i = 0; i < REAP_PER_PASS; i++) {
		siginfo_t info = { 0 };
		int r = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 || info.si_pid == 0)
			return;
		(void)manager_on_exit(&info);
		while (waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG) < 0 && errno == EINTR)
			;
	}
	loop.reap_again = true;
}

/* ---- devices ---- */

/* Loading may block for seconds: a child does it, and the reaper takes it. */
static void load_module(struct str modalias)
{
	static char program[] = "/usr/sbin/modprobe";
	static char quiet[] = "-qb";
	char alias[512];
	struct buf b = BUF(alias);
	char *const arguments[] = { program, quiet, alias, NULL };
	char *const environment[] = { NULL };
	struct worker worker;
	int r;

	buf_add_str(&b, modalias);
	if (b.overflow)
		return;
	r = worker_fork(NULL, 0, &worker);
	if (r < 0)
		log_warning("no process to load a module for " STR_FORMAT ": %s",
			    STR_ARGS(modalias), error_name(r));
	if (r == 0)
		worker_forget(&worker);
	if (r != 1)
		return;
	(void)execve(program, arguments, environment);
	_exit(EXIT_FAILURE);
}

static void on_uevent(const struct uevent *event)
{
	if (event->verity_error.n > 0)
		log_error("dm-verity found a corrupt block on the root: " STR_FORMAT,
			  STR_ARGS(event->verity_error));
	if (event->action != UEVENT_ADD)
		return;
	if (event->modalias.n > 0)
		load_module(event->modalias);
	if (str_is(event->subsystem, "watchdog") && loop.power == POWER_NONE)
		watchdog_open(loop.boot->cmdline.watchdog_ns);
}

static void dispatch_uevents(void)
{
	char message[UEVENT_MESSAGE_SIZE];
	struct uevent event;

	for (unsigned i = 0; i < UEVENTS_PER_PASS; i++) {
		int r = uevent_receive(loop.boot->uevent_fd, message, &event);

		if (r <= 0)
			return;
		if (r == UEVENT_OVERRUN)
			log_warning("device events were lost");
		else
			on_uevent(&event);
	}
}

static void dispatch_power_button(void)
{
	if (power_button_pressed(loop.power_button_fd))
		go_down(POWER_OFF, "power button");
}

/* ---- time ---- */

static uint64_t next_deadline(void)
{
	uint64_t next = manager_next_deadline();

	if (watchdog_next_ping() < next)
		next = watchdog_next_ping();
	if (control_next_deadline() < next)
		next = control_next_deadline();
	if (rest_deadline() < next)
		next = rest_deadline();
	if (critical_deadline() < next)
		next = critical_deadline();
	if (loop.power != POWER_NONE && loop.stop_deadline < next)
		next = loop.stop_deadline;
	return next;
}

static void set_timer(void)
{
	uint64_t next = next_deadline();
	struct itimerspec when = {
		.it_value = {
			.tv_sec = (time_t)(next / NS_PER_S),
			.tv_nsec = (long)(next % NS_PER_S),
		},
	};

	if (next == loop.timer_set_to)
		return;
	/* All zero would disarm it, and so mean never. */
	if (next == CLOCK_TIME_MAX)
		when = (struct itimerspec){ 0 };
	else if (next == 0)
		when.it_value.tv_nsec = 1;
	if (timerfd_settime(loop.timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
		loop.timer_set_to = next;
}

static void on_time(void)
{
	uint64_t now = clock_now();
	uint64_t expirations;

	(void)!read(loop.timer_fd, &expirations, sizeof(expirations));
	manager_expire(now);
	control_expire(now);
	critical_expire(now);
	watchdog_ping(now);
	(void)rest_try(now);
	if (loop.power != POWER_NONE && now >= loop.stop_deadline) {
		log_warning("units did not stop in time; going on without them:");
		manager_log_blockers();
		act3_finish(loop.power, ACT3_ORDERLY);
	}
}

/* ---- the loop ---- */

static int watch(int fd, enum loop_source source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)source << 32 };

	return epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	/* Faults of our own must reach their handler, or a bug would hang instead of ending. */
	for (const int *fault =
		     (const int[]){ SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, 0 };
	     *fault; fault++)
		sigdelset(&all, *fault);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return -errno;
	loop.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return loop.signal_fd < 0 ? -errno : 0;
}

int loop_init(struct boot *boot)
{
	int r;

	loop.boot = boot;
	loop.timer_set_to = CLOCK_TIME_MAX;
	loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop.timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop.epoll_fd < 0 || loop.timer_fd < 0)
		return -errno;
	r = open_signals();
	if (r == 0)
		r = watch(loop.signal_fd, SOURCE_SIGNAL);
	if (r == 0)
		r = watch(loop.timer_fd, SOURCE_TIMER);
	if (r == 0 && boot->uevent_fd >= 0)
		r = watch(boot->uevent_fd, SOURCE_UEVENT);
	if (boot->container)
		manager_in_container();
	if (r == 0)
		r = manager_init(loop.epoll_fd, RECORD_DIRECTORY, &observer);
	if (r == 0)
		r = control_open(loop.epoll_fd, SOURCE_CONTROL, SOURCE_CONTROL_CLIENT, &control_hooks);
	if (r < 0) {
		log_error("the event loop: %s", error_name(r));
		return r;
	}
	if (boot->container)
		return 0;
	watchdog_open(boot->cmdline.watchdog_ns);
	loop.power_button_fd = power_button_open();
	if (loop.power_button_fd >= 0)
		(void)watch(loop.power_button_fd, SOURCE_POWER_BUTTON);
	else
		log_info("no ACPI events: %s; the power button does nothing",
			 error_name(loop.power_button_fd));
	return 0;
}

static void dispatch(unsigned source, const struct epoll_event *event)
{
	if (source < MANAGER_SOURCE_END) {
		manager_dispatch(event->data.u64);
		return;
	}
	switch ((enum loop_source)source) {
	case SOURCE_SIGNAL:
		dispatch_signals();
		return;
	case SOURCE_TIMER:
		on_time();
		return;
	case SOURCE_UEVENT:
		dispatch_uevents();
		return;
	case SOURCE_POWER_BUTTON:
		dispatch_power_button();
		return;
	case SOURCE_CONTROL:
		control_accept();
		return;
	case SOURCE_CONTROL_CLIENT:
		control_serve(event->data.u64, event->events);
		return;
	}
}

static void one_pass(void)
{
	/* 0 stands for reaping, which has no descriptor of its own. */
	static const unsigned order[] = {
		MANAGER_SOURCE_EXEC_STATUS,
		MANAGER_SOURCE_NOTIFY,
		0,
		MANAGER_SOURCE_ALIEN,
		SOURCE_SIGNAL,
		MANAGER_SOURCE_CGROUP,
		MANAGER_SOURCE_FD_STORE,
		MANAGER_SOURCE_LOG_LINK,
		MANAGER_SOURCE_UNIT,
		SOURCE_UEVENT,
		SOURCE_POWER_BUTTON,
		SOURCE_CONTROL_CLIENT,
		SOURCE_CONTROL,
		SOURCE_TIMER,
	};
	struct epoll_event events[EVENTS_PER_PASS];
	int n;

	set_timer();
	n = epoll_wait(loop.epoll_fd, events, EVENTS_PER_PASS, loop.reap_again ? 0 : -1);
	/* The timer by itself is no news: the watchdog is served in rest, too. */
	if (n > 1 || (n == 1 && events[0].data.u64 >> 32 != SOURCE_TIMER))
		rest_moved(clock_now());
	for (size_t kind = 0; kind < ARRAY_SIZE(order); kind++) {
		if (order[kind] == 0)
			reap();
		for (int i = 0; i < n; i++)
			if (events[i].data.u64 >> 32 == order[kind] && order[kind] != 0)
				dispatch(order[kind], &events[i]);
	}
	fd_drop_flush();
	/* All events of the pass are handled: what they named may change now. */
	manager_collect();
}

void loop_run(void)
{
	int r;

	/* First: what has nothing to wait for is up when manager_start() returns. */
	critical_begin(loop.boot);
	r = manager_start();
	if (r < 0)
		fatal("%s cannot be started: %s", loop.boot->cmdline.unit, error_name(r));
	rest_moved(clock_now());
	for (;;) {
		one_pass();
		if (loop.power != POWER_NONE && manager_quiet())
			act3_finish(loop.power, ACT3_ORDERLY);
	}
}

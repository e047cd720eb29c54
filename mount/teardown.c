// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Unmounting everything: see teardown.h. All state is static. The list of mounts is read anew
 * before each round and gone over from its end, where the youngest mounts are; a round that leaves
 * as many as it found is the last.
 */
#include "mount/teardown.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "lib/macros.h"
#include "mount/deadline.h"
#include "mount/detach.h"
#include "mount/mount_users.h"
#include "mount/mountinfo_parse.h"
#include "mount/teardown_table.h"

/*
 * Room for some thousand mounts of containers, whose overlay options are long. If there are more,
 * the oldest are cut off, and their turn comes when the younger ones are gone.
 */
#define MOUNTINFO_SIZE (512 * 1024)
/* Mounts that hung, which are not tried again. A machine with more has other worries. */
#define HUNG_MAX 32
#define SYNC_PERIOD (10 * NS_PER_S)
#define SYNC_ATTEMPTS 3

static struct {
	char text[MOUNTINFO_SIZE];
	char where[PATH_MAX];
	uint64_t hung[HUNG_MAX];
	size_t hung_count;
} state;

/* What one round found. */
struct round {
	size_t left;	/* mounts that should go, before the round */
	size_t cut_off; /* lines of mountinfo that did not fit */
};

struct operation {
	const char *where;
	int flags;
};

static int unmount_child(void *argument)
{
	const struct operation *o = argument;

	return umount2(o->where, o->flags) < 0 ? -errno : 0;
}

static int read_only_child(void *argument)
{
	const struct operation *o = argument;

	return mount(NULL, o->where, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 ? -errno : 0;
}

static uint64_t operation_timeout(const struct teardown_options *options)
{
	uint64_t timeout = options->operation_timeout != 0 ? options->operation_timeout
							   : TEARDOWN_OPERATION_TIMEOUT;
	uint64_t now = clock_now();

	if (options->deadline <= now)
		return 0;
	return options->deadline - now < timeout ? options->deadline - now : timeout;
}

static bool is_over(const struct teardown_options *options)
{
	return clock_now() >= options->deadline;
}

static bool is_hung(uint64_t id)
{
	for (size_t i = 0; i < state.hung_count; i++)
		if (state.hung[i] == id)
			return true;
	return false;
}

static void remember_hung(uint64_t id)
{
	if (state.hung_count < HUNG_MAX)
		state.hung[state.hung_count++] = id;
}

/* Throws away whole lines from the front until half of the room is free. Return: what is left. */
static size_t drop_oldest(size_t length, size_t *cut_off)
{
	size_t start = length / 2;
	const char *end = memchr(state.text + start, '\n', length - start);

	start = end ? (size_t)(end - state.text) + 1 : length;
	for (size_t i = 0; i < start; i++)
		if (state.text[i] == '\n')
			++*cut_off;
	memmove(state.text, state.text + start, length - start);
	return length - start;
}

static int mountinfo_read(struct str *ret_text, size_t *ret_cut_off)
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	size_t cut_off = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	for (;;) {
		if (length == sizeof(state.text))
			length = drop_oldest(length, &cut_off);
		n = read(fd, state.text + length, sizeof(state.text) - length);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		length += n > 0 ? (size_t)n : 0;
	}
	*ret_text = (struct str){ state.text, length };
	*ret_cut_off = cut_off;
	return 0;
}

/*
 * Cuts the last line off @text; a mount in @ret with its path in state.where. Return: 1, 0 at the
 * beginning, -errno for a line to skip.
 */
static int previous_mount(struct str *text, struct mountinfo *ret)
{
	const char *newline;
	struct str line;
	int r;

	while (text->n > 0 && text->p[text->n - 1] == '\n')
		text->n--;
	if (text->n == 0)
		return 0;
	newline = memrchr(text->p, '\n', text->n);
	line.p = newline ? newline + 1 : text->p;
	line.n = text->n - (size_t)(line.p - text->p);
	text->n -= line.n;
	r = mountinfo_next(&line, ret);
	if (r > 0)
		r = mountinfo_unescape(ret->where, state.where, sizeof(state.where));
	return r < 0 ? r : 1;
}

/*
 * First read-only, then away: unmounting takes a mount point from this namespace, but what makes the
 * file system clean is that its last writer is gone, and another namespace may hold it longer than
 * we live.
 */
static int unmount(const struct teardown_options *options, const struct mountinfo *m,
		   enum teardown_action action, bool force)
{
	struct operation o = { .where = state.where, .flags = UMOUNT_NOFOLLOW };
	int r;

	if (action == TEARDOWN_DETACH)
		o.flags |= MNT_DETACH;
	else if (force)
		o.flags |= MNT_FORCE; /* a network file system whose server is gone gives up what it waits for */
	if (teardown_wants_read_only(m) && !options->container) {
		r = deadline_run(read_only_child, &o, operation_timeout(options));
		if (r == -ETIMEDOUT)
			return r;
	}
	return deadline_run(unmount_child, &o, operation_timeout(options));
}

static int unmount_round(const struct teardown_options *options, bool force)
{
	struct mountinfo m;
	struct str text;
	size_t cut_off;
	int r = mountinfo_read(&text, &cut_off);

	if (r < 0)
		return r;
	while ((r = previous_mount(&text, &m)) != 0 && !is_over(options)) {
		enum teardown_action action;

		if (r < 0)
			continue;
		action = teardown_action(&m, state.where);
		if (action == TEARDOWN_KEEP || is_hung(m.id))
			continue;
		r = unmount(options, &m, action, force);
		if (r == -ETIMEDOUT) {
			log_warning("unmount %s: it hangs, left alone", state.where);
			remember_hung(m.id);
		}
	}
	return 0;
}

static int count_left(struct round *ret)
{
	struct round round = { 0 };
	struct mountinfo m;
	struct str text;
	int r = mountinfo_read(&text, &round.cut_off);

	if (r < 0)
		return r;
	while ((r = previous_mount(&text, &m)) != 0)
		if (r < 0 || teardown_action(&m, state.where) != TEARDOWN_KEEP)
			round.left++;
	*ret = round;
	return 0;
}

/* Names each mount that is left, why, and by whom it is used. */
static void log_left(const struct teardown_options *options)
{
	struct mountinfo m;
	struct str text;
	size_t cut_off;
	int r = mountinfo_read(&text, &cut_off);

	if (r < 0)
		return;
	while ((r = previous_mount(&text, &m)) != 0) {
		enum teardown_action action;

		if (r < 0)
			continue;
		action = teardown_action(&m, state.where);
		if (action == TEARDOWN_KEEP)
			continue;
		r = is_hung(m.id) ? -ETIMEDOUT : unmount(options, &m, action, true);
		if (r < 0) {
			log_warning("still mounted: %s (" STR_FORMAT "%s): %s", state.where,
				    STR_ARGS(m.fs_type),
				    mountinfo_has_option(m.super_options, "rw") ? ", writable" : "",
				    deadline_error(r));
			mount_users_log(state.where, makedev(m.major, m.minor),
					operation_timeout(options));
		}
	}
}

int teardown_unmount(const struct teardown_options *options, bool last_try)
{
	struct round before;
	struct round after;
	int r = count_left(&before);

	if (r < 0)
		return r;
	after = before;
	for (unsigned i = 0; i < TEARDOWN_ROUNDS_MAX; i++) {
		if (before.left == 0 || is_over(options))
			break;
		r = unmount_round(options, i > 0);
		if (r == 0)
			r = count_left(&after);
		if (r < 0)
			return r;
		if (after.left + after.cut_off >= before.left + before.cut_off)
			break;
		before = after;
	}
	if (after.left > 0 && last_try) {
		log_left(options);
		r = count_left(&after);
		if (r < 0)
			return r;
	}
	return (int)after.left;
}

static int sync_child(_unused_ void *argument)
{
	sync();
	return 0;
}

/*
 * Kilobytes that wait to be written or are being written; CLOCK_TIME_MAX if the kernel does not
 * say.
 */
static uint64_t dirty_kilobytes(void)
{
	char text[8192];
	uint64_t sum = 0;
	struct str rest;
	struct str line;
	ssize_t n = file_read(AT_FDCWD, "/proc/meminfo", text, sizeof(text));

	if (n < 0)
		return UINT64_MAX;
	rest = (struct str){ text, (size_t)n };
	while (str_split(&rest, '\n', &line)) {
		struct str name;
		struct str number;
		uint64_t value;

		if (str_next_word(&line, &name) &&
		    (str_is(name, "Dirty:") || str_is(name, "Writeback:")) &&
		    str_next_word(&line, &number) && str_to_u64(number, &value) == 0)
			sum = clock_add(sum, value);
	}
	return sum;
}

int teardown_sync(uint64_t deadline)
{
	struct deadline_child child;
	uint64_t last = dirty_kilobytes();
	unsigned attempts = 0;
	int r = deadline_start(sync_child, NULL, &child);

	while (r == 0) {
		uint64_t until = clock_add(clock_now(), SYNC_PERIOD);
		uint64_t now_dirty;

		r = deadline_wait(&child, until < deadline ? until : deadline);
		if (r != -ETIMEDOUT || clock_now() >= deadline)
			break;
		now_dirty = dirty_kilobytes();
		attempts = now_dirty < last ? 0 : attempts + 1;
		last = now_dirty;
		if (attempts == SYNC_ATTEMPTS)
			break;
		log_notice("writing to the disks: %llu KiB to go", (unsigned long long)now_dirty);
		r = 0;
	}
	deadline_end(&child);
	if (r < 0)
		log_warning("sync: %s", deadline_error(r));
	return r;
}

static void root_read_only(const struct teardown_options *options)
{
	struct operation o = { .where = "/" };
	bool wanted = false;
	struct mountinfo m;
	struct str text;
	size_t cut_off;
	int r = mountinfo_read(&text, &cut_off);

	while (r == 0 && (r = previous_mount(&text, &m)) != 0) {
		/* The last of them in the file is the one on top. */
		if (r > 0 && strcmp(state.where, "/") == 0) {
			wanted = teardown_wants_read_only(&m);
			break;
		}
		r = 0;
	}
	if (!wanted)
		return;
	r = deadline_run(read_only_child, &o, operation_timeout(options));
	if (r < 0)
		log_warning("make / read-only: %s", deadline_error(r));
}

static int detach_devices(const struct teardown_options *options, bool last_try, bool *ret_progress)
{
	int left = 0;

	if (options->container)
		return 0;
	left += detach_swap(operation_timeout(options), last_try, ret_progress);
	left += detach_loop(operation_timeout(options), last_try, ret_progress);
	left += detach_dm(operation_timeout(options), last_try, ret_progress);
	return left;
}

int teardown_storage(const struct teardown_options *options)
{
	int mounts = 0;
	int devices = 0;
	int before = INT_MAX;

	state.hung_count = 0;
	for (unsigned i = 0; i < TEARDOWN_ROUNDS_MAX; i++) {
		bool progress = false;

		mounts = teardown_unmount(options, false);
		if (mounts < 0) {
			log_error("read the list of mounts: %s", error_name(mounts));
			mounts = 1;
			break;
		}
		devices = detach_devices(options, false, &progress);
		progress = progress || mounts + devices < before;
		before = mounts + devices;
		if (before == 0 || !progress || is_over(options))
			break;
	}
	if (mounts + devices > 0) {
		bool progress = false;

		mounts = teardown_unmount(options, true);
		devices = detach_devices(options, true, &progress);
	}
	if (!options->container)
		root_read_only(options);
	return (mounts > 0 ? mounts : 0) + devices;
}

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The files of the log: see store.h. A file begins with a line for people and for the next orlop-logd ("#
 * ... number=N kernel=N"), so that only the last one must be read to know where to go on.
 */
#include "logd/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "logd/log_record_parse.h"

/* The head of a file fits easily. */
#define HEAD_SIZE 256

void store_init(struct store *store, const struct store_limits *limits)
{
	*store = (struct store){
		.limits = *limits,
		.directory = -1,
		.boot_directory = -1,
		.fd = -1,
		.sync_due = CLOCK_TIME_MAX,
		.next_tidy = clock_add(clock_now(), STORE_TIDY_INTERVAL),
	};
}

static void close_all(struct store *store)
{
	store->fd = fd_close(store->fd);
	store->boot_directory = fd_close(store->boot_directory);
	store->directory = fd_close(store->directory);
}

static int fail(struct store *store, int error)
{
	close_all(store);
	store->error = error;
	store->next_try = clock_add(clock_now(), STORE_RETRY_INTERVAL);
	return error;
}

/* ---- removing ---- */

struct inventory {
	uint64_t size;
	uint64_t boots;
	struct log_boot oldest_boot;
	uint32_t oldest_file;
	int64_t oldest_time; /* of its last change, seconds since 1970 */
};

/* Return: whether the boot has any file. */
static bool count_boot(struct inventory *all, int fd, const struct log_boot *boot)
{
	uint32_t number = 0;

	while (log_file_next(fd, number, &number) > 0) {
		char name[LOG_FILE_NAME_SIZE];
		struct stat st;

		log_file_name(number, name);
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		all->size += (uint64_t)st.st_size;
		if (all->oldest_file == 0) {
			all->oldest_boot = *boot;
			all->oldest_file = number;
			all->oldest_time = st.st_mtim.tv_sec;
		}
	}
	return number > 0;
}

static void take_inventory(const struct store *store, struct inventory *ret_inventory)
{
	struct inventory all = { 0 };
	struct log_boot boot = { 0 };

	while (log_boot_next(store->directory, boot.index, &boot) > 0) {
		_cleanup_fd_ int fd = log_boot_open(store->directory, &boot);
		char name[LOG_BOOT_NAME_SIZE];

		if (fd < 0)
			continue;
		log_boot_name(&boot, name);
		/* An empty directory is what a power cut has left of a removal. */
		if (count_boot(&all, fd, &boot) || boot.index == store->boot.index ||
		    unlinkat(store->directory, name, AT_REMOVEDIR) < 0)
			all.boots++;
	}
	*ret_inventory = all;
}

/* The oldest file, and its directory with the last one. Return: false if it is the one that is written. */
static bool remove_oldest(struct store *store, const struct inventory *all)
{
	char boot_name[LOG_BOOT_NAME_SIZE];
	char name[LOG_FILE_NAME_SIZE];
	_cleanup_fd_ int fd = -1;

	if (all->oldest_file == 0 ||
	    (all->oldest_boot.index == store->boot.index && all->oldest_file == store->file))
		return false;
	fd = log_boot_open(store->directory, &all->oldest_boot);
	log_file_name(all->oldest_file, name);
	if (fd < 0 || unlinkat(fd, name, 0) < 0)
		return false;
	log_boot_name(&all->oldest_boot, boot_name);
	/* Fails while there is more in it. */
	if (all->oldest_boot.index != store->boot.index)
		(void)unlinkat(store->directory, boot_name, AT_REMOVEDIR);
	return true;
}

static bool too_much(const struct store *store, const struct inventory *all)
{
	struct timespec now = { 0 };
	uint64_t max_age = store->limits.max_age / NS_PER_S;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	/* The file at hand counts as if it were full. */
	return all->size - (store->size < all->size ? store->size : all->size) + store->file_size >
		       store->limits.max_size ||
	       all->boots > store->limits.max_boots ||
	       (now.tv_sec > all->oldest_time && (uint64_t)(now.tv_sec - all->oldest_time) > max_age);
}

static void tidy(struct store *store)
{
	struct inventory all;

	do
		take_inventory(store, &all);
	while (too_much(store, &all) && remove_oldest(store, &all));
	store->next_tidy = clock_add(clock_now(), STORE_TIDY_INTERVAL);
}

/* ---- where to go on ---- */

static void parse_head(struct str line, struct store_position *position)
{
	struct str word;
	uint64_t value;

	while (str_next_word(&line, &word)) {
		struct str key;

		if (!str_split(&word, '=', &key) || str_to_u64(word, &value) < 0)
			continue;
		if (str_is(key, "number") && value > position->number)
			position->number = value;
		if (str_is(key, "kernel") && value > position->kernel)
			position->kernel = value;
	}
}

static void parse_line(struct str line, struct store_position *position)
{
	struct log_record record;

	if (log_record_parse(line, &record) < 0)
		return;
	if (record.number > position->number)
		position->number = record.number;
	if (record.origin > position->kernel)
		position->kernel = record.origin;
}

/*
 * Reads the open file, and cuts off what follows its last newline: a write that was interrupted.
 * Return: its size from now on or -errno.
 */
static int64_t recover(int fd, struct store_position *position)
{
	static char buffer[2 * LOG_LINE_MAX] _scratch_;
	uint64_t read_to = 0;
	size_t length = 0;
	ssize_t n;

	while ((n = pread(fd, buffer + length, sizeof(buffer) - length, (off_t)read_to)) > 0) {
		struct str rest = { buffer, length + (size_t)n };
		const char *newline;

		read_to += (uint64_t)n;
		while ((newline = memchr(rest.p, '\n', rest.n))) {
			struct str line = { rest.p, (size_t)(newline - rest.p) };

			if (str_starts(line, "#"))
				parse_head(line, position);
			else
				parse_line(line, position);
			rest = (struct str){ newline + 1, rest.n - line.n - 1 };
		}
		/* Longer than any line: damage, and no line of ours begins in it. */
		length = rest.n < sizeof(buffer) ? rest.n : 0;
		memmove(buffer, rest.p, length);
	}
	if (n < 0 || (length > 0 && ftruncate(fd, (off_t)(read_to - length)) < 0))
		return -errno;
	return (int64_t)(read_to - length);
}

static int open_file(struct store *store, uint32_t number, int flags)
{
	char name[LOG_FILE_NAME_SIZE];
	int fd;

	log_file_name(number, name);
	fd = openat(store->boot_directory, name,
		    O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | flags, 0640);
	return fd < 0 ? -errno : fd;
}

static int write_head(struct store *store, const struct store_position *position)
{
	char head[HEAD_SIZE];
	struct buf b = BUF(head);
	int r;

	buf_printf(&b, "# Orlop log 1, see orlop-log(5): boot=%s number=%llu kernel=%llu\n",
		   store->boot.id, (unsigned long long)position->number,
		   (unsigned long long)position->kernel);
	r = fd_write_all(store->fd, b.p, b.len);
	if (r == 0)
		store->size += b.len;
	return r;
}

static int begin_file(struct store *store, const struct store_position *position)
{
	int fd = open_file(store, store->file + 1, O_CREAT);

	if (fd < 0)
		return fd;
	fd_close(store->fd);
	store->fd = fd;
	store->file++;
	store->size = 0;
	store->file_began = clock_now();
	tidy(store);
	return write_head(store, position);
}

/* The last file of this boot goes on, or the first one begins. */
static int continue_boot(struct store *store, struct store_position *position)
{
	uint32_t number;
	int64_t size;
	int r = log_file_previous(store->boot_directory, UINT32_MAX, &number);

	if (r < 0)
		return r;
	if (r == 0) {
		store->file = 0;
		return begin_file(store, position);
	}
	r = open_file(store, number, 0);
	if (r < 0)
		return r;
	store->fd = r;
	store->file = number;
	store->file_began = clock_now();
	size = recover(store->fd, position);
	if (size < 0)
		return (int)size;
	store->size = (uint64_t)size;
	tidy(store);
	return size == 0 ? write_head(store, position) : 0;
}

static int find_boot(struct store *store)
{
	char id[LOG_BOOT_ID_SIZE];
	char name[LOG_BOOT_NAME_SIZE];
	struct log_boot last = { 0 };
	int r = log_boot_previous(store->directory, UINT32_MAX, &last);

	if (r < 0)
		return r;
	log_boot_id(id);
	if (r == 0 || strcmp(last.id, id) != 0) {
		last.index++;
		memcpy(last.id, id, sizeof(id));
		log_boot_name(&last, name);
		if (mkdirat(store->directory, name, 0750) < 0)
			return -errno;
	}
	store->boot = last;
	store->boot_directory = log_boot_open(store->directory, &last);
	return store->boot_directory < 0 ? store->boot_directory : 0;
}

static void set_sizes(struct store *store)
{
	struct statvfs fs;

	if (fstatvfs(store->directory, &fs) == 0) {
		uint64_t tenth = (uint64_t)fs.f_blocks * fs.f_frsize / 10;

		/* A file system without a size (some have none) sets no bound. */
		if (tenth > 0 && tenth < store->limits.max_size)
			store->limits.max_size = tenth;
	}
	store->file_size = store->limits.max_size / STORE_FILES;
	if (store->file_size < STORE_FILE_MIN)
		store->file_size = STORE_FILE_MIN;
}

int store_open(struct store *store, struct store_position *position)
{
	int r = 0;

	if (store->fd >= 0)
		return 0;
	if (clock_now() < store->next_try)
		return store->error;
	close_all(store);
	store->directory = open(LOG_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory < 0 && errno == ENOENT) {
		r = make_directories(LOG_DIRECTORY, 0755);
		store->directory = open(LOG_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (store->directory < 0)
		return fail(store, r < 0 ? r : -errno);
	set_sizes(store);
	r = find_boot(store);
	if (r == 0)
		r = continue_boot(store, position);
	if (r < 0)
		return fail(store, r);
	store->error = 0;
	return 0;
}

/* ---- writing ---- */

static bool file_is_done(const struct store *store, size_t more)
{
	uint64_t age = clock_now() - store->file_began;

	return store->size + more > store->file_size || age > store->limits.max_age / STORE_FILES;
}

int store_write(struct store *store, struct str lines, const struct store_position *position, bool urgent)
{
	uint64_t due = clock_add(clock_now(), urgent ? 0 : STORE_SYNC_INTERVAL);
	int r = 0;

	if (store->fd < 0)
		return store->error < 0 ? store->error : -EBADF;
	if (file_is_done(store, lines.n))
		r = begin_file(store, position);
	if (r == 0)
		r = fd_write_all(store->fd, lines.p, lines.n);
	if (r < 0) {
		/* Half a line would spoil the one behind it. */
		(void)!ftruncate(store->fd, (off_t)store->size);
		return fail(store, r);
	}
	store->size += lines.n;
	if (due < store->sync_due)
		store->sync_due = due;
	return 0;
}

/* A sync may wait for a disk as long as it likes: in a child, one at a time. */
static void begin_sync(struct store *store)
{
	pid_t pid;

	if (store->sync_child > 0 || store->fd < 0)
		return;
	pid = fork();
	if (pid == 0)
		_exit(fdatasync(store->fd) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	/* Without a process it is tried with the next interval. */
	store->sync_child = pid > 0 ? pid : 0;
	store->sync_due = pid > 0 ? CLOCK_TIME_MAX : clock_add(clock_now(), STORE_SYNC_INTERVAL);
}

uint64_t store_deadline(const struct store *store)
{
	uint64_t next = store->fd < 0 ? store->next_try : store->next_tidy;

	return store->sync_child == 0 && store->fd >= 0 && store->sync_due < next ? store->sync_due
										  : next;
}

void store_tick(struct store *store, uint64_t now)
{
	if (now >= store->sync_due)
		begin_sync(store);
	if (now >= store->next_tidy && store->fd >= 0)
		tidy(store);
}

void store_on_child(struct store *store, pid_t pid)
{
	if (pid == store->sync_child)
		store->sync_child = 0;
}

void store_close(struct store *store)
{
	if (store->fd >= 0)
		(void)fdatasync(store->fd);
	close_all(store);
}

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The random seed (random(4), hc-69). A seed is credited at most once: the old one is mixed in without
 * credit, a new one is made and is on the disk under the old one's name, and only then the old one is
 * credited. So a power cut can never make two boots use the same seed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <linux/random.h>

#include "init/setup.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/klog.h"
#include "mount/deadline.h"

/* The kernel's pool is 256 bits; twice that is what systemd keeps as well. */
#define SEED_SIZE 64
#define SEED_DIRECTORY "/var/lib/orlop"
#define SEED_PATH SEED_DIRECTORY "/random-seed"
/* fsync(2) of 64 bytes; a disk that needs longer boots without the credit. */
#define SEED_TIMEOUT (20 * NS_PER_S)

static int save_new(void)
{
	uint8_t seed[SEED_SIZE];
	int r = make_directories(SEED_DIRECTORY, 0755);

	if (r < 0)
		return r;
	if (getrandom(seed, sizeof(seed), GRND_INSECURE) != (ssize_t)sizeof(seed))
		return -EIO;
	return file_replace(SEED_PATH, seed, sizeof(seed), 0600, true);
}

static int credit(const uint8_t *seed, size_t size)
{
	struct {
		struct rand_pool_info info;
		uint32_t space[SEED_SIZE / 4];
	} request = { .info = { .entropy_count = (int)size * 8, .buf_size = (int)size } };
	_cleanup_fd_ int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	memcpy(request.info.buf, seed, size);
	return ioctl(fd, RNDADDENTROPY, &request) < 0 ? -errno : 0;
}

static int mix(const uint8_t *seed, size_t size)
{
	_cleanup_fd_ int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_write_all(fd, seed, size);
}

static int seed_in_child(void *argument _unused_)
{
	char old[SEED_SIZE + 1];
	ssize_t n = file_read(AT_FDCWD, SEED_PATH, old, sizeof(old));
	int r;

	if (n < 0 && n != -ENOENT)
		return (int)n;
	if (n != SEED_SIZE)
		return save_new();
	r = mix((const uint8_t *)old, SEED_SIZE);
	if (r == 0)
		r = save_new();
	return r == 0 ? credit((const uint8_t *)old, SEED_SIZE) : r;
}

int setup_random(struct boot *boot _unused_)
{
	int r = deadline_run(seed_in_child, NULL, SEED_TIMEOUT);

	if (r < 0)
		log_warning(SEED_PATH ": %s; the seed of the last boot is not used", error_name(r));
	return r;
}

static int save_in_child(void *argument _unused_)
{
	return save_new();
}

int setup_random_save(void)
{
	return deadline_run(save_in_child, NULL, SEED_TIMEOUT);
}

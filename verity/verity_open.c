// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Opening a dm-verity device: see verity_open.h. Order of work: our own checks of the superblock and of the
 * tree's top (nothing made yet), libcryptsetup activates, the first and last block are read through the
 * device. From activation on every way out but the last removes the device again.
 */
#include "verity/verity_open.h"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "verity/superblock_parse.h"

#define MAPPER "/dev/mapper/"
#define NAME_MAX_BYTES 32
/* One piece of what is hashed or read at a time. A data block is a page at most: 4 KiB, or 64 KiB on some arm64. */
#define PIECE_SIZE 4096

/* The last message of libcryptsetup, which says more than its -errno. Only good within verity_open(). */
static char library_message[160];

static void keep_message(int level, const char *message, void *userdata _unused_)
{
	struct buf b = BUF(library_message);
	struct str text = str_from(message);

	if (level != CRYPT_LOG_ERROR)
		return;
	if (text.n >= sizeof(library_message))
		text.n = sizeof(library_message) - 1;
	while (str_ends(text, "\n"))
		text.n--;
	buf_add_str(&b, text);
}

static int fail(struct verity_cause *cause, enum verity_failure failure, int error,
		const char *format, ...) _printf_(4, 5);

/* Fills in the cause. Returns @error, so that a failure is one statement. */
static int fail(struct verity_cause *cause, enum verity_failure failure, int error,
		const char *format, ...)
{
	va_list args;

	cause->failure = failure;
	va_start(args, format);
	(void)vsnprintf(cause->text, sizeof(cause->text), format, args);
	va_end(args);
	return error;
}

/* --- device-mapper, by its ioctls: small questions that need no library ------------------------ */

struct dm_request {
	struct dm_ioctl header;
	char data[512];
};

static int dm_call(unsigned long command, const char *name, uint32_t flags, struct dm_request *ret)
{
	_cleanup_fd_ int control = open(MAPPER DM_CONTROL_NODE, O_RDWR | O_CLOEXEC);
	struct dm_request request = {
		.header = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(request),
			.data_start = sizeof(request.header),
			.flags = flags,
		},
	};
	struct buf b = BUF(request.header.name);

	buf_add(&b, name);
	if (b.overflow)
		return -ENAMETOOLONG;
	if (control < 0)
		return -errno;
	if (ioctl(control, command, &request) < 0)
		return -errno;
	*ret = request;
	return 0;
}

int verity_close(const char *name)
{
	char path[VERITY_PATH_SIZE];
	struct buf b = BUF(path);
	struct dm_request reply;
	int r = dm_call(DM_DEV_REMOVE, name, 0, &reply);

	if (r < 0)
		return r == -ENXIO ? -ENODEV : r;
	buf_printf(&b, MAPPER "%s", name);
	(void)unlink(path);
	return 0;
}

int verity_status(const char *name, bool *ret_corrupt)
{
	struct dm_request reply;
	struct dm_target_spec spec;
	size_t at;
	int r = dm_call(DM_TABLE_STATUS, name, 0, &reply);

	if (r < 0)
		return r;
	at = reply.header.data_start + sizeof(spec);
	if (reply.header.target_count != 1 || reply.header.data_start < sizeof(reply.header) ||
	    at >= sizeof(reply))
		return -ENXIO;
	memcpy(&spec, (char *)&reply + reply.header.data_start, sizeof(spec));
	if (strncmp(spec.target_type, "verity", sizeof(spec.target_type)) != 0)
		return -ENXIO;
	*ret_corrupt = ((char *)&reply)[at] == 'C';
	return 0;
}

/* The node of a device: what libdevmapper made, else devtmpfs's, else one of our own (hc-61). */
static int find_node(const char *name, char ret_path[static VERITY_PATH_SIZE])
{
	struct dm_request reply;
	struct stat st;
	struct buf b;
	dev_t device;
	int r = dm_call(DM_DEV_STATUS, name, 0, &reply);

	if (r < 0)
		return r;
	/* The kernel's encoding of 64 bits, which is glibc's too. */
	device = (dev_t)reply.header.dev;
	b = buf_init(ret_path, VERITY_PATH_SIZE);
	buf_printf(&b, MAPPER "%s", name);
	if (stat(ret_path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == device)
		return 0;
	b = buf_init(ret_path, VERITY_PATH_SIZE);
	buf_printf(&b, "/dev/dm-%u", minor(device));
	if (stat(ret_path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == device)
		return 0;
	b = buf_init(ret_path, VERITY_PATH_SIZE);
	buf_printf(&b, MAPPER "%s", name);
	(void)unlink(ret_path);
	return mknod(ret_path, S_IFBLK | 0600, device) < 0 ? -errno : 0;
}

/* --- our own look, before the kernel gets anything to do -------------------------------------- */

static int open_device(const char *path, uint64_t *ret_size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		*ret_size = (uint64_t)st.st_size;
	else if (ioctl(fd, BLKGETSIZE64, ret_size) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	char *p = buffer;

	while (size > 0) {
		ssize_t n = pread(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* Digest of one block of the tree or of the data: of the salt, then of the block. */
static int hash_block(int fd, uint64_t offset, size_t size, const struct superblock *sb,
		      uint8_t ret_digest[static SUPERBLOCK_DIGEST_MAX])
{
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;
	uint8_t piece[PIECE_SIZE];
	bool wide = sb->algorithm == SUPERBLOCK_SHA512;

	sha256_init(&sha256);
	sha512_init(&sha512);
	if (wide)
		sha512_update(&sha512, sb->salt_size, sb->salt);
	else
		sha256_update(&sha256, sb->salt_size, sb->salt);
	while (size > 0) {
		size_t n = size < sizeof(piece) ? size : sizeof(piece);
		int r = read_at(fd, piece, n, offset);

		if (r < 0)
			return r;
		if (wide)
			sha512_update(&sha512, n, piece);
		else
			sha256_update(&sha256, n, piece);
		offset += n;
		size -= n;
	}
	if (wide)
		sha512_digest(&sha512, sb->digest_size, ret_digest);
	else
		sha256_digest(&sha256, sb->digest_size, ret_digest);
	return 0;
}

/* The tree's top block follows the superblock's; a single data block is its own tree. */
static int check_top(int data, int tree, const char *hash_device, const struct root_hash *hash,
		     const struct superblock *sb, struct verity_cause *cause)
{
	uint8_t digest[SUPERBLOCK_DIGEST_MAX];
	int r;

	if (superblock_levels(sb) == 0)
		r = hash_block(data, 0, sb->data_block_size, sb, digest);
	else
		r = hash_block(tree, sb->hash_block_size, sb->hash_block_size, sb, digest);
	if (r < 0)
		return fail(cause, VERITY_DEVICE_UNREADABLE, r,
			    "reading the top of the hash tree on %s: %s", hash_device, error_name(r));
	if (memcmp(digest, hash->bytes, hash->size) != 0)
		return fail(cause, VERITY_ROOT_HASH_MISMATCH, -EKEYREJECTED,
			    "the root hash is not that of the hash tree on %s", hash_device);
	return 0;
}

static int check_before(const char *data_device, const char *hash_device, const struct root_hash *hash,
			struct superblock *ret_sb, struct verity_cause *cause)
{
	_cleanup_fd_ int data = -1;
	_cleanup_fd_ int tree = -1;
	uint8_t bytes[SUPERBLOCK_SIZE];
	uint64_t data_size;
	uint64_t tree_size;
	enum superblock_problem problem;
	int r;

	data = open_device(data_device, &data_size);
	if (data < 0)
		return fail(cause, VERITY_DEVICE_UNREADABLE, data, "opening %s: %s", data_device,
			    error_name(data));
	tree = open_device(hash_device, &tree_size);
	if (tree < 0)
		return fail(cause, VERITY_DEVICE_UNREADABLE, tree, "opening %s: %s", hash_device,
			    error_name(tree));
	r = read_at(tree, bytes, sizeof(bytes), 0);
	if (r < 0)
		return fail(cause, VERITY_DEVICE_UNREADABLE, r, "reading the superblock on %s: %s",
			    hash_device, error_name(r));
	problem = superblock_parse(bytes, (size_t)sysconf(_SC_PAGESIZE), ret_sb);
	if (problem != SUPERBLOCK_VALID)
		return fail(cause, VERITY_SUPERBLOCK_INVALID, -EBADMSG, "superblock on %s: %s",
			    hash_device, superblock_problem_text(problem));
	if (ret_sb->digest_size != hash->size)
		return fail(cause, VERITY_ALGORITHM_MISMATCH, -EBADMSG,
			    "superblock on %s: its digests have %zu bytes, the root hash has %zu",
			    hash_device, ret_sb->digest_size, hash->size);
	problem = superblock_check_sizes(ret_sb, data_size, tree_size);
	if (problem == SUPERBLOCK_DATA_TOO_SMALL)
		return fail(cause, VERITY_DATA_TOO_SMALL, -EFBIG,
			    "%s has %llu bytes, its hash tree covers %llu", data_device,
			    (unsigned long long)data_size,
			    (unsigned long long)(ret_sb->data_blocks * ret_sb->data_block_size));
	if (problem == SUPERBLOCK_HASH_TOO_SMALL)
		return fail(cause, VERITY_HASH_TOO_SMALL, -EFBIG,
			    "%s has %llu bytes, its hash tree takes %llu", hash_device,
			    (unsigned long long)tree_size,
			    (unsigned long long)superblock_tree_size(ret_sb));
	return check_top(data, tree, hash_device, hash, ret_sb, cause);
}

/* --- activation ------------------------------------------------------------------------------- */

static uint32_t activation_flags(enum verity_mode mode)
{
	switch (mode) {
	case VERITY_RESTART:
		return CRYPT_ACTIVATE_READONLY | CRYPT_ACTIVATE_RESTART_ON_CORRUPTION;
	case VERITY_PANIC:
		return CRYPT_ACTIVATE_READONLY | CRYPT_ACTIVATE_PANIC_ON_CORRUPTION;
	case VERITY_IGNORE:
		return CRYPT_ACTIVATE_READONLY | CRYPT_ACTIVATE_IGNORE_CORRUPTION;
	case VERITY_EIO:
		break;
	}
	return CRYPT_ACTIVATE_READONLY;
}

static void crypt_cleanup(struct crypt_device **device)
{
	crypt_free(*device);
}

static int activate(const char *data_device, const char *hash_device, const struct root_hash *hash,
		    enum verity_mode mode, const char *name, struct verity_cause *cause)
{
	_cleanup_(crypt_cleanup) struct crypt_device *device = NULL;
	const char *stage = "opening the hash partition";
	int r;

	library_message[0] = '\0';
	crypt_set_log_callback(NULL, keep_message, NULL);
	/* Nobody else is there to lock against, and no directory for locks either. */
	(void)crypt_metadata_locking(NULL, 0);
	r = crypt_init(&device, hash_device);
	if (r == 0) {
		stage = "reading the superblock";
		r = crypt_load(device, CRYPT_VERITY, NULL);
	}
	if (r == 0) {
		stage = "opening the data partition";
		r = crypt_set_data_device(device, data_device);
	}
	if (r == 0) {
		stage = "loading the table";
		r = crypt_activate_by_volume_key(device, name, (const char *)hash->bytes,
						 hash->size, activation_flags(mode));
	}
	if (r < 0)
		return fail(cause, VERITY_DEVICE_MAPPER, r, "device-mapper: %s: %s%s%s", stage,
			    error_name(r), *library_message ? ": " : "", library_message);
	return 0;
}

/* Reads one data block through the device; no read-ahead, so that exactly this one is checked. */
static int read_block(int fd, uint64_t offset, size_t size)
{
	uint8_t piece[PIECE_SIZE];
	int r = 0;

	while (size > 0 && r == 0) {
		size_t n = size < sizeof(piece) ? size : sizeof(piece);

		r = read_at(fd, piece, n, offset);
		offset += n;
		size -= n;
	}
	return r;
}

static int check_after(const char *path, const struct superblock *sb, struct verity_cause *cause)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t last = (sb->data_blocks - 1) * sb->data_block_size;
	int r;

	if (fd < 0)
		return fail(cause, VERITY_DEVICE_MAPPER, -errno, "opening %s: %s", path,
			    error_name(errno));
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	r = read_block(fd, 0, sb->data_block_size);
	if (r == 0)
		r = read_block(fd, last, sb->data_block_size);
	if (r == -EIO)
		return fail(cause, VERITY_DATA_CORRUPT, -EKEYREJECTED,
			    "the first or the last block does not match the hash tree");
	if (r < 0)
		return fail(cause, VERITY_DEVICE_MAPPER, r, "reading %s: %s", path, error_name(r));
	return 0;
}

int verity_open(const char *data_device, const char *hash_device, const struct root_hash *hash,
		enum verity_mode mode, const char *name, char ret_path[static VERITY_PATH_SIZE],
		struct verity_cause *ret_cause)
{
	struct superblock sb;
	struct dm_request reply;
	char path[VERITY_PATH_SIZE];
	int r;

	if (strlen(name) == 0 || strlen(name) > NAME_MAX_BYTES)
		return fail(ret_cause, VERITY_DEVICE_MAPPER, -EINVAL,
			    "device name of more than %d bytes", NAME_MAX_BYTES);
	r = check_before(data_device, hash_device, hash, &sb, ret_cause);
	if (r < 0)
		return r;
	/* What is there already is somebody else's, and must not be removed as a half-made one of ours. */
	if (dm_call(DM_DEV_STATUS, name, 0, &reply) == 0)
		return fail(ret_cause, VERITY_DEVICE_MAPPER, -EBUSY,
			    "device-mapper: %s exists already", name);
	r = activate(data_device, hash_device, hash, mode, name, ret_cause);
	if (r == 0) {
		r = find_node(name, path);
		if (r < 0)
			(void)fail(ret_cause, VERITY_DEVICE_MAPPER, r, "device node of %s: %s",
				   name, error_name(r));
	}
	if (r == 0)
		r = check_after(path, &sb, ret_cause);
	if (r < 0) {
		(void)verity_close(name);
		return r;
	}
	memcpy(ret_path, path, sizeof(path));
	return 0;
}

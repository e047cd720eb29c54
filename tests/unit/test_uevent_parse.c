// SPDX-License-Identifier: MIT OR Apache-2.0
/* init/uevent_parse: messages as the kernel sends them, and what must not pass for one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/uevent_parse.h"

/* A literal with all its NULs; its own last one counts as the message's. */
#define MESSAGE(literal) ((struct str){ (literal), sizeof(literal) })

static void assert_str(struct str s, const char *text)
{
	if (!str_is(s, text))
		fail_msg("\"" STR_FORMAT "\" is not \"%s\"", STR_ARGS(s), text);
}

static void test_hc_53_partition_that_appears(void **state)
{
	struct uevent event;

	(void)state;
	assert_int_equal(uevent_parse(MESSAGE("add@/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda2\0"
					      "ACTION=add\0"
					      "DEVPATH=/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda2\0"
					      "SUBSYSTEM=block\0"
					      "MAJOR=254\0MINOR=2\0DEVNAME=vda2\0DEVTYPE=partition\0DISKSEQ=9\0"
					      "PARTN=2\0PARTNAME=root-a\0"
					      "PARTUUID=4f68bce3-e8cd-4db1-96e7-fbcaf984b709\0"
					      "SEQNUM=1234"),
				      &event),
			 0);
	assert_int_equal(event.action, UEVENT_ADD);
	assert_str(event.devpath, "/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda2");
	assert_str(event.subsystem, "block");
	assert_str(event.devname, "vda2");
	assert_str(event.devtype, "partition");
	assert_str(event.partname, "root-a");
	assert_str(event.partuuid, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
	assert_str(event.modalias, "");
	assert_int_equal(event.seqnum, 1234);
	assert_int_equal(event.diskseq, 9);
}

static void device_with_modalias(void **state)
{
	struct uevent event;

	(void)state;
	assert_int_equal(uevent_parse(MESSAGE("bind@/devices/virtio1\0ACTION=bind\0DEVPATH=/devices/virtio1\0"
					      "SUBSYSTEM=virtio\0MODALIAS=virtio:d00000002v00001AF4\0SEQNUM=7"),
				      &event),
			 0);
	assert_int_equal(event.action, UEVENT_BIND);
	assert_str(event.modalias, "virtio:d00000002v00001AF4");
}

static void test_hc_59_corrupt_block(void **state)
{
	struct uevent event;

	(void)state;
	assert_int_equal(uevent_parse(MESSAGE("change@/devices/virtual/block/dm-0\0ACTION=change\0"
					      "DEVPATH=/devices/virtual/block/dm-0\0SUBSYSTEM=block\0"
					      "DM_VERITY_ERR_BLOCK_NR=1,4711\0DEVNAME=dm-0\0SEQNUM=8"),
				      &event),
			 0);
	assert_int_equal(event.action, UEVENT_CHANGE);
	assert_str(event.verity_error, "1,4711");
}

static void every_action_is_known(void **state)
{
	static const char *const actions[] = { "add",	 "remove",  "change", "move",
					       "online", "offline", "bind",   "unbind" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		char text[64];
		struct buf b = BUF(text);
		struct uevent event;

		buf_add(&b, actions[i]);
		buf_add(&b, "@/d");
		assert_int_equal(uevent_parse((struct str){ text, b.len + 1 }, &event), 0);
		assert_int_equal(event.action, i);
	}
}

static void empty_values_and_values_with_equals(void **state)
{
	struct uevent event;

	(void)state;
	assert_int_equal(uevent_parse(MESSAGE("add@/d\0SUBSYSTEM=\0MODALIAS=a=b\0SEQNUM=0"), &event), 0);
	assert_str(event.subsystem, "");
	assert_str(event.modalias, "a=b");
}

static void malformed_messages_are_refused(void **state)
{
	static const struct str malformed[] = {
		{ "", 0 },
		{ "add@/d", 6 }, /* no NUL: cut short */
		{ "\0", 1 },
		MESSAGE("add"),
		MESSAGE("@/d"),
		MESSAGE("add@"),
		MESSAGE("add@d"),
		MESSAGE("explode@/d"),
		MESSAGE("libudev\0\xfe\xed\xca\xfe"),
		MESSAGE("add@/d\0ACTION=remove"),
		MESSAGE("add@/d\0DEVPATH=/e"),
		MESSAGE("add@/d\0novalue"),
		MESSAGE("add@/d\0=value"),
		MESSAGE("add@/d\0SEQNUM=x"),
		MESSAGE("add@/d\0SEQNUM=18446744073709551616"),
		MESSAGE("add@/d\0\0SEQNUM=1"),
	};
	struct uevent event = { .seqnum = 42 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		assert_int_equal(uevent_parse(malformed[i], &event), -EBADMSG);
	assert_int_equal(event.seqnum, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hc_53_partition_that_appears),
		cmocka_unit_test(device_with_modalias),
		cmocka_unit_test(test_hc_59_corrupt_block),
		cmocka_unit_test(every_action_is_known),
		cmocka_unit_test(empty_values_and_values_with_equals),
		cmocka_unit_test(malformed_messages_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

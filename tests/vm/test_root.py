# SPDX-License-Identifier: MIT OR Apache-2.0
"""Act 1 and a root that is not as it should be: each case ends in a message that names the cause, and in no hang.

Most of these machines never get beyond the initramfs. One is not like the others: its disk comes late.
"""

import re
import stat

import pytest

import disks
from machine import IMAGES, console_pattern

# The shell and the log daemon, without containerd.
BASIC = "orlop.unit=basic.target"
# What is not there will not come; the default of 60 s is for slow machines.
SOON = "orlop.root_timeout=2"


def cmdline(roothash, *more):
    """A whole command line: the image's, with another root hash."""
    words = (IMAGES / "test/cmdline").read_text().split()
    words = [word for word in words if not word.startswith("roothash=")]
    if roothash is not None:
        words.insert(0, f"roothash={roothash}")
    return " ".join([*words, *more])


def roothash():
    return (IMAGES / "test/roothash").read_text().strip()


def assert_fatal(vm, *patterns, end="reboot: Restarting system"):
    """The machine ends by itself; its console names the cause and what was done about it."""
    console = vm.wait_for_end()
    for pattern in (*patterns, "fatal: "):
        assert console_pattern(f"^orlop: .*{pattern}").search(console), pattern
    assert end in console
    assert "Kernel panic" not in console and "act 2" not in console
    return console


# --- the root hash ----------------------------------------------------------


def test_root_hash_of_another_image(boot):
    """No partition has its UUIDs: which one was looked for, and how long."""
    vm = boot("--cmdline", cmdline("0123456789abcdef" * 4, SOON))
    assert_fatal(
        vm, "fatal: the root partition 01234567-89ab-cdef-0123-456789abcdef, which roothash= names, did not appear within 2 s"
    )


@pytest.mark.parametrize("wrong", ["", "xyz", "0123", "a" * 63, "g" * 64])
def test_malformed_root_hash_hc_58(boot, wrong):
    """Strict: no digit too few, none that is none; and nothing is made of half of it."""
    vm = boot("--cmdline", cmdline(wrong, "orlop.fatal=poweroff"))
    assert_fatal(vm, f"command line: roothash={wrong}: not a root hash", end="reboot: Power down")


def test_neither_root_nor_root_hash(boot):
    vm = boot("--cmdline", cmdline(None))
    assert_fatal(vm, "fatal: neither roothash= nor root= is on the command line")


def test_root_hash_that_is_not_the_trees_hc_58(boot, disk):
    """The partitions have the right UUIDs, but what they hold is not what the hash says."""
    path = disk()
    wrong = "fedcba98" + roothash()[8:]
    disks.set_uuid(path, "root-a", "{}-{}-{}-{}-{}".format(wrong[:8], wrong[8:12], wrong[12:16], wrong[16:20], wrong[20:32]))
    vm = boot("--disk", path, "--cmdline", cmdline(wrong))
    assert_fatal(vm, "fatal: the root /dev/vda2 cannot be verified: the root hash is not that of the hash tree")


# --- partitions -------------------------------------------------------------


def test_missing_verity_partition(boot, disk):
    path = disk()
    uuid = disks.partitions(path)["verity-a"]["uuid"]
    disks.delete(path, "verity-a")
    vm = boot("--disk", path, append=SOON)
    assert_fatal(vm, f"fatal: the verity partition {uuid}, which roothash= names, did not appear within 2 s")


def test_no_disk_at_all_and_halt(boot):
    """orlop.fatal=halt: the machine stays as it is, for somebody to look at."""
    vm = boot("--no-disk", append=f"{SOON} orlop.fatal=halt")
    vm.wait_for("reboot: System halted")
    assert console_pattern("^orlop: fatal: the root partition .* did not appear within 2 s").search(vm.console)
    assert vm.qmp("query-status")["running"]


# --- hash tree --------------------------------------------------------------


@pytest.mark.parametrize(
    ("superblock", "reason"),
    [
        pytest.param(b"\0" * 512, "superblock on /dev/vda3: there is none", id="zeros"),
        pytest.param(disks.verity_superblock(version=2), "version", id="version"),
        pytest.param(disks.verity_superblock(algorithm=b"md5"), "algorithm", id="algorithm"),
        pytest.param(disks.verity_superblock(data_block_size=4095), "block size", id="block-size"),
        pytest.param(disks.verity_superblock(salt_size=257), "salt", id="salt"),
        pytest.param(disks.verity_superblock(data_blocks=1 << 62), "", id="overflow"),
        pytest.param(disks.verity_superblock(data_blocks=1 << 30), "", id="too-large"),
    ],
)
def test_hostile_superblock_hc_57(boot, disk, superblock, reason):
    """Nothing on an unverified partition is believed: not a size, not a name."""
    path = disk()
    disks.write(path, "verity-a", 0, superblock)
    vm = boot("--disk", path)
    assert_fatal(vm, f"fatal: the root /dev/vda2 cannot be verified: .*{reason}")


def test_truncated_hash_partition_hc_57(boot, disk):
    """The superblock is good, the tree behind it does not fit into the partition."""
    path = disk()
    number = disks.partitions(path)["verity-a"]["number"]
    disks.run("sfdisk", "--quiet", "-N", number, path, input=", 64K\n")
    vm = boot("--disk", path)
    assert_fatal(vm, "fatal: the root /dev/vda2 cannot be verified: /dev/vda3 has 65536 bytes, its hash tree takes")


def test_corrupt_first_block_is_seen_before_the_root_is_trusted(boot, disk):
    """Read first: in the mode that returns errors, act 1 itself meets it and says so."""
    path = disk()
    disks.flip(path, "root-a", 1024)
    vm = boot("--disk", path, append="orlop.verity=eio")
    assert_fatal(vm, "fatal: the root /dev/vda2 cannot be verified: the first or the last block does not match the hash tree")


# --- corruption at run time -------------------------------------------------


def test_corrupt_block_resets_the_machine_hc_59(boot, disk):
    """A flipped bit, while the machine runs, in a block that is read afterwards: the kernel resets at once."""
    path = disk()
    vm = boot("--disk", path, append=BASIC)
    vm.wait_for_shell()
    disks.flip(path, "root-a", disks.block_of(IMAGES / "test/root.erofs", "/usr/bin/ctr"))
    vm.send("cat /usr/bin/ctr >/dev/null; echo survived >/dev/kmsg")
    console = vm.wait_for_end()
    assert "Restarting system with command 'dm-verity device corrupted'" in console
    assert "survived" not in console


def test_corruption_that_is_ignored_is_told_hc_60(boot, disk):
    """orlop.verity=ignore: the reader gets what is there, PID 1 hears of it, and the status says C."""
    path = disk()
    vm = boot("--disk", path, append=f"{BASIC} orlop.verity=ignore")
    vm.wait_for_shell()
    assert vm.run("dmsetup status root").endswith("V")
    disks.flip(path, "root-a", disks.block_of(IMAGES / "test/root.erofs", "/usr/bin/ctr"))
    vm.run("cat /usr/bin/ctr >/dev/null")
    vm.wait_for("^orlop: dm-verity found a corrupt block on the root")
    assert vm.run("dmsetup status root").endswith("C")


def test_corruption_as_an_error_of_the_reader(boot, disk):
    """orlop.verity=eio: the one who reads the block fails, nobody else."""
    path = disk()
    vm = boot("--disk", path, append=f"{BASIC} orlop.verity=eio")
    vm.wait_for_shell()
    disks.flip(path, "root-a", disks.block_of(IMAGES / "test/root.erofs", "/usr/bin/ctr"))
    status, output = vm.run("cat /usr/bin/ctr >/dev/null", check=False)
    assert status != 0 and "Input/output error" in output
    assert vm.run("dmsetup status root").endswith("C")


# --- a disk that comes late -------------------------------------------------


def test_root_disk_that_comes_late_hc_53(boot):
    """The root's disk is plugged in when act 1 already waits for it. Its events are all that tells of it."""
    vm = boot("--no-disk", append=BASIC)
    vm.wait_for("waiting for the root's disk")
    image = str(IMAGES / "test/disk.img")
    vm.qmp(
        "blockdev-add", driver="raw", **{"node-name": "late", "read-only": True},
        file={"driver": "file", "filename": image, "locking": "off"},
    )
    vm.qmp("device_add", driver="virtio-blk-pci", id="late", drive="late")
    vm.wait_for_shell()
    assert vm.run("dmsetup status root").endswith("V")
    # It cannot be written to, so this boot has to live without the state volume.
    assert vm.run("stat -f -c %T /var") == "tmpfs"
    vm.wait_for("^orlop: no state volume: /var is a tmpfs")


def test_root_disk_that_goes_hc_59(boot):
    """Code of PID 1 that cannot be read any more: it says so and reboots, with what is locked in memory."""
    vm = boot("--no-disk", append=BASIC)
    vm.wait_for("waiting for the root's disk")
    vm.qmp(
        "blockdev-add", driver="raw", **{"node-name": "late", "read-only": True},
        file={"driver": "file", "filename": str(IMAGES / "test/disk.img"), "locking": "off"},
    )
    vm.qmp("device_add", driver="virtio-blk-pci", id="late", drive="late")
    vm.wait_for_shell()
    # Without the lock it depends on what lies next to what PID 1 touches last.
    assert 4 <= int(vm.run("awk '/^VmLck:/ { print $2 }' /proc/1/status")) <= 32
    # Once before, so that the programs that this takes are in memory.
    vm.wait_at_rest()
    vm.qmp("device_del", id="late")
    vm.wait_until("test ! -e /sys/block/vda")
    vm.wait_at_rest()
    # The shell's own commands are in use, so they stay.
    vm.send("echo 3 >/proc/sys/vm/drop_caches; kill -HUP 1")
    console = vm.wait_for_end()
    assert "orlop: fatal: PID 1 had a bus error (is the root's disk gone?)" in console
    assert "Kernel panic" not in console and "reboot: Restarting system" in console


# --- the initramfs ----------------------------------------------------------


def test_errors_before_any_log_are_told_hc_52(boot, tmp_path):
    """/proc is a file: no command line, no kernel log. The console hears of it all the same."""
    initrd = disks.initramfs(
        IMAGES / "test/initrd.img", [("proc", stat.S_IFREG | 0o644, b"")], tmp_path / "initrd"
    )
    vm = boot("--initrd", initrd)
    assert_fatal(vm, "/proc", "fatal: .*api-mounts")


def test_initramfs_without_modules_says_so_hc_55(boot, tmp_path):
    """What is built in has to do, and what is missed is named."""
    initrd = disks.initramfs_without(
        IMAGES / "test/initrd.img", "usr/lib/modules", tmp_path / "tree", tmp_path / "initrd"
    )
    vm = boot("--initrd", initrd, append=SOON)
    assert_fatal(vm, "the initramfs has no modules for this kernel", "fatal: the root partition .* did not appear")


# --- without verity ---------------------------------------------------------


def test_kernel_mounts_the_root_itself(boot, tmp_path):
    """Plain init=: no initramfs, a root on a disk that the kernel has a driver for. It works, and says that nothing is verified."""
    tree = tmp_path / "tree"
    disks.run("fsck.erofs", f"--extract={tree}", IMAGES / "test/root.erofs")
    # Drivers, containerd and the like are not needed for this.
    for name in ("lib/modules", "bin", "share/orlop", "share/ca-certificates"):
        disks.run("rm", "-r", tree / "usr" / name)
    image = tmp_path / "root.ext4"
    disks.run("mke2fs", "-q", "-t", "ext4", "-d", tree, image, "256M")
    drive = f"if=none,id=nvme,format=raw,snapshot=on,file={image}"
    vm = boot(
        "--no-disk", "--initrd", "none", "--cmdline",
        f"console=ttyS0 quiet panic=-1 root=/dev/nvme0n1 ro init=/usr/sbin/init {BASIC}",
        "--", "-drive", drive, "-device", "nvme,serial=1,drive=nvme",
    )
    vm.wait_for_shell()
    assert "the root is NOT verified" in vm.console
    assert "act 1" not in vm.console
    assert vm.run("awk '$2 == \"/\" { print $3 }' /proc/mounts").split()[-1] == "ext4"
    # The record knows when the kernel was done all the same.
    assert vm.run("grep -c '^kernel 0 [0-9]* ok$' /run/orlop/boot") == "1"
    vm.wait_for("^orlop: up in ")

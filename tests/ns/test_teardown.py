# SPDX-License-Identifier: MIT OR Apache-2.0
"""Act 3's storage: unmounting in rounds, loop devices, and what is left clean when it cannot be unmounted.

What hangs in the kernel is played by strace, which delays a system call of the child at its entry.
"""
import errno
import subprocess
from pathlib import Path

import pytest

MIB = 1 << 20

# The root of a machine that is about to go down: its own tmpfs, with /proc, and a /sys that shows
# $LOOP and no other block device. No disk of the machine that runs the tests may be mounted in it,
# not even the log's: it would be made read-only. So /dev/kmsg is a plain file, printed at the end.
MACHINE = """
mkdir "$T/root"
mount -t tmpfs root "$T/root"
cd "$T/root"
mkdir dev proc sys run tmp etc var
mount -t tmpfs dev dev
touch dev/kmsg
mount -t proc proc proc
touch no-swaps
mount --bind no-swaps proc/swaps
mount -t tmpfs sys sys
mkdir -p sys/class/block sys/dev/block sys/devices
mount --bind /sys/devices sys/devices
if [ -n "$LOOP" ]; then
    name=${LOOP#/dev/}
    touch dev/$name
    mount --bind "$LOOP" dev/$name
    ln -s ../../devices/virtual/block/$name sys/class/block/$name
    mount -t ext4 "$LOOP" var
fi
mount -t tmpfs run run
"""

# What stays: the root, what the system runs on, and what was set up above to stand in for it.
KEPT = {"/", "/dev", "/proc", "/sys", "/run"}


@pytest.fixture
def disk(loop_device):
    """A loop device with ext4 on it."""
    path, device = loop_device("disk", 32 * MIB)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", device], check=True)
    return path, device


def left(result):
    """Mount points that are left, without those of the kernel's own trees, from mountinfo printed last."""
    text = result.stdout.rpartition("result ")[2]
    points = {line.split()[4] for line in text.splitlines() if " - " in line}
    return {point for point in points if point not in KEPT and not point.startswith(("/dev/", "/proc/", "/sys/"))}


def is_attached(device):
    """Whether a loop device has a file."""
    return Path("/sys/class/block", Path(device).name, "loop", "backing_file").exists()


def needs_recovery(path):
    """Whether the journal of the file system in a file has to be replayed."""
    features = subprocess.run(["dumpe2fs", "-h", str(path)], capture_output=True, text=True, check=True)
    return "needs_recovery" in features.stdout


def test_everything_is_unmounted_hc_82(namespace, disk):
    """hc-82: disk, overlay on it, binds of it, tmpfs, a container's /proc, names with spaces: all gone, the disk clean, its loop device free."""
    path, device = disk
    result = namespace(
        MACHINE + """
        mkdir -p var/lower var/upper var/work var/merged var/container/proc run/bind "run/with space" tmp/deep
        mount -t overlay -o lowerdir=var/lower,upperdir=var/upper,workdir=var/work overlay var/merged
        mkdir var/merged/inside
        mount -t tmpfs inside var/merged/inside
        mount --bind var/upper run/bind
        mount -t tmpfs space "run/with space"
        mount -t proc proc var/container/proc
        mount -t tmpfs deep tmp/deep
        for i in 1 2 3 4 5; do mount -t tmpfs again tmp/deep; done
        "$D" --root . teardown machine 10000 then cat /proc/self/mountinfo then cat /dev/kmsg
        """,
        LOOP=device,
    )
    assert result["result"] == "0", str(result)
    assert left(result) == set()
    assert not needs_recovery(path)
    assert not is_attached(device)


def test_busy_mount_is_named_and_left_clean_hc_82(namespace, disk):
    """hc-82: what is in use cannot go; it is named with its user, and is read-only, so the disk is clean all the same."""
    path, device = disk
    result = namespace(
        MACHINE + """
        mkdir var/directory
        (cd var/directory; exec sleep 1000) &
        while [ "$(readlink /proc/$!/exe)" != "$(readlink -f "$(command -v sleep)")" ]; do :; done
        "$D" --root . teardown machine 10000 then cat /proc/self/mountinfo then cat /dev/kmsg
        """,
        LOOP=device,
    )
    # The mount, and the loop device under it.
    assert result["result"] == "2", str(result)
    assert left(result) == {"/var"}
    assert "still mounted: /var (ext4): Device or resource busy" in result.stdout
    assert "(sleep): its working directory" in result.stdout
    assert not needs_recovery(path)


def test_other_namespace_keeps_the_disk_hc_82(namespace, disk):
    """A mount namespace that lives on holds the file system; it is clean on the disk nevertheless."""
    path, device = disk
    result = namespace(
        MACHINE + """
        mkfifo "$T/ready"
        unshare --mount sh -c 'echo >"$T/ready"; exec sleep 1000' &
        read line <"$T/ready"
        "$D" --root . teardown machine 10000 then cat /proc/self/mountinfo then cat /dev/kmsg
        """,
        LOOP=device,
    )
    assert left(result) == set()
    assert result["result"] == "1"
    assert "loop devices that are still in use: 1" in result.stdout
    assert not needs_recovery(path)


def test_umount_that_hangs_hc_82(namespace, tmp_path):
    """hc-82: an umount2(2) that does not return is given up on, once, and the rest goes on."""
    result = namespace(
        MACHINE + """
        mkdir run/a run/b
        mount -t tmpfs a run/a
        mount -t tmpfs b run/b
        strace -f -qq -o "$T/trace" -P /run/b -e inject=umount2:delay_enter=3s \
            "$D" --root . teardown machine 300 then cat /proc/self/mountinfo then cat /dev/kmsg
        """,
        LOOP="",
    )
    assert result["result"] == "1", str(result)
    assert left(result) == {"/run/b"}
    assert "unmount /run/b: it hangs" in result.stdout
    assert "still mounted: /run/b (tmpfs, writable): took too long" in result.stdout
    assert (tmp_path / "trace").read_text().count('umount2("/run/b"') == 1


def test_more_mounts_than_fit(namespace):
    """A mountinfo that is larger than the room for it is worked off from its end, the youngest first."""
    result = namespace(
        MACHINE + """
        cd run
        for depth in 1 2 3 4 5 6 7 8 9 10 11 12; do
            long=$(printf '%0250d' $depth)
            mkdir $long
            cd $long
        done
        mkdir $(seq 180)
        for i in $(seq 2 180); do mount --bind 1 $i; done
        cd "$T/root"
        echo "size $(wc -c </proc/self/mountinfo)"
        "$D" --root . teardown machine 10000 then cat /proc/self/mountinfo then cat /dev/kmsg
        """,
        LOOP="",
    )
    assert result.number("size") > 512 * 1024
    assert result["result"] == "0", str(result)[-2000:]
    assert left(result) == set()


def test_container_leaves_the_machine_alone(namespace, disk):
    """In a container mounts go, but no file system is made read-only and no device is detached."""
    path, device = disk
    result = namespace(
        MACHINE + """
        "$D" --root . teardown container 10000 then cat /proc/self/mountinfo then cat /dev/kmsg
        """,
        LOOP=device,
    )
    assert result["result"] == "0"
    assert left(result) == set()
    assert is_attached(device)


def test_loop_device_in_use_hc_83(namespace, disk):
    """hc-83: LOOP_CLR_FD says yes for a device that somebody has open, and it stays: no progress, no endless rounds."""
    _, device = disk
    result = namespace(
        MACHINE + """
        umount var
        exec 7<"$LOOP"
        "$D" --root . detach-loop then teardown machine 10000 then cat /dev/kmsg
        """,
        LOOP=device,
    )
    assert result["progress"] == "0", str(result)
    assert result["result"] == "1"
    assert result.stdout.count("result 1") == 2


def test_loop_device_goes_hc_83(namespace, disk):
    """hc-83: progress is that the list got shorter."""
    _, device = disk
    result = namespace(MACHINE + 'umount var\n"$D" --root . detach-loop', LOOP=device)
    assert result["progress"] == "1", str(result)
    assert result["result"] == "0"


def test_sync_that_hangs_hc_81(namespace):
    """hc-81: a sync(2) that does not return is given up on; one that does is waited for."""
    result = namespace(
        """
        strace -f -qq -o /dev/null -e inject=sync:delay_enter=3s "$D" sync 300
        """
    )
    assert result.number("result") == -errno.ETIMEDOUT
    assert "sync: took too long" in result.log
    assert namespace('"$D" sync 100000')["result"] == "0"

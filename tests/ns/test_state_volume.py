# SPDX-License-Identifier: MIT OR Apache-2.0
"""The state volume on loop devices: made, found, checked, grown, and never made over foreign data."""
import errno
import shutil
import subprocess
from pathlib import Path

import pytest

MIB = 1 << 20
# What the file system leaves alone at the end of its device, and what stands there while it is made.
MARGIN = 65536
MARKER = b"orlop: this file system is being made; it holds nothing yet\n"

pytestmark = pytest.mark.skipif(
    not Path("/usr/sbin/mke2fs").exists(), reason="needs /usr/sbin/mke2fs and e2fsck (package e2fsprogs)"
)


@pytest.fixture
def mount_volume(namespace):
    """Mounts the device as Orlop does, runs commands in it, and unmounts it."""

    def mount(device, commands="", prefix="sh -c"):
        return namespace(
            f"""
            mkdir -p "$T/var"
            {prefix} '"$D" state-volume {device} "$T/var"'
            cd "$T/var"
            {commands}
            cd /
            ! mountpoint -q "$T/var" || umount "$T/var"
            """
        )

    return mount


def has_capability(number):
    """Whether this process, and so what it starts, holds a capability (capabilities(7))."""
    status = Path("/proc/self/status").read_text()
    mask = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(mask >> number & 1)


CAP_SYS_RESOURCE = 24


def write_at(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def flush(device):
    """Makes the loop device forget what it cached, after the file under it was written."""
    subprocess.run(["blockdev", "--flushbufs", device], check=True)


def test_first_and_second_boot(loop_device, mount_volume):
    """Empty: made. The next time: found, clean, nothing done to it; files are kept."""
    path, device = loop_device("state", 64 * MIB)
    first = mount_volume(device, "echo kept >file\ngrep $T/var /proc/self/mounts")
    assert first["result"] == "0", str(first)
    assert first["created"] == "1"
    assert "ext4 rw,nosuid,nodev,noatime" in first.stdout
    second = mount_volume(device, 'echo "file $(cat file)"')
    assert second["result"] == "0"
    assert [second[name] for name in ("created", "recovered", "checked", "grown")] == ["0"] * 4
    assert second["file"] == "kept"
    assert second.number("size") == 64 * MIB - MARGIN
    label = subprocess.run(["blkid", "-p", "-o", "value", "-s", "LABEL", device], capture_output=True, text=True, check=True)
    assert label.stdout.strip() == "orlop-state"
    assert path.read_bytes()[-MARGIN:] == bytes(MARGIN)


def test_power_cut_is_recovered(loop_device, mount_volume, tmp_path):
    """A copy of the disk taken while it is mounted: the journal is replayed, and that is reported."""
    path, device = loop_device("state", 64 * MIB)
    assert mount_volume(device)["result"] == "0"
    copy, other = loop_device("copy", 64 * MIB)
    result = mount_volume(device, f"echo synced >file\nsync -f file\ncp {path} {copy}")
    assert result["recovered"] == "0"
    flush(other)
    result = mount_volume(other, 'echo "file $(cat file)"')
    assert result["result"] == "0", str(result)
    assert result["recovered"] == "1"
    assert result["checked"] == "0"
    assert result["file"] == "synced"
    assert mount_volume(other)["recovered"] == "0"


@pytest.mark.parametrize("content", ["vfat", "swap", "random", "gpt", "end", "lone-byte"])
def test_foreign_content_is_refused(loop_device, mount_volume, content):
    """Whatever is not empty is never formatted: not a byte of it changes."""
    path, device = loop_device("state", 32 * MIB)
    if content == "vfat":
        if not shutil.which("mkfs.vfat"):
            pytest.skip("needs mkfs.vfat (package dosfstools)")
        subprocess.run(["mkfs.vfat", device], check=True, capture_output=True)
    elif content == "swap":
        subprocess.run(["mkswap", device], check=True, capture_output=True)
    elif content == "random":
        write_at(path, 0, b"\xa5" * 4096)
    elif content == "gpt":
        subprocess.run(["sfdisk", "--quiet", device], input="label: gpt\n", text=True, check=True, capture_output=True)
    elif content == "end":
        # The superblock of a RAID (version 1.0) lies at the end of its device alone.
        superblock = bytearray(4096)
        superblock[:4] = (0xA92B4EFC).to_bytes(4, "little")
        superblock[4:8] = (1).to_bytes(4, "little")
        offset = (32 * MIB // 512 - 16) & ~7
        superblock[144:152] = offset.to_bytes(8, "little")
        write_at(path, offset * 512, superblock)
    else:
        write_at(path, MIB - 1, b"x")
    flush(device)
    before = path.read_bytes()
    result = mount_volume(device)
    assert result.number("result") == -errno.EMEDIUMTYPE, str(result)
    assert "does not touch" in result.log
    assert path.read_bytes() == before


def test_power_cut_while_being_made(loop_device, mount_volume):
    """With the marker in place, half a file system is started over instead of refused; the marker is gone afterwards."""
    path, device = loop_device("state", 32 * MIB)
    write_at(path, 4096, b"\x5a" * 100000)
    write_at(path, 32 * MIB - MARGIN, MARKER)
    flush(device)
    result = mount_volume(device)
    assert result["result"] == "0", str(result)
    assert result["created"] == "1"
    assert "cut short" in result.log
    assert path.read_bytes()[-MARGIN:] == bytes(MARGIN)
    assert mount_volume(device)["created"] == "0"


def test_marker_inside_a_file_system_is_data(loop_device, mount_volume):
    """A file system that fills its whole device may hold any bytes at its end, also the marker's."""
    path, device = loop_device("state", 32 * MIB)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", device], check=True)
    write_at(path, 32 * MIB - MARGIN, MARKER)
    flush(device)
    result = mount_volume(device)
    assert result["result"] == "0"
    assert result["created"] == "0"


@pytest.mark.skipif(not has_capability(CAP_SYS_RESOURCE), reason="growing needs CAP_SYS_RESOURCE")
def test_grown_to_the_partition(loop_device, mount_volume):
    """A larger partition is filled, online, and keeps what was there; the time after nothing is left to do."""
    path, device = loop_device("state", 64 * MIB)
    mount_volume(device, "echo kept >file")
    with open(path, "r+b") as file:
        file.truncate(256 * MIB)
    subprocess.run(["losetup", "--set-capacity", device], check=True)
    result = mount_volume(device, 'echo "file $(cat file)"\necho "blocks $(stat -f -c %b .)"')
    assert result["result"] == "0", str(result)
    assert result["grown"] == "1", str(result)
    assert result["file"] == "kept"
    assert result.number("size") == 256 * MIB - MARGIN
    assert result.number("blocks") * 4096 > 200 * MIB
    assert mount_volume(device)["grown"] == "0"


def test_failing_to_grow_is_no_failure(loop_device, mount_volume):
    """A kernel that refuses to grow the file system (here for want of a capability) costs a warning, not the boot."""
    path, device = loop_device("state", 64 * MIB)
    mount_volume(device, "echo kept >file")
    with open(path, "r+b") as file:
        file.truncate(256 * MIB)
    subprocess.run(["losetup", "--set-capacity", device], check=True)
    result = mount_volume(device, 'echo "file $(cat file)"', prefix="setpriv --bounding-set -sys_resource sh -c")
    assert result["result"] == "0", str(result)
    assert result["grown"] == "0"
    assert result["file"] == "kept"
    assert "grow from 63 MiB: Operation not permitted" in result.log


def test_errors_are_repaired(loop_device, mount_volume):
    """A file system that the kernel found errors in is checked before it is mounted."""
    _, device = loop_device("state", 32 * MIB)
    mount_volume(device, "echo kept >file")
    subprocess.run(["debugfs", "-w", "-R", "set_super_value state 3", device], check=True, capture_output=True)
    flush(device)
    result = mount_volume(device, 'echo "file $(cat file)"')
    assert result["result"] == "0", str(result)
    assert result["checked"] == "1"
    assert result["file"] == "kept"
    assert mount_volume(device)["checked"] == "0"


def test_damage_that_needs_a_decision_is_repaired(loop_device, mount_volume):
    """Where preening gives up, everything is repaired: nobody is there to be asked."""
    path, device = loop_device("state", 32 * MIB)
    mount_volume(device, "mkdir directory\necho kept >file\necho data >directory/inside")
    subprocess.run(["debugfs", "-w", "-R", "clri directory", device], check=True, capture_output=True)
    subprocess.run(["debugfs", "-w", "-R", "set_super_value state 3", device], check=True, capture_output=True)
    flush(device)
    result = mount_volume(device, 'echo "file $(cat file)"')
    assert result["result"] == "0", str(result)
    assert result["repaired"] == "1"
    assert result["file"] == "kept"


def test_too_small(loop_device, mount_volume):
    """A partition without room for a journal is refused before anything is written."""
    _, device = loop_device("state", 8 * MIB)
    assert mount_volume(device).number("result") == -errno.ENOSPC


def test_no_device(mount_volume):
    """No such device: an error with its name."""
    result = mount_volume("/dev/no-such-device")
    assert result.number("result") == -errno.ENOENT
    assert "state volume /dev/no-such-device: No such file" in result.log


def test_no_mke2fs(loop_device, namespace):
    """An image without e2fsprogs: the message says which package is missing."""
    _, device = loop_device("state", 32 * MIB)
    result = namespace(
        f"""
        mkdir "$T/var"
        mount -t tmpfs empty /usr/sbin
        "$D" state-volume {device} "$T/var"
        """
    )
    assert result.number("result") == -errno.ENOENT
    assert "is the package e2fsprogs in the image?" in result.log

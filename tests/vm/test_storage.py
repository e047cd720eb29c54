# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shutdown with storage in the way: device-mapper devices, and a disk that answers no more."""
import pytest

MIB = 1 << 20


def spare_disk(directory):
    """An empty disk for the guest, /dev/vdb: QEMU's arguments."""
    path = directory / "spare"
    path.touch()
    with path.open("r+b") as file:
        file.truncate(64 * MIB)
    return ["--", "-drive", f"file={path},format=raw,if=virtio"]


# A mapping on another, with a file system that is mounted; and one that nobody uses.
MAPPINGS = """
dmsetup create below --table '0 100000 linear /dev/vdb 0' &&
dmsetup create above --table "0 50000 linear $(cat /sys/block/dm-1/dev) 0" &&
dmsetup create unused --table '0 2000 linear /dev/vdb 100000' &&
/usr/sbin/mke2fs -q -t ext4 /dev/dm-2 && mkdir -p /var/mapped && mount -t ext4 /dev/dm-2 /var/mapped &&
echo data >/var/mapped/file
"""


def test_mappings_are_detached_hc_83(boot, tmp_path):
    """hc-83: mappings go in rounds, the upper before the lower; the root's own is neither touched nor complained about."""
    vm = boot(*spare_disk(tmp_path))
    vm.run(MAPPINGS)
    vm.send("kill -38 1")
    console = vm.wait_for_end()
    end = console[console.index("unmounting"):]
    assert "still" not in end and "detach" not in end and "could not" not in end
    assert "power-off" in end


@pytest.mark.full
def test_disk_that_hangs_hc_80_81_82(boot, tmp_path):
    """hc-80, hc-81, hc-82: a process in state D, a sync and an umount that never return: each is given up on, the machine powers off."""
    vm = boot(*spare_disk(tmp_path))
    vm.run(MAPPINGS)
    vm.run("dmsetup suspend --nolockfs above")
    vm.send("dd if=/dev/zero of=/var/mapped/more bs=4k count=2 conv=fsync & sleep 1; kill -38 1")
    console = vm.wait_for_end()
    assert "(dd) is still there, state D" in console
    assert "sync: took too long" in console
    assert "unmount /var/mapped: it hangs, left alone" in console
    assert "still mounted: /var/mapped (ext4, writable)" in console
    # What is not on that disk is unmounted or read-only all the same.
    assert "still mounted: /var (ext4, writable)" not in console
    assert console.rstrip().endswith("Power down")

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Changes to disks of the image, from outside: partitions, single bytes, an initramfs with one thing else."""

import json
import re
import struct
import subprocess


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **more).stdout


def partitions(disk):
    """The partitions of @disk by name: {"root-a": {"number", "start", "size", "uuid"}}, in bytes."""
    table = json.loads(run("sfdisk", "--json", disk))["partitiontable"]
    return {
        entry["name"]: {
            "number": i + 1, "start": entry["start"] * 512, "size": entry["size"] * 512, "uuid": entry["uuid"].lower(),
        }
        for i, entry in enumerate(table["partitions"])
    }


def set_uuid(disk, name, uuid):
    run("sfdisk", "--quiet", "--part-uuid", disk, partitions(disk)[name]["number"], uuid)


def delete(disk, name):
    run("sfdisk", "--quiet", "--delete", disk, partitions(disk)[name]["number"])


def write(disk, name, offset, data):
    """Puts @data at @offset of the partition @name."""
    with open(disk, "r+b") as file:
        file.seek(partitions(disk)[name]["start"] + offset)
        file.write(data)


def read(disk, name, offset, size):
    with open(disk, "rb") as file:
        file.seek(partitions(disk)[name]["start"] + offset)
        return file.read(size)


def flip(disk, name, offset):
    """Changes one bit."""
    write(disk, name, offset, bytes([read(disk, name, offset, 1)[0] ^ 1]))


def block_of(erofs, path):
    """The offset in an erofs image of a block that holds data of the file @path: in the middle of its first extent."""
    lines = run("dump.erofs", "-e", f"--path={path}", erofs).splitlines()
    extents = [re.match(r"\s*\d+:\s+\d+\.\.\s*\d+ \|\s+\d+ :\s+(\d+)\.\.\s*(\d+)", line) for line in lines]
    start, end = next((int(match[1]), int(match[2])) for match in extents if match)
    return (start + end) // 2


def cpio(entries):
    """An archive as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst).

    @entries: (name, mode, content). Put behind another archive, it replaces what is in that one.
    """
    archive = b""
    for number, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        archive += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        archive += b"\0" * (-len(archive) % 4) + content
        archive += b"\0" * (-len(archive) % 4)
    return archive


def initramfs(base, entries, path):
    """Writes to @path the archive @base with @entries over it."""
    data = base.read_bytes()
    path.write_bytes(data + b"\0" * (-len(data) % 4) + cpio(entries))
    return path


def initramfs_without(base, directory, tree, path):
    """Writes to @path the archive @base without @directory. @tree is where it may be unpacked."""
    tree.mkdir()
    subprocess.run(["cpio", "--extract", "--quiet"], stdin=base.open("rb"), cwd=tree, check=True)
    run("rm", "-r", tree / directory)
    names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=tree, check=True, stdout=subprocess.PIPE).stdout
    with path.open("wb") as archive:
        subprocess.run(["cpio", "--create", "--quiet", "--format=newc"], input=names, stdout=archive, cwd=tree, check=True)
    return path


def verity_superblock(**changes):
    """The first 512 bytes of a hash partition (cryptsetup's wiki, "Format of the DMVerity superblock")."""
    fields = {
        "signature": b"verity\0\0", "version": 1, "hash_type": 1, "uuid": b"\1" * 16, "algorithm": b"sha256",
        "data_block_size": 4096, "hash_block_size": 4096, "data_blocks": 1000, "salt_size": 32, "salt": b"\2" * 32,
        **changes,
    }
    return struct.pack("<8sII16s32sIIQH6x256s168x", *fields.values())

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads and writes an initramfs (cpio "newc", compressed or not), so that a
bench can put a file in front of /init or take a module away.

An archive is a list of Entry in order; what is not touched is written back byte
for byte. Only one archive per file is understood: neither Orlop's image nor
dracut with --no-early-microcode makes more.
"""

import dataclasses
import lzma
import subprocess

HEADER_LENGTH = 110
MAGIC = b"070701"
TRAILER = "TRAILER!!!"
# How a compressed archive begins, and the program that (de)compresses it.
COMPRESSORS = {b"\x28\xb5\x2f\xfd": ["zstd", "-q", "-c", "-19"], b"\x1f\x8b": ["gzip", "-9", "-n"]}


@dataclasses.dataclass
class Entry:
    name: str
    fields: list  # the 13 numbers of the header, after the magic
    data: bytes

    @property
    def mode(self):
        return self.fields[1]


def padded(length):
    return (length + 3) // 4 * 4


def load(path):
    """Returns (entries, how it was compressed) of the initramfs at `path`."""
    with open(path, "rb") as file:
        data = file.read()
    packer = None
    if data.startswith(b"\xfd7zXZ"):
        packer = ["xz"]
        data = lzma.decompress(data)
    for magic, command in COMPRESSORS.items():
        if data.startswith(magic):
            packer = command
            data = subprocess.run(
                [command[0], "-dc"], input=data, stdout=subprocess.PIPE, check=True
            ).stdout
    entries = []
    at = 0
    while True:
        if data[at : at + 6] != MAGIC:
            raise ValueError(f"{path}: no cpio header at byte {at}")
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name_at = at + HEADER_LENGTH
        name = data[name_at : name_at + name_size - 1].decode()
        data_at = padded(name_at + name_size)
        if name == TRAILER:
            return entries, packer
        entries.append(Entry(name, fields, data[data_at : data_at + size]))
        at = padded(data_at + size)


def store(path, entries, packer):
    """Writes `entries` as an initramfs, compressed as `packer` says."""
    out = bytearray()
    for entry in [*entries, Entry(TRAILER, [0, 0, 0, 0, 1] + [0] * 8, b"")]:
        fields = list(entry.fields)
        fields[6] = len(entry.data)
        fields[11] = len(entry.name.encode()) + 1
        out += MAGIC + b"".join(b"%08X" % field for field in fields)
        out += entry.name.encode() + b"\0"
        out += bytes(padded(len(out)) - len(out))
        out += entry.data
        out += bytes(padded(len(out)) - len(out))
    data = bytes(out)
    if packer == ["xz"]:
        # The kernel's xz knows no check but CRC32.
        data = lzma.compress(data, check=lzma.CHECK_CRC32, preset=9)
    elif packer:
        data = subprocess.run(packer, input=data, stdout=subprocess.PIPE, check=True).stdout
    with open(path, "wb") as file:
        file.write(data)


def put_in_front(entries, name, data):
    """Renames `name` to `name`.real and puts an executable `data` in its place."""
    for index, entry in enumerate(entries):
        if entry.name.removeprefix("./") == name:
            break
    else:
        raise ValueError(f"the initramfs has no {name}")
    stamp = Entry(entry.name, list(entry.fields), data)
    stamp.fields[0] = 1 + max(other.fields[0] for other in entries)  # inode
    stamp.fields[1] = 0o100755
    stamp.fields[4] = 1  # links
    entry.name += ".real"
    entries.insert(index, stamp)

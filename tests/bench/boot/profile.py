# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints what profile_plugin.c counted, by kinds of work and by functions. Called by profile."""

import bisect
import collections
import re
import sys

PARTS = (
    "from the kernel's start to /init",
    "act 1: to the exec of PID 1 on the verified root",
    "act 2: to the exec of containerd",
    "to containerd being ready",
)
# The first that fits a kernel function's name.
KINDS = (
    ("SHA-256: dm-verity, and what module signatures sign", r"sha256"),
    ("ECDSA: module signatures", r"vli_|ecc_|xycz_|ecdsa"),
    ("linking modules", r"find_kallsyms_symbol|orc_sort|sort_r|__write_relocate|check_version|layout_symtab"),
    ("LZ4: the root", r"LZ4"),
    ("xz: modules", r"lzma|dict_repeat|xz_|rc_|crc32"),
    ("zeroing and copying pages", r"clear_page|copy_mc_|copy_page|memset|memcpy|rep_movs"),
)
KERNEL = 0xFFFF800000000000


def load_symbols(console):
    symbols = []
    for line in open(console, errors="replace"):
        if match := re.search(r"kallsyms ([0-9a-f]+) (\S+)", line):
            symbols.append((int(match[1], 16), match[2]))
    symbols.sort()
    return [address for address, _ in symbols], [name for _, name in symbols]


def kind_of(function):
    for kind, pattern in KINDS:
        if re.match(pattern, function):
            return kind
    return "the rest of the kernel"


def main():
    console, blocks, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    addresses, names = load_symbols(console)
    if not addresses:
        sys.exit(f"profile: the machine printed no symbols (console: {console})")
    functions = [collections.Counter() for _ in PARTS]
    kinds = [collections.Counter() for _ in PARTS]
    for line in open(blocks):
        address, instructions, *executions = line.split()
        address = int(address, 16)
        for part in range(len(PARTS)):
            count = int(instructions) * int(executions[part])
            if count == 0:
                continue
            if address < KERNEL:
                kinds[part]["programs"] += count
                continue
            name = names[bisect.bisect(addresses, address) - 1]
            functions[part][name] += count
            kinds[part][kind_of(name)] += count
    for part, title in enumerate(PARTS):
        print(f"\n{title}: {sum(kinds[part].values()) / 1e6:.1f} million instructions\n")
        for kind, count in kinds[part].most_common():
            print(f"  {count / 1e6:8.1f}  {kind}")
        print()
        for name, count in functions[part].most_common(limit):
            print(f"  {count / 1e6:8.1f}    {name}")


if __name__ == "__main__":
    main()

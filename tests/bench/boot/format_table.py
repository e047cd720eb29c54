# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes one root after the other from the same tree, boots each, and writes a
table of how long containerd takes to start on it. Called by format-table.
"""

import dataclasses
import pathlib
import subprocess
import sys

import bench_boot

KIB = 1024
COLUMNS = ("act1_ms", "init_to_containerd_exec_ms", "containerd_exec_to_ready_ms")
EPOCH = "1767225600"
UUID = "6f726c6f-7020-4469-a36b-00000000000f"
SALT = "6f726c6f702062656e636820626f6f746f726c6f702062656e636820626f6f74"


@dataclasses.dataclass(frozen=True)
class Format:
    """What a root is made with."""

    compression: str = "lz4hc,9"  # mkfs.erofs -z; "" for none
    cluster: int = 64 * KIB  # mkfs.erofs -C
    extra: str = "ztailpacking"  # mkfs.erofs -E
    hash: str = "sha256"
    data_block: int = 4096
    hash_block: int = 4096


BASE = Format()


def with_(**changes):
    return dataclasses.replace(BASE, **changes)


COMPRESSIONS = (
    BASE,
    with_(compression="", extra=""),
    *(with_(cluster=size * KIB) for size in (4, 16, 32, 128, 256, 1024)),
    with_(compression="lz4hc,12"),
    *(with_(compression="zstd,15", cluster=size * KIB) for size in (16, 64, 256)),
    with_(compression="deflate,9"),
)
# Asked with the best compression of the above.
VERITY = (
    {"hash": "sha512"},
    {"data_block": 1024},
    {"hash_block": 1024},
    {"data_block": 1024, "hash_block": 1024},
)


def run(command, log):
    with open(log, "w") as file:
        subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=True)


def measure(top, directory, mkfs, format_):
    """Makes the root, boots it and returns (root MiB, hash tree MiB, metrics)."""
    root, verity = directory / "root.erofs", directory / "root.verity"
    for stale in (root, verity, directory / "roothash"):
        stale.unlink(missing_ok=True)
    command = [mkfs / "ld-linux-x86-64.so.2", "--library-path", mkfs, mkfs / "mkfs.erofs"]
    command += ["-x-1", "--all-root", "-T", EPOCH, "-U", UUID]
    if format_.compression:
        command += ["-z", format_.compression, "-C", str(format_.cluster)]
    if format_.extra:
        command += ["-E", format_.extra]
    run([*command, root, directory / "tree"], directory / "mkfs.log")
    run(
        [
            "veritysetup", "format", f"--hash={format_.hash}", f"--salt={SALT}", f"--uuid={UUID}",
            f"--data-block-size={format_.data_block}", f"--hash-block-size={format_.hash_block}",
            f"--root-hash-file={directory / 'roothash'}", root, verity,
        ],
        directory / "verity.log",
    )  # fmt: skip
    sizes = [path.stat().st_size / (1 << 20) for path in (root, verity)]
    run([top / "tests/bench/boot/make-disk", directory], directory / "disk.log")
    tail = (directory / "cmdline-tail").read_text()
    (directory / "cmdline").write_text(f"roothash={(directory / 'roothash').read_text()} {tail}")
    result = bench_boot.boot(top, directory, directory / "console.log")
    return (*sizes, bench_boot.metrics_of(result))


def row_of(format_, measured):
    cluster = f"{format_.cluster // KIB} KiB" if format_.compression else "-"
    row = [
        format_.compression or "none",
        cluster,
        format_.hash,
        f"{format_.data_block} / {format_.hash_block}",
    ]
    if isinstance(measured, str):
        return [*row, *["-"] * (2 + len(COLUMNS)), measured]
    root, verity, metrics = measured
    times = [f"{metrics[metric]:.0f}" for metric in COLUMNS]
    return [*row, f"{root:.1f}", f"{verity:.2f}", *times, f"{total_of(metrics):.0f}"]


def total_of(metrics):
    """What the format decides, and what it costs to get there: /init to ready."""
    return sum(metrics[metric] for metric in COLUMNS)


def main():
    top, side, directory, mkfs, output = sys.argv[1:]
    top, directory, mkfs = pathlib.Path(top), pathlib.Path(directory), pathlib.Path(mkfs)
    measured = {}

    def ask(format_):
        try:
            measured[format_] = measure(top, directory, mkfs, format_)
        except (bench_boot.BootFailed, subprocess.CalledProcessError) as error:
            bench_boot.say(f"{format_}: {error}")
            measured[format_] = "does not work"
        bench_boot.say("  ".join(row_of(format_, measured[format_])))

    def total(format_):
        if isinstance(measured[format_], str):
            return float("inf")
        return total_of(measured[format_][2])

    for format_ in COMPRESSIONS:
        ask(format_)
    best = min(measured, key=total)
    for changes in VERITY:
        ask(dataclasses.replace(best, **changes))

    head = [
        "compression", "cluster", "hash", "data / hash block", "root, MiB", "hash tree, MiB",
        "act 1, ms", "init to containerd exec, ms", "containerd exec to ready, ms", "sum, ms",
    ]  # fmt: skip
    lines = [
        "# The root's format and containerd's start",
        "",
        "Made by `tests/bench/boot/format-table`"
        + (f" --side {side}" if side != "orlop" else "")
        + ". One instruction is one nanosecond",
        "(`image/qemu --icount`), so time is the work of hashing and decompressing what is",
        "read of containerd's 54 MB; waiting for a disk is not in it.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * 4 + "---:|" * 6,
    ]
    fastest = min(measured, key=total)
    for format_, values in measured.items():
        row = row_of(format_, values)
        if format_ == fastest:
            row = [f"**{cell}**" for cell in row]
        lines.append("| " + " | ".join(row) + " |")
    pathlib.Path(output).write_text("\n".join(lines) + "\n")
    print(pathlib.Path(output).read_text())


if __name__ == "__main__":
    main()

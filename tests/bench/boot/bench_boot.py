# SPDX-License-Identifier: MIT OR Apache-2.0
"""Boots both sides of bench-boot, compares, prints the table, writes the records.

Called by tests/bench/boot/run, which makes the images. A boot is one QEMU under
image/qemu --icount; its result is the line that probe.c prints.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import cpio

SIDES = ("orlop", "systemd")
# One boot takes 15 to 60 seconds; a busy machine with two cores may be five times slower.
BOOT_DEADLINE_SECONDS = 600
RESULT = re.compile(r"^orlop-bench: result (\{.*\})\s*$", re.MULTILINE)
ERROR = re.compile(r"^orlop-bench: error (.*)$", re.MULTILINE)
# A module that the boot works without has to make it faster by this part of it.
SPEED_UP = 0.02
STAMPS = ("init", "pid1", "containerd", "ready")

# metric, unit, what Orlop's value may be of systemd's at most (None: no goal)
METRICS = (
    ("kernel_to_init_ms", "ms", None),
    ("act1_ms", "ms", 1 / 3),
    ("init_to_containerd_exec_ms", "ms", 1 / 20),
    ("containerd_exec_to_ready_ms", "ms", None),
    ("pss_outside_containerd_kib", "KiB", 1 / 10),
    ("processes_outside_containerd", "count", None),
)


class BootFailed(Exception):
    pass


def say(text):
    print(f"bench-boot: {text}", file=sys.stderr, flush=True)


def boot(top, image, log, *arguments, deadline=BOOT_DEADLINE_SECONDS):
    """Boots `image` once and returns what probe.c printed. The console goes to `log`."""
    command = [
        top / "image/qemu", "--icount", "--smp", "1", "--memory", "1024",
        "--image", image, "--serial", log, *arguments,
    ]  # fmt: skip
    log.unlink(missing_ok=True)
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=deadline,
            check=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise BootFailed(f"no end after {deadline} s (console: {log})") from None
    except subprocess.CalledProcessError as error:
        raise BootFailed(f"QEMU failed: {error.stderr.strip()}") from None
    text = log.read_text(errors="replace")
    if error := ERROR.search(text):
        raise BootFailed(f"{error[1].strip()} (console: {log})")
    result = RESULT.search(text)
    if not result:
        raise BootFailed(f"the machine ended without a result (console: {log})")
    return json.loads(result[1])


def metrics_of(result):
    """The six metrics of one boot."""
    stamps = result["stamps"]
    missing = [name for name in STAMPS if name not in stamps]
    if missing:
        raise BootFailed(f"no stamp of {', '.join(missing)}")
    init, pid1, containerd, ready = (stamps[name] / 1e6 for name in STAMPS)
    outside = [process for process in result["processes"] if not process["containerd"]]
    if len(outside) == len(result["processes"]):
        raise BootFailed("no containerd among the processes")
    return {
        "kernel_to_init_ms": init,
        "act1_ms": pid1 - init,
        "init_to_containerd_exec_ms": containerd - pid1,
        "containerd_exec_to_ready_ms": ready - containerd,
        "pss_outside_containerd_kib": sum(process["pss_kib"] for process in outside),
        "processes_outside_containerd": len(outside),
    }


def measure(top, out, side, runs):
    """Boots a side `runs` times. All have to agree to the nanosecond."""
    results = []
    for run in range(1, runs + 1):
        say(f"{side}: boot {run} of {runs}")
        results.append(boot(top, out / side, out / f"{side}-{run}.log"))
    times = [result["stamps"] for result in results]
    if any(other != times[0] for other in times):
        raise BootFailed(f"the runs differ, so the machine is not deterministic: {times}")
    return results[0]


def print_table(values, runs):
    rows = [("metric", "unit", *SIDES, "ratio", "goal", "")]
    missed = []
    for metric, unit, goal in METRICS:
        orlop, systemd = (values[side][metric] for side in SIDES)
        ratio = orlop / systemd
        verdict = ""
        if goal is not None:
            verdict = "met" if ratio <= goal else "MISSED"
            if ratio > goal:
                missed.append(metric)
        rows.append(
            (
                metric,
                unit,
                *(f"{value:.3f}" if unit == "ms" else str(value) for value in (orlop, systemd)),
                f"1/{1 / ratio:.1f}",
                f"1/{round(1 / goal)}" if goal else "-",
                verdict,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\nbench-boot: 1 instruction = 1 ns, {runs} identical runs of each side\n")
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    return missed


def print_processes(results):
    print("\nprocesses at rest (PSS in KiB; * in containerd's cgroup)\n")
    for side in SIDES:
        names = ", ".join(
            f"{process['name']}{'*' if process['containerd'] else ''} {process['pss_kib']}"
            for process in results[side]["processes"]
        )
        print(f"  {side}: {names}")


def module_name(path):
    """dm_mod of usr/lib/modules/.../dm-mod.ko.xz, or None."""
    match = re.fullmatch(r".*/([^/]+)\.ko(\.\w+)?", path)
    return match[1].replace("-", "_") if match else None


def check_modules(top, out, loaded, ready):
    """Boots Orlop without each of the modules that act 1 loaded. Returns those that it did not need.

    Only the file of the module is taken away: what the boot then lacks is that
    module, and nothing that hangs on it. It was needed if the boot comes to no
    result, or to one that is clearly later than `ready`, the time with it in ns:
    loading it is paid for by what it speeds up.
    """
    entries, packer = cpio.load(out / "orlop" / "initrd.img")
    shipped = {module_name(entry.name) for entry in entries} - {None}
    unneeded = []
    print("\nmodules that act 1 loads on this machine, and a boot without each\n")
    for module in loaded:
        if module not in shipped:
            print(f"  {module:20} NOT in the initramfs", flush=True)
            unneeded.append(module)
            continue
        initrd = out / "without-module.img"
        cpio.store(initrd, [e for e in entries if module_name(e.name) != module], packer)
        log = out / f"without-{module}.log"
        try:
            result = boot(
                top, out / "orlop", log, "--initrd", initrd, "--append", "orlop.root_timeout=5"
            )
        except BootFailed:
            console = log.read_text(errors="replace") if log.exists() else ""
            causes = [line for line in console.splitlines() if "orlop:" in line]
            cause = causes[-1].strip() if causes else "no message"
            print(f"  {module:20} needed: {cause[-100:]}", flush=True)
        else:
            later = result["stamps"]["ready"] - ready
            if later > SPEED_UP * ready:
                print(f"  {module:20} needed: containerd is ready {later / 1e6:.0f} ms later", flush=True)
            else:
                print(f"  {module:20} NOT NEEDED: the machine boots without it", flush=True)
                unneeded.append(module)
        initrd.unlink()
    return unneeded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--no-module-check", action="store_true")
    parser.add_argument("top", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("json", type=pathlib.Path)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs has to be at least 1")

    results, values = {}, {}
    for side in SIDES:
        try:
            results[side] = measure(options.top, options.out, side, options.runs)
            values[side] = metrics_of(results[side])
        except BootFailed as error:
            say(f"{side}: {error}")
            return 1

    records = [
        {
            "metric": metric,
            "unit": unit,
            "subject": side,
            "value": values[side][metric],
            "runs": options.runs,
        }
        for metric, unit, _ in METRICS
        for side in SIDES
    ]
    options.json.write_text(json.dumps(records, indent=1) + "\n")
    missed = print_table(values, options.runs)
    print_processes(results)

    unneeded = []
    if not options.no_module_check:
        loaded = results["orlop"]["act1_modules"].split()
        unneeded = check_modules(options.top, options.out, loaded, results["orlop"]["stamps"]["ready"])
    print(f"\nrecords: {options.json}")
    if missed:
        say(f"goal missed: {', '.join(missed)}")
    if unneeded:
        say(f"act 1 loads what it does not need: {', '.join(unneeded)}")
    return 1 if missed or unneeded else 0


if __name__ == "__main__":
    sys.exit(main())

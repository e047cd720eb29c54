# SPDX-License-Identifier: MIT OR Apache-2.0
"""Measures supervisors beside each other: see run. Who is told what is in peers.py."""
import argparse
import json
import math
import mmap
import os
import shutil
import signal
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(TOP / "tests/ns"))
# pylint: disable=wrong-import-position
import container  # noqa: E402
import chart  # noqa: E402
import peers  # noqa: E402

PLACE = struct.Struct("QQQQ")
PLACES = 4096
DEADLINE_S = 90
# A service that ran for less than its supervisor's floor waits; this much more is always enough.
SETTLE_S = 0.3
# Memory is what a supervisor has when nothing happens; Orlop gives back what it can after three seconds.
QUIET_S = 4
SIZES = (50, 200, 1000)
# Services that are killed for the restart columns, each once in a run.
KILLS = 150
FLOOD_KILLS = 100
# Of a supervisor whose restarts all take longer than this, so many.
SLOW_MS = 500
SLOW_KILLS = 15

# metric, unit, what it is
METRICS = (
    ("start_50_ms", "ms", "50 services have run main()"),
    ("start_200_ms", "ms", "200 services have run main()"),
    ("start_1000_ms", "ms", "1,000 services have run main()"),
    ("restart_p50_ms", "ms", "kill -9 to the new main(), median"),
    ("restart_p99_ms", "ms", "kill -9 to the new main(), 99th percentile"),
    ("anon_200_kib", "KiB", "anonymous memory of the tree, 200 services"),
    ("tree_pss_200_kib", "KiB", "PSS of the tree, 200 services"),
    ("loop_p99_ms", "ms", "as restart p99, while a service prints without end"),
)


class Gone(Exception):
    """The peer did not do what it was asked; says what."""


class Machine(container.Orlop):
    """A peer as PID 1 of its namespaces."""

    def __init__(self, directory, peer):
        self.peer = peer
        self.board = Path(tempfile.mkdtemp(prefix="orlop-bench-", dir="/dev/shm"))
        (self.board / "stamps").write_bytes(bytes(PLACE.size * PLACES))
        shutil.copy(TOP / "out/bench/supervisor/stamp", self.board / "stamp")
        with open(self.board / "stamps", "r+b") as file:
            self.places = mmap.mmap(file.fileno(), PLACE.size * PLACES)
        # Outside of the root, the way to the units that the root hides.
        setup = ("mkdir units.host b\nUNITS=$R/units.host; mount --bind /usr/lib/systemd/system units.host\n"
                 f"mount --bind {self.board} b\n{peer.setup()}")
        super().__init__(directory, peer.units(), setup=setup, command=f"/b/stamp begin {peer.command} >b/log 2>&1")

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.places.close()
        shutil.rmtree(self.board)

    def said(self):
        """The end of what it printed: into a file, so that nobody has to run to read it."""
        return (self.log + (self.board / "log").read_text(errors="replace"))[-2000:]

    def place(self, number):
        """(count, time in ns, pid)"""
        return PLACE.unpack_from(self.places, number * PLACE.size)[:3]

    def counts(self):
        return [self.place(i)[0] for i in range(1, self.peer.count + 1)]

    def wait_started(self):
        """Waits until every service has run main(). Returns the ms that took, from the supervisor's exec on."""
        end = time.monotonic() + DEADLINE_S
        while not all(self.counts()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise Gone(f"{sum(1 for c in self.counts() if c)} of {self.peer.count} services started\n{self.said()}")
            time.sleep(0.005)
        last = max(self.place(i)[1] for i in range(1, self.peer.count + 1))
        return (last - self.place(0)[1]) / 1e6

    def all_pids(self):
        """Of everything in the namespace, as the host sees it."""
        found = []
        for path, _, _ in os.walk(self.cgroup):
            try:
                text = (Path(path) / "cgroup.procs").read_text()
            except OSError:
                continue
            found += [int(pid) for pid in text.split() if int(pid) != self.process.pid]
        return found

    def host_pids(self):
        """From a pid inside to the one outside."""
        table = {}
        for pid in self.all_pids():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            inside = next(l for l in status.splitlines() if l.startswith("NSpid:")).split()[-1]
            table[int(inside)] = pid
        return table

    def restart(self, number, pid, floor_s):
        """Kills the service; ms until its new main()."""
        count = self.place(number)[0]
        began = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + floor_s + 20
        while self.place(number)[0] == count:
            if time.monotonic() > end:
                raise Gone(f"service {number} did not come back")
            time.sleep(0.0005)
        return (self.place(number)[1] - began) / 1e6

    def restarts(self, kills):
        """Kills @kills services, one at a time, each once, and all of them older than the floor."""
        time.sleep(self.peer.floor_s + SETTLE_S)
        table = self.host_pids()
        kills = min(kills, self.peer.count)
        step = self.peer.count // kills
        times = []
        for i in range(1, kills * step + 1, step):
            times.append(self.restart(i, table[self.place(i)[2]], self.peer.floor_s))
            # Who waits on purpose before each restart is not waited for that often.
            if len(times) == SLOW_KILLS and min(times) > SLOW_MS:
                break
        return times

    def memory(self):
        """KiB of all processes but the services: (anonymous, private dirty, PSS, processes)."""
        sums = {"Anonymous": 0, "Private_Dirty": 0, "Pss": 0}
        count = 0
        for pid in self.all_pids():
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() in ("stamp", "run", "flood"):
                    if os.readlink(f"/proc/{pid}/exe").endswith("/stamp"):
                        continue
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            count += 1
            for line in text.splitlines()[1:]:
                key, _, rest = line.partition(":")
                if key in sums:
                    sums[key] += int(rest.split()[0])
        return sums["Anonymous"], sums["Private_Dirty"], sums["Pss"], count


def percentile(values, share):
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def in_machine(peer, function):
    with tempfile.TemporaryDirectory(prefix="orlop-bench-") as directory:
        with Machine(directory, peer) as machine:
            return function(machine)


def measure(kind, sizes, results, memories):
    """One round of one peer: adds to @results, a dictionary of lists by metric."""
    def one_size(machine):
        size = machine.peer.count
        results.setdefault(f"start_{size}_ms", []).append(machine.wait_started())
        time.sleep(QUIET_S)
        memories.setdefault(size, []).append(machine.memory())
        if size == 200:
            results.setdefault("anon_200_kib", []).append(machine.memory()[0])
            results.setdefault("tree_pss_200_kib", []).append(machine.memory()[2])
            times = machine.restarts(KILLS)
            results.setdefault("restart_p50_ms", []).append(statistics.median(times))
            results.setdefault("restart_p99_ms", []).append(percentile(times, 0.99))

    def flooded(machine):
        machine.wait_started()
        results.setdefault("loop_p99_ms", []).append(percentile(machine.restarts(FLOOD_KILLS), 0.99))

    for size in sizes:
        in_machine(kind(size), one_size)
    in_machine(kind(FLOOD_KILLS, flood=True), flooded)


def drift(total):
    """@total restarts of Orlop's services. Returns lines that say what it was before and after."""
    def run(machine):
        machine.wait_started()
        table = machine.host_pids()
        pids = [0] + [table[machine.place(i)[2]] for i in range(1, machine.peer.count + 1)]
        times = []

        def state():
            pid = machine.pid
            anonymous = next(l for l in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                             if l.startswith("Anonymous:")).split()[1]
            return int(anonymous), len(os.listdir(f"/proc/{pid}/fd"))

        # The first round touches what is touched for the first time.
        for number in range(1, machine.peer.count + 1):
            machine.restart(number, pids[number], 0)
            pids[number] = machine.main_pid(f"svc-{number}.service")
        before = state()
        for i in range(total):
            number = i % machine.peer.count + 1
            times.append(machine.restart(number, pids[number], 0))
            pids[number] = machine.main_pid(f"svc-{number}.service")
        after = state()
        tenth = max(1, total // 10)
        return before, after, statistics.median(times[:tenth]), statistics.median(times[-tenth:])

    return in_machine(peers.Orlop(20), run)


def noise():
    """How far apart the same work takes on this machine: (median, p99) ms of fork and exit."""
    times = []
    for _ in range(200):
        began = time.monotonic_ns()
        pid = os.posix_spawn("/bin/true", ["true"], {})
        os.waitpid(pid, 0)
        times.append((time.monotonic_ns() - began) / 1e6)
    return statistics.median(times), percentile(times, 0.99)


def print_table(values, names):
    print(f"\n{'':18}" + "".join(f"{name:>11}" for name in names))
    for metric, unit, text in METRICS:
        row = [values[name].get(metric) for name in names]
        known = [v for v in row if v is not None]
        if not known:
            continue
        cells = "".join(f"{'-' if v is None else f'{v:.0f}' if v >= 100 else f'{v:.2f}':>10}"
                        + ("*" if v is not None and v == min(known) else " ") for v in row)
        print(f"{metric:18}{cells}  {unit:4} {text}")
    print("* first in its row")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("top")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--restarts", type=int, default=5000)
    parser.add_argument("--peers", default=",".join(p.name for p in peers.PEERS))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    sizes = SIZES[:2] if options.quick else SIZES
    kinds = [p for p in peers.PEERS if p.name in options.peers.split(",")]
    results = {p.name: {} for p in kinds}
    memories = {p.name: {} for p in kinds}
    absent = {}

    quiet = noise()
    for number in range(rounds):
        # In turn, so that what the machine does meanwhile hits all alike.
        for kind in kinds[number % len(kinds):] + kinds[:number % len(kinds)]:
            if kind.name in absent:
                continue
            print(f"round {number + 1}/{rounds}: {kind.name}", flush=True)
            try:
                measure(kind, sizes, results[kind.name], memories[kind.name])
            except (Gone, AssertionError, KeyError, OSError) as error:
                absent[kind.name] = f"{type(error).__name__}: {error}"
                print(f"  {kind.name}: {absent[kind.name]}", flush=True)

    names = [p.name for p in kinds]
    values = {name: {m: statistics.median(v) for m, v in results[name].items()} for name in names}
    print_table(values, names)
    print("\nmemory of the tree in KiB (processes): private dirty / PSS / anonymous")
    for name in names:
        for size, runs in sorted(memories[name].items()):
            anonymous, dirty, pss, count = (statistics.median(column) for column in zip(*runs))
            print(f"  {name:8} {size:5} services  {dirty:8.0f} / {pss:8.0f} / {anonymous:8.0f}   ({count:.0f})")
    if "orlop" in names and options.restarts > 0:
        before, after, first, last = drift(options.restarts)
        print(f"\ndrift of orlop over {options.restarts} restarts: anonymous {before[0]} -> {after[0]} KiB, "
              f"descriptors {before[1]} -> {after[1]}, median restart {first:.2f} -> {last:.2f} ms")
    loud = noise()
    print(f"noise: fork, exec and exit of a small program {quiet[0]:.2f} ms before, {loud[0]:.2f} ms after "
          f"(p99 {quiet[1]:.2f}, {loud[1]:.2f}); {os.cpu_count()} processors")
    for name, why in absent.items():
        print(f"\n{name} is incomplete: {why}")

    records = [{"metric": m, "unit": unit, "subject": name, "value": round(values[name][m], 3),
                "runs": len(results[name][m])}
               for m, unit, _ in METRICS for name in names if m in values[name]]
    (TOP / "out/bench/supervisor.json").write_text(json.dumps(records, indent=1) + "\n")
    (TOP / "out/bench/supervisor.svg").write_text(chart.draw(METRICS, names, values))
    print("\nrecords: out/bench/supervisor.json, chart: out/bench/supervisor.svg")
    return 1 if "orlop" in absent else 0


if __name__ == "__main__":
    sys.exit(main())

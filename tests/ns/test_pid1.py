# SPDX-License-Identifier: MIT OR Apache-2.0
"""PID 1 in namespaces: what it is to its children, and what it does when asked to end."""
import os
import signal
from pathlib import Path

import pytest

from container import Orlop, log_records, service, target, wait


@pytest.fixture
def run(tmp_path):
    """A function that starts Orlop with units; it ends with the test."""
    started = []

    def start(units, **options):
        machine = Orlop(tmp_path / f"machine-{len(started)}", units, **options)
        started.append(machine)
        return machine.__enter__()

    def make(units, **options):
        (tmp_path / f"machine-{len(started)}").mkdir()
        return start(units, **options)

    yield make
    for machine in started:
        machine.__exit__()


def test_container_mode_hc_17(run):
    """hc-17: knows that it is not the machine's PID 1, leaves the machine alone, ends with status 0."""
    machine = run({"test.target": target("a.service"), "a.service": service("exec sleep 1000")}).up()
    assert "in a container" in machine.log
    for phase in ("root", "etc", "clock", "state", "random", "devices"):
        assert f"\n{phase} " in "\n" + machine.read("/run/orlop/boot")
        line = next(l for l in machine.read("/run/orlop/boot").splitlines() if l.startswith(f"{phase} "))
        assert line.endswith(" skipped"), line
    machine.shut_down()
    assert "orlop: power-off" in machine.log


def test_sigterm_ends_a_container(run):
    """What docker stop sends."""
    machine = run({"test.target": target("a.service"), "a.service": service("exec sleep 1000")}).up()
    machine.shut_down(signal.SIGTERM)
    assert "a.service" in machine.log and "stopped" in machine.log


def test_standard_descriptors_closed_hc_18(run):
    """hc-18: started without descriptors 0 to 2, nothing else lands on them."""
    machine = run(
        {"test.target": target("a.service"), "a.service": service("echo up >/t/a; exec sleep 1000")},
        command="/orlop/orlop orlop.unit=test.target 0<&- 1>&- 2>&-",
    )
    machine.await_file("a", "up")
    fds = {int(fd.name): os.readlink(fd) for fd in Path(f"/proc/{machine.pid}/fd").iterdir()}
    assert {0, 1, 2} <= set(fds), fds
    for number in (0, 1, 2):
        assert fds[number].endswith(("/dev/console", "/dev/null")), fds


# What a careless parent leaves behind: every signal that can be ignored is, glibc's own 32 and 33 too.
IGNORE_ALL = """/usr/bin/python3 -c '
import ctypes, os, platform, struct
call = {"x86_64": 13, "aarch64": 134}[platform.machine()]
ignore = struct.pack("4Q", 1, 0, 0, 0)
for number in range(1, 65):
    ctypes.CDLL(None).syscall(call, number, ignore, None, 8)
os.execv("/orlop/orlop", ["orlop", "orlop.unit=test.target"])'"""


@pytest.mark.parametrize("command", [None, IGNORE_ALL], ids=["plain", "all-ignored"])
def test_signals_are_reset_hc_11(run, command):
    """hc-11: a service starts with nothing blocked and nothing ignored, whatever PID 1 itself was given."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("grep -E ^Sig /proc/self/status >/t/new; mv /t/new /t/a; exec sleep 1000"),
    }, command=command)
    masks = dict(line.split(":\t") for line in machine.await_file("a").splitlines() if line.startswith("Sig"))
    assert int(masks["SigBlk"], 16) == 0, masks
    # IgnoreSIGPIPE=yes is the default.
    assert int(masks["SigIgn"], 16) == 1 << 12, masks


def test_no_descriptors_leak_hc_23(run):
    """hc-23: a service has descriptors 0, 1 and 2, and no other."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nStandardOutput=journal\n"
                     "ExecStart=/bin/ls /proc/self/fd\n",
    }).up()
    # ls itself holds the directory open, on the next free number.
    machine.await_unit_log("a.service", r"\A0\n1\n2\n3\n\Z")


def test_500_children_at_once_hc_1(run):
    """hc-1: SIGCHLD coalesces; every one of many children that end together is reaped."""
    machine = run({
        "test.target": target("a.service"),
        # Orphans: each is a child of PID 1 by the time that it ends.
        "a.service": service(
            "mkfifo /run/go; for i in $(seq 500); do (sh -c 'read x </run/go' &) ; done;"
            " echo started >/t/a; exec sleep 1000"),
    })
    machine.await_file("a", "started")
    wait(lambda: len(machine.children()) >= 500, lambda: f"{len(machine.children())} children")
    machine.path("/run/go").open("w").close()
    wait(lambda: not [c for c in machine.children() if c[2] == "sh"], lambda: str(machine.children()))
    assert [c for c in machine.children() if c[1] == "Z"] == []


def test_orphan_storm_hc_3(run):
    """hc-3: double-forked orphans are reaped as they come, and none stays a zombie."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(
            "i=0; while [ $i -lt 2000 ]; do (true & ) ; i=$((i+1)); done; echo done >/t/a; exec sleep 1000"),
    })
    machine.await_file("a", "done")
    wait(lambda: [c for c in machine.children() if c[1] == "Z"] == [], lambda: str(machine.children()))
    fds = len(list(Path(f"/proc/{machine.pid}/fd").iterdir()))
    assert fds < 64, f"{fds} descriptors are open in PID 1"


def test_cgroup_layout_hc_40(run):
    """hc-40: PID 1 and each service sit in leaves; no inner node has processes."""
    machine = run({"test.target": target("a.service"), "a.service": service("exec sleep 1000")}).up()
    inner = (machine.cgroup / "cgroup.procs").read_text() + (machine.cgroup / "system.slice/cgroup.procs").read_text()
    # unshare, outside of the namespace, is the one that stays.
    assert inner.split() == [str(machine.process.pid)]
    assert str(machine.pid) in (machine.cgroup / "init.scope/cgroup.procs").read_text().split()
    assert len(machine.pids("a.service")) == 1


def test_born_in_the_cgroup_hc_41(run):
    """hc-41: even what a service forks first, and double-forks away, is in its cgroup, and dies with it."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("(sleep 1000 & echo $! >/t/grandchild &) ; exec sleep 1000"),
    }).up()
    machine.await_file("grandchild")
    pids = wait(lambda: len(machine.pids("a.service")) == 2 and machine.pids("a.service"),
                lambda: str(machine.pids("a.service")))
    machine.shut_down()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_frozen_cgroup_is_thawed_hc_43(run):
    """hc-43: a frozen service can be stopped."""
    machine = run({"test.target": target("a.service"), "a.service": service("exec sleep 1000")}).up()
    cgroup = machine.unit_cgroup("a.service")
    (cgroup / "cgroup.freeze").write_text("1")
    wait(lambda: "frozen 1" in (cgroup / "cgroup.events").read_text(), "it does not freeze")
    machine.shut_down()
    assert "timed out" not in machine.log


def test_machine_id_hc_68(run):
    """hc-68: a machine-id is made where there is none, a valid UUID of version 4."""
    machine = run({"test.target": target("a.service"), "a.service": service("exec sleep 1000")}).up()
    text = machine.read("/etc/machine-id")
    assert len(text) == 33 and text[12] == "4" and text[16] in "89ab", text
    int(text, 16)


def test_machine_id_and_hostname_from_the_command_line_hc_68(run):
    """hc-68: both can be given."""
    given = "0123456789abcdef0123456789abcdef"
    machine = run(
        {"test.target": target("a.service"), "a.service": service("hostname >/t/a; exec sleep 1000")},
        arguments=f"orlop.unit=test.target orlop.machine_id={given} orlop.hostname=deck.example",
    ).up()
    assert machine.read("/etc/machine-id") == given + "\n"
    assert machine.await_file("a", "\n") == "deck.example\n"


def test_reverse_order_hc_88(run):
    """hc-88: stops in the reverse of the order of starts; the log daemon is last and misses nothing."""
    def noisy(name, *unit):
        return service(f"trap 'echo {name} >>/t/order; echo last words of {name}; exit 0' TERM;"
                       f" while :; do sleep 1000 & wait; done", "Type=exec", unit=unit)

    machine = run({
        "test.target": target("a.service", "b.service", "c.service"),
        "a.service": noisy("a"),
        "b.service": noisy("b", "Requires=a.service", "After=a.service"),
        "c.service": noisy("c", "After=b.service"),
    }).up()
    for unit in "abc":
        # The trap is set once the shell has forked its sleep.
        wait(lambda unit=unit: len(machine.pids(f"{unit}.service")) == 2, "no sleep")
    root = os.open(machine.path("/"), os.O_PATH)
    machine.shut_down()
    assert (machine.shared / "order").read_text().split() == ["c", "b", "a"]
    stopped = [l.split()[1] for l in machine.log.splitlines() if l.endswith("stopped")]
    assert stopped[-1] == "orlop-logd.service", stopped
    for unit in "abc":
        texts = [r.text for r in log_records(f"/proc/self/fd/{root}/var/log/orlop") if r.unit == f"{unit}.service"]
        assert f"last words of {unit}" in texts
    os.close(root)


def test_at_sign_is_spared_hc_84(run):
    """hc-84: a process of root named @... is not signalled in act 3; one with another name is."""
    (run_file := """
import os, signal, sys
name = sys.argv[1]
if len(sys.argv) < 3:
    os.execv("/usr/bin/python3", [name, "/t/p.py", name, "again"])
signal.signal(signal.SIGTERM, lambda *_: open(f"/t/termed-{name}", "w"))
open(f"/t/there-{name}", "w")
while True:
    signal.pause()
""")
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("while ! [ -e /t/p.py ]; do sleep 0.1; done; python3 /t/p.py @storage & "
                             "python3 /t/p.py ordinary & exec sleep 1000", "KillMode=process"),
    })
    (machine.shared / "p.new").write_text(run_file)
    (machine.shared / "p.new").rename(machine.shared / "p.py")
    machine.up()
    machine.await_file("there-@storage")
    machine.await_file("there-ordinary")
    machine.shut_down()
    assert (machine.shared / "termed-ordinary").exists()
    assert not (machine.shared / "termed-@storage").exists()


def test_stronger_wish_wins_hc_86(run):
    """hc-86: a power-off that is under way is not turned into a reboot."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("trap 'echo >/t/asked; while ! [ -e /t/go ]; do sleep 0.1; done; exit 0' TERM;"
                             " while :; do sleep 1000 & wait; done", "TimeoutStopSec=infinity"),
    }).up()
    wait(lambda: len(machine.pids("a.service")) == 2, "no sleep")
    machine.kill(signal.SIGRTMIN + 4)
    machine.await_file("asked")
    machine.kill(signal.SIGRTMIN + 5)
    machine.kill(signal.SIGRTMIN + 6)
    (machine.shared / "go").touch()
    machine.wait()
    assert machine.log.rstrip().splitlines()[-2] == "orlop: power-off", machine.log


def test_stubborn_service_is_killed_hc_35(run):
    """hc-35: who ignores SIGTERM gets SIGKILL when TimeoutStopSec= is over."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("trap '' TERM; echo >/t/ready; while :; do sleep 1000; done", "TimeoutStopSec=1"),
    }).up()
    machine.await_file("ready")
    machine.shut_down()
    assert "a.service: timed out in stop-sigterm" in machine.log


def test_pid_1_lives_when_nothing_can_be_started(run):
    """A failing unit is named; the machine is up all the same."""
    machine = run({
        "test.target": target("missing.service", "a.service"),
        "missing.service": "[Service]\nExecStart=/no/such/program\n",
        "a.service": service("exec sleep 1000"),
    }).up()
    machine.expect(r"missing.service: exec /no/such/program: No such file or directory \(is the package in the image")
    assert machine.process.poll() is None


def test_stuck_shutdown_is_ended_hc_85(run):
    """hc-85: when PID 1 itself does not get on, the monitor ends it all the same."""
    machine = run(
        {"test.target": target("a.service"),
         "a.service": service("trap 'echo >/t/asked' TERM; echo >/t/ready; while :; do sleep 1000 & wait; done",
                              "TimeoutStopSec=infinity")},
        arguments="orlop.unit=test.target orlop.shutdown_timeout=2",
    ).up()
    machine.await_file("ready")
    machine.kill(signal.SIGRTMIN + 4)
    machine.await_file("asked")
    # Only an ancestor namespace can do this to a PID 1.
    machine.kill(signal.SIGSTOP)
    machine.wait()
    assert "orlop: the shutdown is stuck; power-off by force" in machine.log


def test_readiness_decides_what_comes_after(run):
    """Type=notify: a unit ordered after it starts when it said READY=1, and not before."""
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": service("while ! [ -e /t/go ]; do sleep 0.1; done; systemd-notify --ready; exec sleep 1000",
                             "Type=notify", "NotifyAccess=all"),
        "b.service": service("echo >/t/b; exec sleep 1000", unit=("After=a.service",)),
    })
    wait(lambda: machine.pids("a.service"), "a.service does not start")
    assert not (machine.shared / "b").exists()
    (machine.shared / "go").touch()
    machine.await_file("b")
    machine.up()


def test_restart_leaves_the_rest_alone_hc_37(run):
    """hc-37: KillMode=process: main is killed and comes back, its other processes live on."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("[ -e /t/shim ] || { setsid sleep 1000 & echo $! >/t/shim; }; exec sleep 2000",
                             "KillMode=process", "Restart=always", "RestartSec=0"),
    }).up()
    machine.await_file("shim")

    def sleeper(seconds):
        for pid in machine.pids("a.service"):
            try:
                if f"sleep\0{seconds}\0" in Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
            except (FileNotFoundError, ProcessLookupError):
                continue
        return None

    shim = wait(lambda: sleeper(1000), "no shim")
    main = wait(lambda: sleeper(2000), "no main process")
    os.kill(main, signal.SIGKILL)
    again = wait(lambda: sleeper(2000) not in (None, main) and sleeper(2000), "main does not come back")
    assert again != main
    assert sleeper(1000) == shim


def test_log_daemon_comes_back(run):
    """What is printed while the log daemon is dead waits in the pipe; only what it held in hand can be lost."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; echo end; exec sleep 1000"),
    })
    for _ in range(3):
        os.kill(machine.main_pid("orlop-logd.service"), signal.SIGKILL)
    machine.await_unit_log("a.service", r"^end$")
    lines = [l for l in machine.unit_log("a.service").splitlines() if l.startswith("line ")]
    assert lines[-1] == "line 2999"
    # In hand is one read(2) of 8 KiB, some 800 lines of these, for each time that it was killed.
    missing = set(f"line {i}" for i in range(3000)) - set(lines)
    assert len(missing) <= 3 * 820, f"{len(missing)} lines are missing"


def test_cycle_is_named_and_left_out_hc_47(run):
    """hc-47: units that wait for each other are reported with the whole circle; the boot goes on."""
    machine = run({
        "test.target": target("a.service", "b.service", "c.service"),
        "a.service": service("exec sleep 1000", unit=("After=b.service",)),
        "b.service": service("exec sleep 1000", unit=("After=a.service",)),
        "c.service": service("exec sleep 1000"),
    }).up()
    machine.expect(r"units wait for each other in a circle: .*a\.service after b\.service|b\.service after a\.service")
    assert machine.pids("c.service")


def test_faults_in_unit_files_are_named(run):
    """A wrong line is named with file, number and the nearest directive; the lines around it count."""
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": "[Service]\nExecStrat=/bin/true\nRestart=sometimes\nExecStart=/bin/sleep 1000\n",
        "b.service": "ExecStart=/bin/true\n",
    }).up()
    machine.expect(r"a\.service:2: ExecStrat=/bin/true.*did you mean ExecStart=")
    machine.expect(r"a\.service:3: Restart=sometimes: no, on-success")
    machine.expect(r"b\.service:1: .*before the first \[Section\]")
    assert machine.pids("a.service")

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Services with real processes: what they are given, how they come back, and what becomes of what they print."""
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from container import Orlop, service, target, wait
from control_client import orlopctl


@pytest.fixture
def run(tmp_path):
    """A function that starts Orlop with units; it ends with the test."""
    started = []

    def start(units, **options):
        directory = tmp_path / f"machine-{len(started)}"
        directory.mkdir()
        machine = Orlop(directory, units, **options)
        started.append(machine)
        return machine.__enter__()

    yield start
    for machine in started:
        machine.__exit__()


class Strace:
    """strace on PID 1 from outside: faults that it is to meet, calls that it is to do without."""

    def __init__(self, machine, *options):
        self.log = machine.directory / "strace"
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["strace", "-p", str(machine.pid), "-o", str(self.log), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        line = self.process.stderr.readline()
        if "attached" not in line:
            pytest.skip(f"strace cannot be used here: {line}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)


def started(machine, unit, count):
    """Waits until the unit has reported that it runs for the count'th time; its main pid."""
    machine.await_file(f"runs-{unit}", "x" * count)
    return machine.main_pid(f"{unit}.service")


# Says that it runs, and that again after each restart.
DAEMON = "printf x >>/t/runs-a; exec sleep 1000"


def test_restart_after_kill_hc_27(run):
    """hc-27: Restart=always brings a killed service back, each time as a new process in the same cgroup."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(DAEMON, "Restart=always", "RestartSec=10ms", unit=["StartLimitBurst=0"]),
    }).up()
    seen = set()
    for count in range(1, 6):
        pid = started(machine, "a", count)
        assert pid not in seen
        seen.add(pid)
        os.kill(pid, signal.SIGKILL)
    started(machine, "a", 6)
    assert machine.log.count("was killed by SIGKILL") == 5


def test_start_limit_hc_27(run):
    """hc-27: a service that fails at once is given up after StartLimitBurst= starts, and says why nothing more comes."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("printf x >>/t/runs-a; exit 1", "Restart=on-failure", "RestartSec=1ms",
                             unit=["StartLimitBurst=3", "StartLimitIntervalSec=1h"]),
    })
    machine.await_file("runs-a", "xxx")
    # What comes after the third failure is no fourth start: the log has three exits, and PID 1 is at rest.
    wait(lambda: machine.log.count("exited with code 1") == 3, lambda: machine.log)
    machine.shut_down()
    assert (machine.shared / "runs-a").read_text() == "xxx"


def test_main_process_only_hc_37(run):
    """hc-37: KillMode=process ends main alone; its children live on, also through the next start."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("[ -e /t/child ] || { sleep 1000 & echo $! >/t/child; }; " + DAEMON,
                             "KillMode=process", "Delegate=yes", "Restart=always", "RestartSec=1ms"),
    }).up()
    started(machine, "a", 1)
    # By their order in time: the shell, which became the main process, forked the child.
    main, child = sorted(wait(lambda: len(machine.pids("a.service")) == 2 and machine.pids("a.service"), "no child"))
    os.kill(main, signal.SIGKILL)
    machine.await_file("runs-a", "xx")
    wait(lambda: len(machine.pids("a.service")) == 2, lambda: str(machine.pids("a.service")))
    assert child in machine.pids("a.service")
    assert main not in machine.pids("a.service")


def test_log_daemon_crash_loses_nothing(run):
    """SIGKILL for orlop-logd, again and again, while a service prints: each line is in the log, once and in order."""
    lines = 3000
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; done;"
                             " echo >/t/done; exec sleep 1000"),
    }).up()
    for _ in range(3):
        os.kill(machine.main_pid("orlop-logd.service"), signal.SIGKILL)
    machine.await_file("done")
    machine.await_unit_log("a.service", f"^line {lines}$")
    numbers = [int(n) for n in re.findall(r"^line (\d+)$", machine.unit_log("a.service"), re.MULTILINE)]
    # What the dying daemon had read and not written is all that may be missing: what was in the pipe is there.
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == lines


def test_endless_output_is_bounded_hc_21(run):
    """hc-21: a service that never stops printing costs a bounded amount of disk, and PID 1 nothing."""
    machine = run({
        "test.target": target("yes.service", "a.service"),
        "yes.service": "[Service]\nExecStart=/usr/bin/yes\n",
        "a.service": service(DAEMON, "Restart=always", "RestartSec=1ms", unit=["StartLimitBurst=0"]),
    }).up()
    wait(lambda: machine.unit_log("yes.service").count("y\n") >= 10000, "its first lines are not kept")
    # Meanwhile PID 1 does its work.
    for count in range(1, 4):
        os.kill(started(machine, "a", count), signal.SIGKILL)
    started(machine, "a", 4)
    # Ten thousand lines in half a minute are kept, the rest is counted (tests/ns/test_logs.py).
    files = list(machine.path("/var/log/orlop").glob("*/*.log"))
    assert sum(path.stat().st_size for path in files) < 4 << 20


def test_no_allocation_after_boot_hc_45(run):
    """hc-45: services are started, die, come back and are stopped, and PID 1 asks the kernel for no memory."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(DAEMON, "Restart=always", "RestartSec=1ms", unit=["StartLimitBurst=0"]),
    }).up()
    pid = started(machine, "a", 1)
    with Strace(machine, "-e", "trace=brk,mmap,mremap,clone3") as strace:
        for count in range(2, 22):
            os.kill(pid, signal.SIGKILL)
            pid = started(machine, "a", count)
    calls = strace.log.read_text()
    assert calls.count("clone3(") >= 20, calls
    assert not re.search(r"\b(brk|mmap|mremap)\(", calls), calls


def test_no_memory_after_boot_hc_45(run):
    """hc-45: a kernel that gives PID 1 no memory any more costs nothing."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(DAEMON, "Restart=always", "RestartSec=1ms", unit=["StartLimitBurst=0"]),
    }).up()
    pid = started(machine, "a", 1)
    with Strace(machine, "-e", "inject=brk,mmap,mremap:error=ENOMEM"):
        for count in range(2, 5):
            os.kill(pid, signal.SIGKILL)
            pid = started(machine, "a", count)


@pytest.mark.parametrize("fault", [
    "waitid:error=EINTR:when=1..3",  # hc-7
    "clone3:error=EAGAIN:when=1..2",  # hc-8
    "pipe2:error=EMFILE:when=1..2",  # hc-24
])
def test_faults_hc_7_hc_8_hc_24(run, fault):
    """hc-7, hc-8, hc-24: calls that fail cost a try of the service, never PID 1."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(DAEMON, "Restart=always", "RestartSec=1ms", unit=["StartLimitBurst=0"]),
    }).up()
    pid = started(machine, "a", 1)
    with Strace(machine, "-e", f"inject={fault}") as strace:
        os.kill(pid, signal.SIGKILL)
        started(machine, "a", 2)
    assert "(INJECTED)" in strace.log.read_text()
    assert machine.process.poll() is None


def test_settings_reach_the_process(run):
    """Limits, umask, nice, OOM score, environment, directory and streams, as the process itself sees them."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(
            "{ pwd; umask; ulimit -Sn; ulimit -Hn; nice; cat /proc/self/oom_score_adj; echo $A/$B;"
            " readlink /proc/self/fd/0; readlink /proc/self/fd/2; } >/t/new; mv /t/new /t/a; exec sleep 1000",
            "WorkingDirectory=/usr", "UMask=0027", "LimitNOFILE=100:200", "Nice=5", "OOMScoreAdjust=300",
            'Environment="A=two words" B=%n', "StandardError=null"),
    })
    assert machine.await_file("a").splitlines() == [
        "/usr", "0027", "100", "200", "5", "300", "two words/a.service", "/dev/null", "/dev/null"]


def test_exec_failures_hc_9(run):
    """hc-9: why a program cannot be executed is said, with what to do."""
    machine = run({
        "test.target": target("missing.service", "denied.service", "format.service"),
        "missing.service": "[Service]\nExecStart=/no/such/program\n",
        "denied.service": "[Service]\nExecStart=/etc/passwd\n",
        "format.service": "[Service]\nExecStart=/t/garbage\n",
    }, setup='echo garbage >"$T/shared/garbage"; chmod 755 "$T/shared/garbage"')
    machine.expect(r"missing.service: exec /no/such/program: No such file or directory \(")
    machine.expect(r"denied.service: exec /etc/passwd: Permission denied \(")
    machine.expect(r"format.service: exec /t/garbage: Exec format error \(")


def test_commands_in_order(run):
    """ExecStartPre= (failing, with a dash), ExecStart=, ExecStartPost=, ExecStop= and ExecStopPost=, one after the other."""
    def say(word):
        return f"/bin/sh -c \"echo {word} >>/t/order\""

    machine = run({
        "test.target": target("a.service"),
        "a.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStartPre=-/bin/false\n"
                     f"ExecStartPre={say('pre')}\nExecStart={say('one')}\nExecStart={say('two')}\n"
                     f"ExecStartPost={say('post')}\nExecStop={say('stop')}\nExecStopPost={say('stop-post')}\n",
    }).up()
    assert (machine.shared / "order").read_text().split() == ["pre", "one", "two", "post"]
    machine.shut_down()
    assert (machine.shared / "order").read_text().split() == ["pre", "one", "two", "post", "stop", "stop-post"]


NOTIFY = r"""
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/run/orlop/notify")
for word in sys.argv[1:]:
    if word == "BARRIER=1":
        r, w = os.pipe()
        s.sendmsg([word.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [w]))])
        os.close(w)
        # The other side answers by closing its copy.
        os.read(r, 1)
        open("/t/barrier", "w").close()
    else:
        s.send(word.encode())
"""


def test_notify_hc_30_hc_31(run):
    """hc-30, hc-31: READY=1 makes a service ready, a barrier is let go, and what a dying sender said counts."""
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": service("echo there >/t/a; python3 /t/notify.py READY=1 BARRIER=1; exec sleep 1000",
                             "Type=notify", "NotifyAccess=all"),
        "b.service": service("ls /t >/t/new; mv /t/new /t/b; exec sleep 1000",
                             unit=["Requires=a.service", "After=a.service"]),
    }, setup=f"cat >\"$T/shared/notify.py\" <<'END'\n{NOTIFY}END\n").up()
    machine.await_file("barrier")
    machine.await_file("b")
    machine.expect(r"a\.service .* ready")


def test_notify_of_others_is_ignored_hc_32(run):
    """hc-32: what another service's process says does not make this one ready, nor changes its main process."""
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": service("echo >/t/a; exec sleep 1000", "Type=notify"),
        "b.service": service("python3 /t/notify.py READY=1 MAINPID=1 READY=1; echo >/t/sent; exec sleep 1000"),
    }, setup=f"cat >\"$T/shared/notify.py\" <<'END'\n{NOTIFY}END\n")
    machine.await_file("a")
    machine.await_file("sent")
    machine.expect(r"b\.service: process \d+ may not notify")
    assert not re.search(r"a\.service .* ready", machine.log)
    assert not re.search(r"^orlop: up in", machine.log, re.MULTILINE)


def test_circles_and_faults_hc_47(run):
    """hc-47: units in a circle and faulty lines are named, with file and line, and the rest of the boot goes on."""
    machine = run({
        "test.target": "[Unit]\nWants=a.service b.service c.service d.service\n",
        "a.service": service("exec sleep 1000", unit=["After=b.service"]),
        "b.service": service("exec sleep 1000", unit=["After=a.service"]),
        "c.service": service("echo >/t/c; exec sleep 1000", "Restrat=always"),
        "d.service": "[Unit]\nDescription=nothing to run\n",
    })
    machine.await_file("c")
    machine.up()
    machine.expect(r"units wait for each other in a circle: .* is left out")
    machine.expect(r"c\.service:\d+: Restrat=always.*did you mean Restart=")
    machine.expect(r"d\.service: has no ExecStart=")


def test_container_without_kmsg_hc_17(run):
    """hc-17: a container has no /dev/kmsg; the log daemon runs all the same."""
    machine = run(
        {"test.target": target("a.service"), "a.service": service("echo hello; exec sleep 1000")},
        setup="umount -l dev\nmount -t tmpfs -o mode=755 dev dev\n"
              "mknod dev/null c 1 3; mknod dev/zero c 1 5; mknod dev/urandom c 1 9; chmod 666 dev/*",
    ).up()
    machine.await_unit_log("a.service", "^hello$")
    assert not Path(machine.path("/dev/kmsg")).exists()


# --- PIDFile= ---------------------------------------------------------------

# The daemon is told when to say who it is.
FORKS = "(read line </t/go; sh -c 'echo $PPID' >/t/pid.new; mv /t/pid.new /t/pid; exec sleep 1000) & exit 0"


def test_stale_pid_file_is_not_believed_hc_48(run):
    """A file from before names another service's process: not that one is main, but who the daemon says later. And it is removed."""
    other = service("echo $$ >/t/other; exec sleep 1000")
    forks = service(FORKS, "Type=forking", "PIDFile=/t/pid", "ExecStartPre=/bin/sh -c 'cat /t/other >/t/pid; mkfifo /t/go'",
                    unit=("After=other.service", "Requires=other.service"))
    machine = run({"test.target": target("forks.service"), "other.service": other, "forks.service": forks})
    machine.expect(r"forks.service: PIDFile=/t/pid: names a process that is not the service's")
    before = machine.main_pid("other.service")
    (machine.shared / "go").write_text("now\n")
    machine.up()
    wait(lambda: len(machine.pids("forks.service")) == 1, machine.log)
    (daemon,) = machine.pids("forks.service")
    inside = re.search(r"^NSpid:.*\s(\d+)$", Path(f"/proc/{daemon}/status").read_text(), re.MULTILINE)[1]
    assert (machine.shared / "pid").read_text().strip() == inside
    os.kill(daemon, signal.SIGKILL)
    machine.expect(r"forks.service: main process \d+ was killed by SIGKILL")
    wait(lambda: not (machine.shared / "pid").exists(), "the PID file is still there")
    assert machine.pids("other.service") == [before]


# --- conditions -------------------------------------------------------------

# A file system in user space whose user space never answers.
HANG = """
import ctypes, os, sys
os.makedirs("/hang", exist_ok=True)
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0".encode()
if ctypes.CDLL(None, use_errno=True).mount(b"hang", b"/hang", b"fuse", 0, options) != 0:
    raise OSError(ctypes.get_errno(), "mount")
print("mounted", flush=True)
sys.stdin.read()
"""


def test_condition_on_a_file_system_that_hangs_hc_10(run):
    """PID 1 does not ask itself: the unit is skipped after a moment, and everybody else goes on."""
    machine = run({
        "test.target": target("b.service"),
        "a.service": service("exit 0", unit=("ConditionPathExists=/hang/file",)),
        "b.service": service("printf x >>/t/runs-b; exec sleep 1000", "Restart=always", "RestartSec=1ms", unit=("StartLimitBurst=0",)),
    }, setup="mkdir -p dev hang; test -e dev/fuse || mknod dev/fuse c 10 229")
    machine.up()
    # pylint: disable=consider-using-with
    hang = subprocess.Popen(machine.inside("/usr/bin/python3", "-c", HANG),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if "mounted" not in hang.stdout.readline():
            pytest.skip(f"no FUSE here: {hang.stderr.read().splitlines()[-1]}")
        orlopctl(machine, "start", "--no-block", "a.service")
        machine.expect(r"ConditionPathExists=/hang/file: no answer from the file system within 2 s; taken as not met")
        machine.expect(r"a.service .* skipped: a condition is not met")
        os.kill(machine.main_pid("b.service"), signal.SIGKILL)
        machine.await_file("runs-b", "xx")
    finally:
        # The end of its input is its own, and that of the file system.
        hang.communicate(timeout=60)

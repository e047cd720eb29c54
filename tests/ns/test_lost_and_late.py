# SPDX-License-Identifier: MIT OR Apache-2.0
"""What PID 1 hears late, not at all, or too often: exits, signs of life, floods of notifications; and the fd store."""
import os
import signal
import time

import pytest

from container import service, target, wait
from control_client import orlopctl
from test_services import Strace, run, started  # noqa: F401 pylint: disable=unused-import

PYTHON = "/usr/bin/python3"
DAEMON = "printf x >>/t/runs-a; exec sleep 1000"

NOTIFY = """\
import os, socket, sys, time
def notify(text, *fds):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(os.environ["NOTIFY_SOCKET"])
        socket.send_fds(s, [text.encode()], fds)
"""

PINGS = NOTIFY + """\
notify("READY=1")
open("/t/pings", "w").write(str(os.getpid()))
while True:
    notify("WATCHDOG=1")
    time.sleep(0.1)
"""

SILENT = NOTIFY + """\
notify("READY=1")
time.sleep(1000)
"""

FLOOD = NOTIFY + """\
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
open("/t/floods", "w").write("x")
while True:
    s.send(b"X_NOTHING=1")
"""

# Stores both ends of a pipe, one of them non-blocking (one alone would hang up and be dropped), and finds them in its next life.
STORE = NOTIFY + """\
if os.environ.get("LISTEN_FDS") == "2":
    flags = "non-blocking" if not os.get_blocking(3) else "blocking"
    text = os.read(3, 100).decode()
    open("/t/found", "w").write(f"{os.environ['LISTEN_FDNAMES']} {flags} {text}")
    time.sleep(1000)
r, w = os.pipe()
os.set_blocking(r, False)
os.write(w, b"kept")
notify("FDSTORE=1\\nFDNAME=mine", r)
notify("FDSTORE=1\\nFDNAME=other", w)
notify("FDSTORE=1\\nFDNAME=gone", os.open("/dev/null", os.O_RDONLY))
notify("FDSTOREREMOVE=1\\nFDNAME=gone")
notify("READY=1")
open("/t/stored", "w").write(str(os.getpid()))
time.sleep(1000)
"""


def script(name, *lines):
    """A service that runs one of the scripts."""
    return "\n".join(["[Service]", f"ExecStart={PYTHON} /t/{name}.py", "NotifyAccess=all", *lines, ""])


@pytest.fixture
def machine_of(run):  # noqa: F811
    """Starts Orlop, puts the scripts there, and then starts the units that need them."""
    def make(units, scripts, *start):
        machine = run({"test.target": target("first.service"), "first.service": service("exec sleep 1000"), **units}).up()
        for name, text in scripts.items():
            (machine.shared / f"{name}.py").write_text(text)
        for unit in start:
            orlopctl(machine, "start", "--no-block", unit, check=0)
        return machine

    return make


def test_children_of_an_exited_main_process_hc_2(run):  # noqa: F811
    """hc-2: a main process ends and leaves children of its process group: they are ended as well, none is a zombie."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("sleep 1000 & sleep 1001 & printf x >>/t/runs-a; exit 0", "Restart=no"),
    })
    machine.await_file("runs-a", "x")
    wait(lambda: not machine.pids("a.service"), lambda: machine.log)
    wait(lambda: not [child for child in machine.children() if child[1] == "Z"], "zombies are left")


def test_a_wait_that_finds_nothing_hc_6(run):  # noqa: F811
    """hc-6: the wait(2) after SIGCHLD comes back empty, as if the signal were lost: the exit is noticed all the same."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(DAEMON, "Restart=always", "RestartSec=1ms", unit=["StartLimitBurst=0"]),
    }).up()
    pid = started(machine, "a", 1)
    with Strace(machine, "-e", "inject=waitid:retval=0:when=1") as strace:
        os.kill(pid, signal.SIGKILL)
        wait(lambda: "INJECTED" in strace.log.read_text(), "the fault was not injected")
        # Any next event of any kind will do.
        os.kill(machine.pid, signal.SIGWINCH)
        started(machine, "a", 2)


def test_signs_of_life_while_pid_1_stands_still_hc_33(machine_of):
    """hc-33: PID 1 stands still for longer than WatchdogSec=: a service that gave signs of life meanwhile is not killed."""
    machine = machine_of({"a.service": script("pings", "Type=notify", "WatchdogSec=1s")}, {"pings": PINGS}, "a.service")
    pid = machine.await_file("pings")
    for _ in range(3):
        os.kill(machine.pid, signal.SIGSTOP)
        time.sleep(3)  # what is tested is that time passes
        os.kill(machine.pid, signal.SIGCONT)
        assert orlopctl(machine, "is-active", "a.service").stdout.strip() == "active"
    assert machine.await_file("pings") == pid
    assert "no sign of life" not in machine.log


def test_a_flood_of_notifications_saves_no_watchdog(machine_of):
    """Others send as fast as they can, so that there is always something unread: who hangs is killed in spite of it."""
    machine = machine_of(
        {"a.service": script("silent", "Type=notify", "WatchdogSec=2s"), "flood@.service": script("flood", "Type=exec")},
        {"silent": SILENT, "flood": FLOOD}, "flood@1.service", "flood@2.service", "flood@3.service", "a.service")
    machine.await_file("floods")
    machine.expect(r"a\.service: watchdog: it gave no sign of life in time")


def test_stored_descriptors_are_kept_as_they_are(machine_of):
    """FDSTORE=1 keeps a descriptor over a restart under its name, with its flags; FDSTOREREMOVE=1 gives it up."""
    machine = machine_of({"a.service": script("store", "Type=notify", "FileDescriptorStoreMax=4", "Restart=always",
                                              "RestartSec=1ms")}, {"store": STORE}, "a.service")
    pid = int(machine.await_file("stored"))
    os.kill(machine.main_pid("a.service"), signal.SIGKILL)
    assert machine.await_file("found") == "mine:other non-blocking kept", pid

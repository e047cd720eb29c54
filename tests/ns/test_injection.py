# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every system call that PID 1 makes while it starts, restarts and stops a service, made to fail.

Which calls there are is not written down here but taken from a trace of the same work. Whatever fails, PID 1
lives and has no zombies, the service is in a state that one can name, and it comes up again afterwards.
A sample of that with make check, all of it with ORLOP_FULL=1.
"""
import os
import re
import signal
import time

import pytest

from container import Orlop, service, target, wait
from tracing import Strace, has_control, orlopctl

FULL = os.environ.get("ORLOP_FULL") == "1"
# Of the sample: seconds after which what is left is left to the full run.
BUDGET_S = 60

# What may come of a call by its manual page, on a machine in trouble.
ERRORS = {
    "accept4": ["EMFILE", "ECONNABORTED"],
    "clone3": ["EAGAIN", "ENOMEM", "EBUSY"],
    "epoll_ctl": ["ENOMEM", "ENOSPC"],
    "epoll_pwait": ["EINTR"],
    "epoll_wait": ["EINTR"],
    "fcntl": ["EMFILE"],
    "getdents64": ["ENOENT", "EIO"],
    "inotify_add_watch": ["ENOSPC", "ENOMEM"],
    "inotify_rm_watch": ["EINVAL"],
    "mkdir": ["ENOSPC", "ENOMEM", "EROFS"],
    "mkdirat": ["ENOSPC", "ENOMEM", "EROFS"],
    "openat": ["EMFILE", "ENFILE", "ENOMEM", "ENOENT", "EACCES"],
    "pidfd_send_signal": ["ESRCH", "EPERM"],
    "pipe2": ["EMFILE", "ENFILE"],
    "read": ["EAGAIN", "EIO", "EINTR"],
    "recvmsg": ["EAGAIN", "EINTR", "ENOMEM"],
    "rmdir": ["EBUSY"],
    "sendmsg": ["EAGAIN", "ENOBUFS", "EPIPE"],
    "unlinkat": ["EBUSY", "ENOENT"],
    "waitid": ["EINTR"],
    "write": ["EAGAIN", "EIO", "ENOSPC"],
    "writev": ["EAGAIN", "EIO"],
}
# Of any other call.
USUAL = ["ENOMEM"]
# Cannot fail with what PID 1 gives them, and close(2) closes whatever it says: strace would leave it open.
INFALLIBLE = {"close", "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "timerfd_settime", "getpid", "clock_gettime",
              "gettimeofday", "umask", "restart_syscall", "exit_group", "getuid", "geteuid"}
# A failure of these costs the service its start, and nobody may have to guess why.
TOLD = {"clone3": "cannot make a process", "pipe2": "cannot make a process|no pipe for its output"}


@pytest.fixture
def machine(tmp_path):
    """PID 1 with one service that says when it runs, and comes back whatever becomes of it."""
    units = {
        "test.target": target("a.service"),
        "a.service": service("printf x >>/t/runs; exec sleep 1000", "Restart=always", "RestartSec=1ms",
                             "ExecStartPre=/bin/true", "ExecStopPost=/bin/true", unit=["StartLimitIntervalSec=0"]),
    }
    with Orlop(tmp_path, units) as started:
        yield started.up()


def runs(machine):
    return len((machine.shared / "runs").read_text())


def main_process(machine):
    """Its pid once the shell has become the program."""
    def ready():
        for pid in machine.pids("a.service"):
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                if file.read() == "sleep\n":
                    return pid
        return None

    def look():
        try:
            return ready()
        except (FileNotFoundError, ProcessLookupError):
            return None

    return wait(look, lambda: f"the service does not run:\n{machine.log[-3000:]}")


def crash(machine):
    """Kills the service and waits until it runs again."""
    before = runs(machine)
    os.kill(main_process(machine), signal.SIGKILL)
    wait(lambda: runs(machine) > before, lambda: f"it does not come back:\n{machine.log[-3000:]}")
    return main_process(machine)


def work(machine):
    """Restart by itself, and, where there is orlopctl, stop and start; a refusal is an answer, too."""
    crash(machine)
    if has_control():
        orlopctl(machine, "stop", "a.service")
        orlopctl(machine, "start", "a.service")


def settle(machine):
    """After the fault is gone: running, by itself or because somebody asks."""
    if has_control():
        wait(lambda: orlopctl(machine, "start", "a.service") == 0, lambda: f"cannot be started:\n{machine.log[-3000:]}")
    return crash(machine)


def faults(machine):
    """(call, error, which occurrence), those that the sample must have first."""
    with Strace(machine) as trace:
        work(machine)
    counts = trace.counts()
    assert {"clone3", "waitid", "epoll_wait", "openat", "read"} <= set(counts), counts
    single, more = [], []
    for call, count in sorted(counts.items()):
        if call in INFALLIBLE:
            continue
        for number, error in enumerate(ERRORS.get(call, USUAL)):
            for when in range(1, count + 1):
                (single if number == 0 and when == 1 else more).append((call, error, when))
    if not FULL:
        # Spread over all of them: a stride that shares no factor with a power of two.
        more = more[::max(1, len(more) // 40)]
        # Without these two no service would ever be seen to start or to end.
        single.sort(key=lambda fault: fault[0] not in ("clone3", "waitid"))
    return single + more


def check(machine, fault):
    call, error, when = fault
    seen = len(machine.lines)
    with Strace(machine, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}") as trace:
        work(machine)
    text = f"{call}:{error}:{when}"
    assert machine.process.poll() is None, f"{text}: PID 1 is gone"
    settle(machine)
    wait(lambda: not [c for c in machine.children() if c[1] == "Z"], lambda: f"{text}: zombies: {machine.children()}")
    wait(lambda: len(machine.pids("a.service")) == 1, lambda: f"{text}: {machine.pids('a.service')}")
    if call in TOLD and "(INJECTED)" in trace.text:
        assert re.search(TOLD[call], "\n".join(machine.lines[seen:])), f"{text}: nobody says why\n{machine.log[-2000:]}"
    return "(INJECTED)" in trace.text


def test_every_call_may_fail_hc_7_hc_8_hc_24_hc_45(machine):
    """hc-7, hc-8, hc-24, hc-45: no call that fails costs more than a try of the service."""
    end = time.monotonic() + BUDGET_S
    tried, met = set(), 0
    for fault in faults(machine):
        if not FULL and time.monotonic() > end:
            break
        met += check(machine, fault)
        tried.add(fault[0])
    # A trace of other work may have a call less; most of them must have been met.
    assert met >= len(tried) // 2, f"only {met} faults were met of {sorted(tried)}"
    assert {"clone3", "waitid"} <= tried
    descriptors = len(os.listdir(f"/proc/{machine.pid}/fd"))
    assert descriptors < 64, f"{descriptors} descriptors are open in PID 1"


def test_faults_that_last_hc_8_hc_24(machine):
    """hc-8, hc-24: as long as nothing can be forked or opened the service waits; then it comes back by itself."""
    for fault in ("clone3:error=EAGAIN", "pipe2:error=EMFILE", "clone3:error=ENOMEM"):
        before = runs(machine)
        pid = main_process(machine)
        with Strace(machine, "-e", f"trace={fault.split(':', maxsplit=1)[0]}", "-e", f"inject={fault}") as trace:
            os.kill(pid, signal.SIGKILL)
            # It tries again and again, and says so each time.
            wait(lambda: trace.text.count("(INJECTED)") >= 5, lambda: machine.log[-2000:])
            assert runs(machine) == before
        wait(lambda: runs(machine) > before, lambda: f"{fault}: it does not come back\n{machine.log[-2000:]}")
        main_process(machine)


def test_shutdown_with_faults_hc_7_hc_24(machine):
    """hc-7, hc-24: the end comes also when no file can be opened and waiting is interrupted."""
    machine_pid = machine.pid
    with Strace(machine, "-e", "trace=openat,waitid", "-e", "inject=openat:error=EMFILE:when=1+3",
                "-e", "inject=waitid:error=EINTR:when=1+2"):
        os.kill(machine_pid, signal.SIGRTMIN + 4)
        machine.wait()
    assert "power-off" in machine.log

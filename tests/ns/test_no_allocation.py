# SPDX-License-Identifier: MIT OR Apache-2.0
"""PID 1 in its loop: it takes no memory, and makes no call that could keep it waiting.

Both are shown over the same workload: services that start, crash, come back, notify, stop being wanted, print,
leave orphans; signals; requests of orlopctl, and units read anew, where there is orlopctl.
"""
import os
import platform
import re
import signal
from pathlib import Path

import pytest

from container import TOP, Orlop, service, target, wait
from tracing import Strace, has_control, orlopctl

GUARDED = Path(os.environ.get("ORLOP_NS_PROGRAMS", TOP / "out" / platform.machine() / "tests/ns")) / "orlop-allocation-guard"
ROUNDS = 200 if os.environ.get("ORLOP_FULL") == "1" else 15

UNITS = {
    "test.target": target("crash.service", "loop.service", "notify.service", "broken.service", "print.service"),
    # Killed from outside, again and again.
    "crash.service": service("printf x >>/t/crash; exec sleep 1000", "Restart=always", "RestartSec=1ms",
                             "ExecStartPre=/bin/true", "ExecStopPost=/bin/true", unit=["StartLimitIntervalSec=0"]),
    # Ends by itself, with orphans left behind.
    "loop.service": service("(true &); printf x >>/t/loop; sleep 0.05; exit 3", "Restart=always", "RestartSec=50ms",
                            unit=["StartLimitIntervalSec=0"]),
    "notify.service": service("systemd-notify --ready --status=well; printf x >>/t/notify; sleep 0.1", "Type=notify",
                              "NotifyAccess=all", "Restart=always", "RestartSec=50ms", unit=["StartLimitIntervalSec=0"]),
    "broken.service": "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/no/such/program\nRestart=always\nRestartSec=100ms\n",
    "print.service": service("i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000"),
}


def workload(machine, rounds):
    """@rounds crashes, and all the rest meanwhile."""
    def size(name):
        path = machine.shared / name
        return path.stat().st_size if path.exists() else 0

    before = {name: size(name) for name in ("loop", "notify")}
    for number in range(rounds):
        seen = size("crash")
        for pid in machine.pids("crash.service"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait(lambda seen=seen: size("crash") > seen, lambda: f"crash.service does not come back\n{machine.log[-3000:]}")
        machine.kill(signal.SIGHUP)
        if has_control() and number % 3 == 0:
            for words in (["list"], ["status", "loop.service"], ["stop", "print.service"], ["start", "print.service"],
                          ["restart", "loop.service"], ["status", "no-such.service"], ["daemon-reload"], ["kill", "print.service"]):
                orlopctl(machine, *words)
    wait(lambda: all(size(name) > was for name, was in before.items()), lambda: f"not everything runs\n{machine.log[-3000:]}")


def guarded(tmp_path, environment=""):
    return Orlop(tmp_path, UNITS, setup=f'cp {GUARDED} "$R/guarded"',
                 command=f"/usr/bin/env {environment} /guarded orlop.unit=test.target")


def test_nothing_is_allocated_hc_45(tmp_path):
    """hc-45: a build that ends at the first malloc, free, mmap or sbrk of PID 1 in its loop lives through it all."""
    with guarded(tmp_path) as machine:
        workload(machine, ROUNDS)
        assert machine.process.poll() is None, machine.log
        machine.shut_down()
        assert not re.search("allocation guard.*", machine.log), re.search("allocation guard.*", machine.log)[0]
        assert "orlop: power-off" in machine.log


def test_the_guard_bites_hc_45(tmp_path):
    """hc-45: the same build does end when something is allocated."""
    with guarded(tmp_path, "ALLOCATION_GUARD=self-test") as machine:
        machine.expect("allocation guard: PID 1 called malloc")
        assert machine.wait() == 99


# By name: calls that never wait for anybody but the kernel itself.
NEVER_BLOCK = {
    "access", "bind", "brk", "chmod", "chown", "clock_gettime", "clone3", "close", "close_range", "dup", "dup2", "dup3",
    "epoll_ctl", "epoll_create1", "faccessat", "faccessat2", "fchmod", "fchmodat", "fchown", "fchownat", "fstat", "fstatfs",
    "ftruncate", "getdents64", "geteuid", "getpid", "getrandom", "getrlimit", "getsockname", "getsockopt", "gettid", "getuid",
    "inotify_add_watch", "inotify_init1", "inotify_rm_watch", "kill", "lgetxattr", "getxattr", "fgetxattr", "lseek", "lstat",
    "madvise", "memfd_create", "mkdir", "mkdirat", "newfstatat", "pidfd_open", "pidfd_send_signal", "pipe2", "prctl",
    "prlimit64", "readlink", "readlinkat", "rename", "renameat", "renameat2", "rmdir", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "setsockopt", "setxattr", "socket", "socketpair", "stat", "statfs", "statx", "symlink", "symlinkat",
    "timerfd_settime", "umask", "uname", "unlink", "unlinkat", "utimensat", "waitpid_nohang", "listen", "shutdown", "chdir",
    "fchdir", "getpgid", "getsid", "sched_yield", "fcntl", "ioctl", "getcwd", "epoll_wait", "epoll_pwait", "restart_syscall",
}
# By name and flag: calls that may wait unless told not to.
FLAGGED = {
    "waitid": "WNOHANG", "wait4": "WNOHANG", "recvmsg": "MSG_DONTWAIT", "sendmsg": "MSG_DONTWAIT", "recvfrom": "MSG_DONTWAIT",
    "sendto": "MSG_DONTWAIT", "accept4": "SOCK_NONBLOCK", "signalfd4": "SFD_NONBLOCK", "timerfd_create": "TFD_NONBLOCK",
}
# Files of the kernel, and what is on a tmpfs or a verified root: opening, reading and writing these waits for nobody.
KERNEL_FILE = re.compile(r"</(proc|sys)/|</run/|</dev/(null|kmsg)|</etc/|anon_inode:|<(inotify|/memfd)")
# A path that is opened by name where the descriptor's own path says less.
KERNEL_PATH = re.compile(r'"/(proc|sys|run|dev/null|dev/kmsg|etc|usr/lib)(/|")')


def blocking(calls, nonblocking_fds):
    """Lines that could have waited."""
    found = []
    for name, line in calls:
        if name in NEVER_BLOCK:
            continue
        if name in FLAGGED:
            if FLAGGED[name] not in line:
                found.append(line)
        elif name in ("openat", "open", "openat2"):
            # A directory of cgroups or a file in it; everything else must say that it does not wait.
            if "O_NONBLOCK" not in line and not KERNEL_PATH.search(line) and not KERNEL_FILE.search(line):
                found.append(line)
        elif name in ("read", "write", "writev", "readv", "pread64", "pwrite64"):
            fd = re.match(r"[a-z0-9]+\((\d+)<", line)
            if not KERNEL_FILE.search(line.split(",")[0]) and not (fd and int(fd[1]) in nonblocking_fds):
                found.append(line)
        else:
            found.append(f"{line}   (not on the list of calls at all)")
    return found


def nonblocking(machine):
    """Descriptors of PID 1 that are O_NONBLOCK."""
    fds = set()
    for path in Path(f"/proc/{machine.pid}/fdinfo").iterdir():
        try:
            flags = next(l for l in path.read_text().splitlines() if l.startswith("flags:"))
        except OSError:
            continue
        if int(flags.split()[1], 8) & os.O_NONBLOCK:
            fds.add(int(path.name))
    return fds


def test_no_call_may_block_hc_45(tmp_path):
    """Each call of a long workload is one that never waits, by its name, its flags, or what it is used on."""
    with Orlop(tmp_path, UNITS) as machine:
        wait(lambda: (machine.shared / "crash").exists(), lambda: machine.log)
        # What was opened in this time and is closed again was made non-blocking by the call that opened it.
        with Strace(machine, "-y", "-s", "80") as trace:
            workload(machine, ROUNDS)
            fds = nonblocking(machine)
        # Paths as PID 1 sees them; the last line may be of a call that strace left in the middle.
        calls = [(name, line.replace(str(machine.root), "")) for name, line in trace.calls() if "<detached" not in line]
        opened = {int(m[1]) for name, line in calls if name == "openat" and "O_NONBLOCK" in line
                  and (m := re.search(r"= (\d+)<", line))}
        pipes = {int(n) for name, line in calls if name == "pipe2" and "O_NONBLOCK" in line
                 for n in re.findall(r"(\d+)<pipe", line)}
        found = blocking(calls, fds | opened | pipes)
        assert len(calls) > 50 * ROUNDS, len(calls)
        assert not found, "\n".join(sorted(set(found))[:40])
        print("\n".join(f"{count:7} {name}" for name, count in trace.counts().most_common()))


@pytest.mark.parametrize("call", ["pause()", 'openat(AT_FDCWD, "/var/log/x", O_RDONLY|O_CLOEXEC) = 5</var/log/x>',
                                  "waitid(P_ALL, 0, {}, WEXITED, NULL) = 0", 'read(9<pipe:[1]>, "", 5) = 0'])
def test_the_list_bites(call):
    """What would wait is found."""
    assert blocking([(call.partition("(")[0], call)], set())

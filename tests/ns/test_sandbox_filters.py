# SPDX-License-Identifier: MIT OR Apache-2.0
"""System calls, devices and cgroups: what a confined service is refused, tried by the service itself."""
import os
import subprocess
from pathlib import Path

import pytest

from container import wait
from test_sandbox import main, run, status  # noqa: F401  pylint: disable=unused-import
from test_sandbox_mounts import probe, tried

# Calls made by number from a program without a library between: "NAME RESULT", an errno or "ok".
PROGRAM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRY(name, call) (errno = 0, printf("%s %s\n", name, (long)(call) != -1 ? "ok" : strerrorname_np(errno)))

int main(void)
{
	struct sched_param param = { .sched_priority = 1 };
	int fd = open("/t/mode", O_CREAT | O_RDWR, 0644);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TRY("inet", socket(AF_INET, SOCK_DGRAM, 0));
	TRY("unix", socket(AF_UNIX, SOCK_DGRAM, 0));
	TRY("packet", socket(AF_PACKET, SOCK_DGRAM, 0));
	TRY("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	TRY("unshare-uts", unshare(CLONE_NEWUTS));
	TRY("unshare-net", unshare(CLONE_NEWNET));
	TRY("clone3", syscall(SYS_clone3, NULL, 0));
	TRY("realtime", sched_setscheduler(0, SCHED_FIFO, &param));
	TRY("setuid", fchmod(fd, 04755));
	TRY("chmod", fchmod(fd, 0755));
	TRY("wx", (long)mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	TRY("mprotect", mprotect(page, 4096, PROT_READ | PROT_EXEC));
	TRY("personality", personality(PER_LINUX32));
	TRY("hostname", sethostname("x", 1));
	TRY("module", syscall(SYS_delete_module, "orlop-no-such-module", 0));
	TRY("settime", syscall(SYS_clock_settime, -1, NULL));
	TRY("syslog", syscall(SYS_syslog, 10, NULL, 0));
	TRY("chroot", chroot("/"));
	TRY("getpid", getpid());
	return 0;
}
"""


@pytest.fixture(scope="session", name="calls")
def fixture_calls(tmp_path_factory):
    path = tmp_path_factory.mktemp("calls")
    (path / "calls.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-o", path / "calls", path / "calls.c"], check=True)
    return path / "calls"


@pytest.fixture(name="attempt")
def fixture_attempt(run, calls):
    """Runs the program in a service, and returns the machine and what each call came to."""

    def start(*lines):
        machine = run(*lines, command="/usr/bin/env -i /t/calls >/t/tried",
                      setup=f"cp {calls} t/calls\n")
        return machine, tried(machine)

    return start


@pytest.mark.parametrize("line, refused", [
    ("RestrictAddressFamilies=AF_UNIX AF_NETLINK", {"inet": "EAFNOSUPPORT", "packet": "EAFNOSUPPORT"}),
    ("RestrictAddressFamilies=~AF_PACKET", {"packet": "EAFNOSUPPORT"}),
    ("RestrictAddressFamilies=none", {name: "EAFNOSUPPORT" for name in ("inet", "unix", "packet", "netlink")}),
    ("RestrictNamespaces=yes", {"unshare-uts": "EPERM", "unshare-net": "EPERM", "clone3": "ENOSYS"}),
    ("RestrictNamespaces=~net", {"unshare-net": "EPERM", "clone3": "ENOSYS"}),
    ("RestrictRealtime=yes", {"realtime": "EPERM"}),
    ("RestrictSUIDSGID=yes", {"setuid": "EPERM"}),
    ("MemoryDenyWriteExecute=yes", {"wx": "EPERM", "mprotect": "EPERM"}),
    ("LockPersonality=yes", {"personality": "EPERM"}),
    ("ProtectHostname=yes", {"hostname": "EPERM"}),
    ("ProtectKernelModules=yes", {"module": "EPERM"}),
    ("ProtectKernelLogs=yes", {"syslog": "EPERM"}),
    ("ProtectClock=yes", {"settime": "EPERM"}),
    ("SystemCallFilter=~chroot:EXDEV @module:ENOTTY", {"chroot": "EXDEV", "module": "ENOTTY"}),
    ("SystemCallFilter=~@mount\nSystemCallErrorNumber=ENOMEM", {"chroot": "ENOMEM"}),
    ("SystemCallFilter=@system-service @mount @clock @module sethostname syslog\nSystemCallFilter=~chroot\n"
     "SystemCallErrorNumber=EUCLEAN", {"chroot": "EUCLEAN"}),
    ("SystemCallArchitectures=native", {}),
])
def test_filters(attempt, line, refused):
    """Each directive refuses what it is for, with systemd's errno, and nothing else."""
    free = {"inet": "ok", "unix": "ok", "packet": "ok", "netlink": "ok", "unshare-uts": "ok", "unshare-net": "ok",
            "clone3": "EINVAL", "setuid": "ok", "chmod": "ok", "wx": "ok", "mprotect": "ok", "personality": "ok",
            "hostname": "ok", "syslog": "ok", "chroot": "ok", "getpid": "ok"}
    machine, result = attempt(*line.split("\n"))
    # What these say when they are not refused depends on the kernel, and on what the test may do.
    for name in {"realtime", "module", "settime"} - set(refused):
        result.pop(name)
    assert result == {**free, **refused}
    s = status(main(machine))
    assert s["Seccomp"] == "2"
    assert s["NoNewPrivs"] == "0"


def test_filter_kills(run):
    machine = run("SystemCallFilter=~mkdir mkdirat", command="mkdir /t/directory; echo $? >/t/status")
    # 128 and SIGSYS.
    assert (machine.shared / "status").read_text().strip() == "159"


@pytest.mark.parametrize("line, implied", [("SystemCallFilter=~@mount", "0"), ("SystemCallFilter=~@privileged", "1")])
def test_filter_of_a_user(run, line, implied):
    """no_new_privs is implied for a user only where the filter could not be loaded otherwise; no capability stays."""
    s = status(main(run("User=alice", line)))
    assert s["NoNewPrivs"] == implied
    assert s["Seccomp"] == "2"
    assert int(s["CapEff"], 16) == int(s["CapPrm"], 16) == 0


def test_exec_failure_behind_filter_hc_09(run):
    """hc-9: the failure of exec is told though the filter allows hardly anything."""
    machine = run("SystemCallFilter=@default", text="[Service]\nSystemCallFilter=@default\nExecStart=/missing\n", done=False)
    machine.expect(r"a.service: exec /missing: No such file or directory")


# ---- devices ----

def test_device_policy(run):
    """DevicePolicy= and DeviceAllow=: by node, by group of /proc/devices; read-only is read-only."""
    machine = run("DevicePolicy=closed", "DeviceAllow=/dev/kmsg r", "DeviceAllow=char-mem r", "DeviceAllow=char-rtc rw",
                  setup="mknod t/mem c 1 1; mknod t/random c 1 8; mknod t/loop b 7 0; mknod t/tty c 5 0; mknod t/vcs c 7 0\n",
                  command=probe(("null", "sh -c 'echo x >/dev/null'"), ("random", "head -c 1 /t/random"),
                                ("loop", "head -c 0 /t/loop"), ("block", "mknod /t/new b 7 1"),
                                ("char", "mknod /t/null c 1 3"), ("vcs", "sh -c ': </t/vcs'"),
                                ("mem-write", "sh -c ': >>/t/mem'")))
    assert tried(machine) == {"null": "yes", "random": "yes", "loop": "no", "block": "no", "char": "yes", "vcs": "no",
                              "mem-write": "no"}


def test_device_policy_strict(run):
    machine = run("DevicePolicy=strict", "StandardInput=null",
                  command="{ echo null $(: </dev/zero && echo yes || echo no); } >/t/tried", done=False)
    # PID 1's child opens /dev/null for standard input itself: denied as well, and said so.
    machine.expect(r"a.service: open standard input /dev/null: Operation not permitted")


# ---- cgroups ----

def test_slices_hc_40(run):
    """hc-40: no inner node has processes; a-b.slice is in a.slice, and PID 1 in a leaf of its own."""
    machine = run("Slice=outer-inner.slice")
    leaf = machine.cgroup / "outer.slice/outer-inner.slice/a.service"
    pids = wait(lambda: (leaf / "cgroup.procs").read_text().split(), "not in its slice")
    assert len(pids) == 1
    for path, _, _ in os.walk(machine.cgroup):
        if os.path.basename(path).endswith(".slice"):
            assert (Path(path) / "cgroup.procs").read_text() == "", path
    os.kill(int(pids[0]), 15)
    wait(lambda: not leaf.exists(), "the leaf stays")


def test_delegation_hc_40_hc_42(run):
    """hc-40: a delegated leaf belongs to the user; with DelegateSubgroup= the service is in a group below.

    hc-42: killed, the leaf goes with all groups that were made in it.
    """
    text = "\n".join(["[Service]", "User=alice", "Delegate=yes", "DelegateSubgroup=main", "ExecStart=/bin/sh /t/script",
                      "ExecStartPost=/bin/sh -c 'cat /proc/self/cgroup >/t/control'", ""])
    machine = run(text=text, command="mkdir /sys/fs/cgroup/system.slice/a.service/mine && echo yes >/t/made")
    assert machine.await_file("made") == "yes\n"
    leaf = machine.unit_cgroup("a.service")
    assert (leaf / "cgroup.procs").stat().st_uid == 1200
    assert (leaf / "cgroup.procs").read_text() == ""
    assert (leaf / "main/cgroup.procs").read_text() != ""
    machine.await_file("control", "\n")
    assert "/system.slice/a.service/.control" in (machine.shared / "control").read_text()
    os.kill(int((leaf / "main/cgroup.procs").read_text().split()[0]), 9)
    wait(lambda: not leaf.exists(), "the leaf stays")


def test_cgroup_attach_hc_41(run):
    """hc-41: a service that forks at once and whose parent is gone has all its processes in its leaf."""
    machine = run(command="for i in 1 2 3 4 5; do (sleep 1000 & ) ; done")
    wait(lambda: len(machine.pids("a.service")) == 6, "not six processes")
    os.kill(machine.main_pid("a.service"), 15)
    wait(lambda: not machine.unit_cgroup("a.service").exists(), "the leaf stays")

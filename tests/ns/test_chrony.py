# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian's chrony, run by the unit file that its package ships, with its whole sandbox."""
import shutil
import subprocess
from pathlib import Path

import pytest

import packaged
from container import Orlop, target, wait
from test_sandbox import main, mounts, namespace, status

# Its configuration names no server that could be asked.
SETUP = packaged.installed(users=["_chrony"], groups=["_chrony"]) + r"""
mkdir -p etc/chrony etc/default
printf '%s\n' 'local stratum 10' 'driftfile /var/lib/chrony/chrony.drift' 'cmdport 0' 'port 12300' \
	'bindaddress 127.0.0.1' 'pidfile /run/chrony/chronyd.pid' >etc/chrony/chrony.conf
"""

DROPPED = ("audit_control audit_read audit_write block_suspend kill lease linux_immutable mac_admin mac_override mknod "
           "sys_admin sys_boot sys_chroot sys_module sys_pacct sys_ptrace sys_rawio sys_tty_config wake_alarm").split()
NUMBERS = {name: number for number, name in enumerate(
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
    "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin "
    "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override "
    "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore".split())}


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """A function that starts Orlop with chrony.service, and returns it and chronyd's /proc/PID."""
    started = []

    def run(options):
        units = packaged.units("chrony", "chrony.service")
        # Started as root, which chronyd gives up itself: the prefix and the settings that the test is about.
        text = units["chrony.service"]
        assert "ExecStart=!/usr/sbin/chronyd" in text and "ProtectSystem=strict" in text
        directory = tmp_path / f"machine-{len(started)}"
        directory.mkdir()
        setup = SETUP + f"echo 'DAEMON_OPTS=\"{options}\"' >etc/default/chrony\n"
        machine = Orlop(directory, {"test.target": target("chrony.service"), **units}, setup=setup)
        started.append(machine)
        machine.__enter__()
        machine.up()
        uid = str(packaged.account("passwd", "_chrony"))
        return machine, wait(lambda: next((process for process in map(process_of, machine.pids("chrony.service"))
                                           if is_daemon(process, uid)), None), lambda: machine.log)

    yield run
    for machine in started:
        machine.__exit__()


def process_of(pid):
    return Path(f"/proc/{pid}")


def is_daemon(process, uid):
    try:
        s = status(process)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return s["Name"] == "chronyd" and s["Uid"].split()[0] == uid


def test_chrony_confined(run):
    """chronyd runs by its unmodified unit: user, capabilities, filters, mounts and devices as the file says."""
    machine, daemon = run("-F 1")
    uid = packaged.account("passwd", "_chrony")
    s = status(daemon)
    assert s["Seccomp"] == "2" and int(s["Seccomp_filters"]) >= 3
    bounds = int(s["CapBnd"], 16)
    for name in DROPPED:
        assert not bounds >> NUMBERS[name] & 1, name
    assert bounds >> NUMBERS["sys_time"] & 1
    assert int(s["CapEff"], 16) & ~(1 << NUMBERS["sys_time"] | 1 << NUMBERS["net_bind_service"]) == 0

    seen = mounts(daemon)
    assert seen["/"][0][0] == "ro"
    assert seen["/run"][0][0] == "rw"
    assert seen["/var/lib/chrony"][0][0] == "rw" and seen["/var/log/chrony"][0][0] == "rw"
    assert seen["/home"][0][0] == "ro" and seen["/root"][0][0] == "ro"
    assert "/tmp" in seen and "/var/tmp" in seen
    assert seen["/sys/fs/cgroup"][0][0] == "ro"
    super_options = [line for line in (daemon / "mountinfo").read_text().splitlines() if line.split()[4] == "/proc"][-1]
    assert "hidepid=invisible" in super_options and "subset=pid" in super_options
    other = main(machine, "orlop-logd.service")
    for kind in ("mnt", "uts"):
        assert namespace(daemon, kind) != namespace(other, kind)
    for path, mode in (("/run/chrony", 0o700), ("/var/lib/chrony", 0o750), ("/var/log/chrony", 0o750)):
        st = machine.path(path).stat()
        assert (st.st_uid, st.st_mode & 0o7777) == (uid, mode), path
    programs = subprocess.run(["bpftool", "cgroup", "list", machine.unit_cgroup("chrony.service")],
                              capture_output=True, text=True, check=False) if shutil.which("bpftool") else None
    assert programs is None or "device" in programs.stdout


def test_chrony_new_privileges(run):
    """The unit asks for filters, not for NoNewPrivileges=: root needs none to load them. Only chronyd's own filter has it set."""
    _, daemon = run("-F 0")
    without = status(daemon)
    assert without["NoNewPrivs"] == "0" and without["Seccomp"] == "2"
    _, daemon = run("-F 1")
    wait(lambda: status(daemon)["NoNewPrivs"] == "1", lambda: str(status(daemon)))
    wait(lambda: int(status(daemon)["Seccomp_filters"]) == int(without["Seccomp_filters"]) + 1, lambda: str(status(daemon)))

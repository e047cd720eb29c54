# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian's chrony, run by the unit file that its package ships, with its whole sandbox."""
import re
import subprocess
from pathlib import Path

import pytest

from container import Orlop, target, wait
from test_sandbox import main, mounts, namespace, status

UNIT = Path("/usr/lib/systemd/system/chrony.service")
if not UNIT.exists():
    UNIT = Path("/lib/systemd/system/chrony.service")

# Everything that the package makes when it is installed, but no server that could be asked.
SETUP = r"""
grep ^_chrony /etc/passwd >>etc/passwd || exit 1
grep ^_chrony /etc/group >>etc/group || exit 1
mkdir -p etc/chrony etc/default var/lib var/log var/spool var/tmp var/cache home root boot sys
cp /etc/default/chrony etc/default/
printf '%s\n' 'local stratum 10' 'driftfile /var/lib/chrony/chrony.drift' 'cmdport 0' 'port 12300' \
	'bindaddress 127.0.0.1' 'pidfile /run/chrony/chronyd.pid' >etc/chrony/chrony.conf
chmod 1777 tmp var/tmp
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
"""

DROPPED = ("audit_control audit_read audit_write block_suspend kill lease linux_immutable mac_admin mac_override mknod "
           "sys_admin sys_boot sys_chroot sys_module sys_pacct sys_ptrace sys_rawio sys_tty_config wake_alarm").split()
NUMBERS = {name: number for number, name in enumerate(
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
    "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin "
    "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override "
    "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore".split())}


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    if not UNIT.exists():
        pytest.skip("the package chrony is not installed")
    text = UNIT.read_text()
    # Started as root, which chronyd gives up itself: the prefix and the settings that the test is about.
    assert "ExecStart=!/usr/sbin/chronyd" in text and "ProtectSystem=strict" in text
    units = {"test.target": target("chrony.service"), "chrony.service": text}
    with Orlop(tmp_path, units, setup=SETUP) as machine:
        machine.up()
        yield machine


def test_chrony_confined(machine):
    """chronyd runs by its unmodified unit: user, capabilities, filters, mounts and devices as the file says."""
    daemon = wait(lambda: next((Path(f"/proc/{pid}") for pid in machine.pids("chrony.service")
                                if status(Path(f"/proc/{pid}")).get("Name") == "chronyd"), None), machine.log)
    uid = int(re.search(r"^_chrony:[^:]*:(\d+):", Path("/etc/passwd").read_text(), re.MULTILINE)[1])
    wait(lambda: status(daemon)["Uid"].split()[0] == str(uid), lambda: str(status(daemon)))
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
                              capture_output=True, text=True, check=False) if Path("/usr/sbin/bpftool").exists() else None
    assert programs is None or "device" in programs.stdout

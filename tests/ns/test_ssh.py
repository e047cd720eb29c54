# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian's sshd with the configuration and the unit files that its package ships: logins over loopback.

The daemon listens itself (ssh.service), is handed its socket at the first connection (ssh.socket, Accept=no), or serves
one connection alone (sshd@.service, which Debian has since 13: the copy is the fuzzer's).
"""
import contextlib
import os
import subprocess
from pathlib import Path

import pytest

import packaged
from container import DEADLINE_S, TOP, Orlop, log_records, target, wait
from control_client import orlopctl, orlopctl_json

SERVICE = "ssh.service"
SOCKET = "ssh.socket"
TEMPLATE = TOP / "tests/fuzz/unit_file/corpus/sshd@.service"
# What systemd's generator makes of that.
CONNECTIONS = "[Socket]\nListenStream=22\nAccept=yes\nPollLimitIntervalSec=30s\nPollLimitBurst=50\n"

# A key of the machine, and one for root and alice.
SETUP = packaged.installed(users=["sshd"], files=["/etc/default/ssh", "/etc/pam.d", "/etc/security"]) + r"""
echo 'alice:x:1200:1200::/home/alice:/bin/sh' >>etc/passwd
echo 'alice:x:1200:' >>etc/group
printf '%s:*:19000:0:99999:7:::\n' root alice >etc/shadow
chmod 640 etc/shadow
mkdir -p etc/ssh/sshd_config.d root/.ssh home/alice/.ssh
cp /usr/share/openssh/sshd_config etc/ssh/
ssh-keygen -q -t ed25519 -N '' -C '' -f etc/ssh/ssh_host_ed25519_key
ssh-keygen -q -t ed25519 -N '' -C '' -f root/.ssh/id_ed25519
printf '127.0.0.1 %s\n' "$(cat etc/ssh/ssh_host_ed25519_key.pub)" >root/.ssh/known_hosts
cp root/.ssh/id_ed25519.pub root/.ssh/authorized_keys
cp root/.ssh/id_ed25519.pub home/alice/.ssh/authorized_keys
chown -R 1200:1200 home/alice
chmod 700 root/.ssh home/alice/.ssh
"""


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """A function that starts Orlop with one of the units."""
    units = packaged.units("openssh-server", SERVICE, SOCKET)
    packaged.need("openssh-client", "/usr/bin/ssh")
    started = []

    def run(wanted, **more):
        machine = Orlop(tmp_path, {"test.target": target(wanted), **units, **more}, setup=SETUP)
        started.append(machine)
        machine.__enter__()
        return machine.up()

    yield run
    for machine in started:
        machine.__exit__()


def ssh(*words, user="root"):
    return ["/usr/bin/ssh", "-q", "-o", "BatchMode=yes", "-i", "/root/.ssh/id_ed25519", f"{user}@127.0.0.1", *words]


def log_in(machine, user="root"):
    assert machine.run(*ssh("id -un", user=user)).stdout == f"{user}\n"


def said(machine, text):
    """How often sshd has said so, by syslog."""
    return sum(text in record.text for record in log_records(machine.path("/var/log/orlop")) if record.identifier == "sshd")


def descriptors(pid):
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(path))
    return found


def test_ssh_service(run):
    """ssh.service: ready when it listens; reloaded, it reads its settings anew; sessions outlive a restart of it."""
    machine = run(SERVICE)
    assert orlopctl(machine, "is-active", SERVICE).stdout == "active\n", machine.log
    assert machine.path("/run/sshd").stat().st_mode & 0o7777 == 0o755
    log_in(machine)
    log_in(machine, "alice")
    wait(lambda: said(machine, "Accepted publickey for alice from 127.0.0.1") == 1, lambda: machine.log)

    # ExecReload= is two commands: a look at the settings, and SIGHUP for $MAINPID.
    before = machine.main_pid(SERVICE)
    listening = said(machine, "Server listening on 0.0.0.0")
    orlopctl(machine, "reload", SERVICE, check=0)
    wait(lambda: said(machine, "Server listening on 0.0.0.0") == listening + 1, lambda: machine.log)
    assert machine.main_pid(SERVICE) == before
    log_in(machine)

    # KillMode=process: of all in the cgroup, the daemon alone is killed.
    with subprocess.Popen(machine.inside(*ssh("echo in >/t/session; read line; echo got $line")),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        machine.await_file("session", "in")
        orlopctl(machine, "restart", SERVICE, check=0)
        assert before not in machine.pids(SERVICE)
        log_in(machine)
        assert session.communicate("hello\n", timeout=DEADLINE_S)[0] == "got hello\n"
        assert session.returncode == 0

    # A faulty file is found by ExecStartPre=, and what runs goes on.
    machine.path("/etc/ssh/sshd_config.d/faulty.conf").write_text("NoSuchSetting yes\n")
    assert orlopctl(machine, "reload", SERVICE).returncode != 0
    log_in(machine)
    assert orlopctl(machine, "restart", SERVICE).returncode != 0
    machine.await_unit_log(SERVICE, "Bad configuration option: NoSuchSetting")


def test_ssh_socket(run):
    """ssh.socket: the first connection starts sshd, which is handed the socket; so does the next when sshd was stopped."""
    machine = run(SOCKET)
    assert orlopctl(machine, "is-active", SERVICE).stdout == "inactive\n"
    assert not machine.pids(SERVICE)
    for _ in range(2):
        log_in(machine)
        assert orlopctl(machine, "is-active", SERVICE).stdout == "active\n"
        # It listens on the very socket that PID 1 keeps.
        assert os.readlink(f"/proc/{machine.main_pid(SERVICE)}/fd/3") in descriptors(machine.pid)
        orlopctl(machine, "stop", SERVICE, check=0)
        assert orlopctl(machine, "is-active", SOCKET).stdout == "active\n"


def test_ssh_connections(run):
    """sshd@.service: each connection has an sshd of its own, on its standard input."""
    machine = run("sshd.socket", **{"sshd.socket": CONNECTIONS, "sshd@.service": TEMPLATE.read_text()})
    # Only RuntimeDirectory= of the instances makes it.
    assert not machine.path("/run/sshd").exists()
    log_in(machine)
    log_in(machine, "alice")
    units = [unit for unit in orlopctl_json(machine, "list", "--all") if unit["unit"].startswith("sshd@")]
    assert len(units) == 2, units
    assert machine.path("/run/sshd").is_dir()

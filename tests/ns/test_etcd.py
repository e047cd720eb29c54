# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian's etcd, run by the unit file that its package ships."""
import re
import resource
from pathlib import Path

import pytest

import packaged
from container import Orlop, target
from control_client import orlopctl, orlopctl_json
from test_sandbox import environment, status

UNIT = "etcd.service"
SETUP = packaged.installed(users=["etcd"], groups=["etcd"], files=["/etc/default/etcd"]) + r"""
install -d -o etcd -g etcd -m 700 var/lib/etcd
"""
CLIENT = {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": "http://127.0.0.1:2379"}


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    units = packaged.units("etcd-server", UNIT)
    packaged.need("etcd-client", "/usr/bin/etcdctl")
    with Orlop(tmp_path, {"test.target": target(UNIT), **units}, setup=SETUP) as machine:
        machine.up()
        yield machine


def etcdctl(machine, *words):
    return machine.run("/usr/bin/etcdctl", *words, **CLIENT).stdout


def test_etcd(machine):
    """etcd says that it is ready, answers, runs as its user, and keeps what it was given over a restart."""
    assert orlopctl(machine, "is-active", UNIT).stdout == "active\n", machine.log
    pid = machine.main_pid(UNIT)
    s = status(Path(f"/proc/{pid}"))
    assert s["Name"] == "etcd"
    assert s["Uid"].split() == [str(packaged.account("passwd", "etcd"))] * 4
    assert s["Gid"].split() == [str(packaged.account("group", "etcd"))] * 4
    # Without CAP_SYS_RESOURCE this machine's own limit is the highest there is.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = re.search(r"^Max open files +(\d+) +(\d+) ", Path(f"/proc/{pid}/limits").read_text(), re.MULTILINE)
    assert limit[1] == limit[2] and int(limit[1]) in (65536, min(65536, most))
    # %H is the name of the host, which the member of the cluster has.
    host = machine.run("uname", "-n").stdout.strip()
    assert environment(Path(f"/proc/{pid}"))["ETCD_NAME"] == host
    assert f" {host}," in etcdctl(machine, "member", "list")

    assert etcdctl(machine, "put", "ship", "orlop") == "OK\n"
    assert etcdctl(machine, "get", "ship") == "ship\norlop\n"
    orlopctl(machine, "restart", UNIT, check=0)
    assert machine.main_pid(UNIT) != pid
    assert etcdctl(machine, "get", "ship") == "ship\norlop\n"

    # SIGTERM is a good end, of which Restart=on-abnormal makes nothing.
    orlopctl(machine, "stop", UNIT, check=0)
    unit, = orlopctl_json(machine, "status", UNIT, check=3)
    assert unit["active"] == "inactive", unit

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Debian's docker and containerd, run by the unit files that their packages ship, to a container's output."""
import io
import tarfile
from pathlib import Path

import pytest

import packaged
from container import Orlop, target, wait
from control_client import orlopctl
from test_sandbox import status

BUSYBOX = "/bin/busybox"
SOCKET = "docker.socket"
SERVICE = "docker.service"
CONTAINERD = "containerd.service"

# The storage driver that needs nothing of the file system below; no bridge and no packet filter, as there is no network.
SETUP = packaged.installed(groups=["docker"], files=["/etc/default/docker"]) + r"""
mkdir -p etc/docker
cat >etc/docker/daemon.json <<'END'
{ "storage-driver": "vfs", "bridge": "none", "iptables": false, "ip6tables": false, "ip-forward": false }
END
"""


def image():
    """The root of a container: busybox alone."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(BUSYBOX, "bin/busybox")
        for name in ("sh", "echo", "sleep", "cat"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return data.getvalue()


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    units = {**packaged.units("docker.io", SOCKET, SERVICE), **packaged.units("containerd", CONTAINERD)}
    packaged.need("docker-cli", "/usr/bin/docker")
    packaged.need("busybox-static", BUSYBOX)
    with Orlop(tmp_path, {"test.target": target(SOCKET), **units}, setup=SETUP) as machine:
        (machine.shared / "image.tar").write_bytes(image())
        machine.up()
        yield machine


def docker(machine, words, check=0):
    return machine.run("/usr/bin/docker", *words.split(), check=check)


def test_docker(machine):
    """The first client starts docker, and that containerd; an image becomes containers, which outlive containerd."""
    for unit in (SERVICE, CONTAINERD):
        assert orlopctl(machine, "is-active", unit).stdout == "inactive\n"
    st = machine.path("/run/docker.sock").stat()
    assert (st.st_uid, st.st_gid, st.st_mode & 0o7777) == (0, packaged.account("group", "docker"), 0o660)

    docker(machine, "import /t/image.tar tiny")
    for unit in (SERVICE, CONTAINERD):
        assert orlopctl(machine, "is-active", unit).stdout == "active\n", machine.log
    assert docker(machine, "run --rm --network none tiny /bin/echo ahoy").stdout == "ahoy\n", machine.unit_log(SERVICE)

    # KillMode=process: what is left in containerd's cgroup is the containers' shims, and containerd takes them over.
    docker(machine, "run --detach --network none --name ship --stop-signal KILL tiny /bin/sleep 1000")
    process = machine.path("/proc") / docker(machine, "inspect --format {{.State.Pid}} ship").stdout.strip()
    before = status(process)
    orlopctl(machine, "restart", CONTAINERD, check=0)
    wait(lambda: docker(machine, "exec ship /bin/echo there", check=None).stdout == "there\n",
         lambda: machine.unit_log(SERVICE) + machine.unit_log(CONTAINERD))
    assert status(process)["NSpid"] == before["NSpid"]

    # The daemon stops its containers when it is stopped; the socket is there still, and a client starts it again.
    orlopctl(machine, "stop", SERVICE, check=0)
    assert not process.exists()
    assert docker(machine, "image ls --format {{.Repository}}").stdout == "tiny\n"
    assert orlopctl(machine, "is-active", SERVICE).stdout == "active\n"

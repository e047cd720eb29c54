# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the namespace tests share: a shell in namespaces of its own, and disks made of files.

Everything runs as root, and nothing that a test mounts or kills is the machine's: each script is
PID 1 of a new PID namespace with private mounts, and dies with everything that it started.
"""
import os
import platform
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
# Far more than any test needs, on a machine however slow; a test that hangs fails by name.
TIMEOUT_S = 120

# --kill-child: if pytest ends, so does the namespace.
UNSHARE = [
    "unshare", "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--fork", "--kill-child",
    "--mount-proc", "--propagation", "private",
]


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root, for mounts and loop devices"))


class Result:
    """What a script printed: lines "NAME VALUE" as a dictionary, and the log of the code under test."""

    def __init__(self, process, log):
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.log = log

    def __getitem__(self, name):
        for line in reversed(self.stdout.splitlines()):
            key, _, value = line.partition(" ")
            if key == name:
                return value
        raise KeyError(f"{name} is not in the output:\n{self}")

    def number(self, name):
        return int(self[name])

    def __str__(self):
        return f"status {self.status}\n{self.stdout}\n{self.stderr}\n{self.log}"


@pytest.fixture
def driver():
    """Path of the program that calls the code under test: see mount_driver.c."""
    directory = os.environ.get("ORLOP_NS_PROGRAMS", TOP / "out" / platform.machine() / "tests" / "ns")
    path = Path(directory) / "mount_driver"
    assert path.exists(), f"{path} is missing: make check-ns builds it"
    return path


@pytest.fixture
def namespace(driver, tmp_path):
    """A function that runs a shell script in new namespaces, with $D the driver and $T a directory.

    The script ends at the first command that fails. Its /dev/kmsg is a file, $KMSG.
    """

    def run(script, check=True, **variables):
        log = tmp_path / "kmsg"
        log.touch()
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "D": str(driver), "T": str(tmp_path), "KMSG": str(log),
            **{name: str(value) for name, value in variables.items()},
        }
        process = subprocess.run(
            [*UNSHARE, "/bin/sh", "-ec", f'mount --bind "$KMSG" /dev/kmsg\n{script}'],
            env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
            stdin=subprocess.DEVNULL,
        )
        result = Result(process, log.read_text(errors="replace"))
        if check:
            assert result.status == 0, str(result)
        return result

    return run


@pytest.fixture
def loop_device(tmp_path):
    """A function that makes a file of zeros and a loop device on it; all are detached afterwards."""
    devices = []

    def make(name, size):
        path = tmp_path / name
        path.touch()
        os.truncate(path, size)
        process = subprocess.run(
            ["losetup", "--find", "--show", str(path)], capture_output=True, text=True, check=False
        )
        if process.returncode != 0:
            pytest.skip(f"no loop devices here: {process.stderr.strip()}")
        device = process.stdout.strip()
        devices.append(device)
        return path, device

    yield make
    for device in devices:
        subprocess.run(["losetup", "--detach", device], capture_output=True, check=False)

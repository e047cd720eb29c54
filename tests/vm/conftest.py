# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the VM tests share: one machine for all that only look, and a console in every failure."""

import re
import subprocess

import pytest

from machine import IMAGES, LOGS, TOP, Machine


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the consoles that it saw, and where all of them stand."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for vm in Machine.seen:
            report.sections.append((f"console of {vm.name}: {vm.log_path.relative_to(TOP)}", vm.tail()))
    if call.when == "teardown":
        Machine.seen[:] = [vm for vm in Machine.seen if vm.process.poll() is None]


@pytest.fixture
def boot(request):
    """A function that starts a machine of this test's own: see Machine. All end with the test."""
    machines = []

    def start(*options, **more):
        name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
        if machines:
            name += f"-{len(machines) + 1}"
        machines.append(Machine(more.pop("name", name), *options, **more))
        return machines[-1]

    yield start
    for vm in machines:
        vm.stop()


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A directory with the programs of tests/vm/guest, static: they run in the guest."""
    directory = tmp_path_factory.mktemp("guest")
    for source in sorted((TOP / "tests/vm/guest").glob("*.c")):
        subprocess.run(
            ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-O2", "-static", "-s",
             "-o", directory / source.stem, source],
            check=True,
        )
    return directory


@pytest.fixture(scope="session")
def programs_disk(programs, tmp_path_factory):
    """The same as a disk that is a tar archive; a multiple of the sector size."""
    disk = tmp_path_factory.mktemp("disk") / "programs.tar"
    subprocess.run(["tar", "--create", "--file", disk, "--directory", programs, "."], check=True)
    return disk


@pytest.fixture
def disk(tmp_path):
    """A function that copies a variant's disk, to be written to: for --disk FILE --persist."""

    def copy(variant="test"):
        path = tmp_path / f"{variant}.img"
        subprocess.run(["cp", "--reflink=auto", "--sparse=always", IMAGES / variant / "disk.img", path], check=True)
        return path

    return copy

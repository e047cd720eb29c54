# SPDX-License-Identifier: MIT OR Apache-2.0
"""systemd-notify(1) as systemd ships it, in services of Type=notify.

Behind its message it sends a descriptor with BARRIER=1 and waits, 5 s at most, until that is closed: if it is not, its
exit status says so.
"""
import pytest

import packaged
from container import Orlop, service, target
from control_client import orlopctl, orlopctl_json

NOTIFY = "/usr/bin/systemd-notify"
UNIT = "a.service"
SETUP = packaged.installed(users=["nobody"]) + "chmod 1777 t\nmkfifo t/go\n"


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """A function that starts Orlop with a service that runs a shell command."""
    packaged.need("systemd", NOTIFY)
    started = []

    def run(command, *lines):
        units = {"test.target": target(UNIT), UNIT: service(f"{command}; exec sleep 1000", "Type=notify", *lines)}
        machine = Orlop(tmp_path, units, setup=SETUP)
        started.append(machine)
        return machine.__enter__()

    yield run
    for machine in started:
        machine.__exit__()


# Root says it in the name of the shell, the main process. Others cannot, and say it as themselves.
@pytest.mark.parametrize("lines", [(), ("NotifyAccess=exec",), ("NotifyAccess=all",), ("NotifyAccess=all", "User=nobody")],
                         ids=["main", "exec", "all", "nobody"])
def test_systemd_notify_ready(run, lines):
    """--ready makes the service ready, --status= is what it does, and the barrier is let go."""
    machine = run(f"{NOTIFY} --ready --status='All hands on deck'; echo $? >/t/status", *lines).up()
    assert machine.await_file("status", "\n") == "0\n"
    unit, = orlopctl_json(machine, "status", UNIT)
    assert (unit["active"], unit["status"]) == ("active", "All hands on deck")


def test_systemd_notify_of_others(run):
    """Whose message does not count does not wait for that either, and the service is not ready by it."""
    machine = run(f"({NOTIFY} --ready; echo $? >/t/status); read go </t/go; {NOTIFY} --ready")
    assert machine.await_file("status", "\n") == "0\n"
    machine.expect(r"a\.service: process \d+ may not notify")
    assert orlopctl(machine, "is-active", UNIT).stdout == "activating\n"
    machine.run("sh", "-c", "echo go >/t/go")
    machine.up()
    assert orlopctl(machine, "is-active", UNIT).stdout == "active\n"

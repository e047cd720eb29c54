# SPDX-License-Identifier: MIT OR Apache-2.0
"""Timer units with real services: that they fire, that what was missed is caught up with, and which clocks are used."""
import os
import re
import time
from pathlib import Path

import pytest

from container import Orlop, target, wait


@pytest.fixture
def run(tmp_path):
    """A function that starts Orlop with units; it ends with the test."""
    started = []

    def start(units, **options):
        directory = tmp_path / f"machine-{len(started)}"
        directory.mkdir()
        machine = Orlop(directory, units, **options)
        started.append(machine)
        return machine.__enter__()

    yield start
    for machine in started:
        machine.__exit__()


def timer(*lines, unit=()):
    return "\n".join(["[Unit]", *unit, "[Timer]", "AccuracySec=1ms", *lines, ""])


# Notes that it ran; a timer may start it as often as it likes.
ONCE = "[Unit]\nStartLimitBurst=0\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'printf x >>/t/runs'\n"
STAMP = "/var/lib/orlop/timers/stamp-a.timer"


def test_spans(run):
    """OnActiveSec= fires once, OnUnitActiveSec= again and again after that; timers.target has them up."""
    machine = run({
        "test.target": target("timers.target"),
        # What enabling it makes is a link; its text does not matter.
        "timers.target.wants/a.timer": "",
        "a.timer": timer("OnActiveSec=50ms", "OnUnitActiveSec=50ms"),
        "a.service": ONCE,
    }).up()
    machine.await_file("runs", "xxxxx")


def test_once(run):
    """OnStartupSec= and OnBootSec= count from the start of the container, and fire once."""
    machine = run({
        "test.target": target("a.timer", "b.timer", "c.timer"),
        "a.timer": timer("OnStartupSec=300ms", "Unit=x.service"),
        "b.timer": timer("OnBootSec=400ms", "Unit=y.service"),
        # A day after the machine's boot, which may be long ago: not in a container.
        "c.timer": timer("OnBootSec=1000d", "Unit=z.service"),
        "x.service": ONCE.replace("/t/runs", "/t/x"),
        "y.service": ONCE.replace("/t/runs", "/t/y"),
        "z.service": ONCE.replace("/t/runs", "/t/z"),
    }).up()
    machine.await_file("x", "x")
    machine.await_file("y", "x")
    machine.shut_down()
    assert (machine.shared / "x").read_text() == "x"
    assert (machine.shared / "y").read_text() == "x"
    assert not (machine.shared / "z").exists()


def test_unit_inactive(run):
    """OnUnitInactiveSec= counts from the end of the service, which other units may have started."""
    machine = run({
        "test.target": target("a.service", "a.timer"),
        "a.timer": timer("OnUnitInactiveSec=20ms"),
        "a.service": ONCE,
    }).up()
    machine.await_file("runs", "xxxx")


def test_calendar(run):
    """OnCalendar= fires by the wall clock."""
    machine = run({
        "test.target": target("a.timer"),
        "a.timer": timer("OnCalendar=*:*:*"),
        "a.service": ONCE.replace("printf x", "date +%%S"),
    }).up()
    seconds = machine.await_file("runs", "\n")
    wait(lambda: (machine.shared / "runs").read_text().count("\n") >= 3, lambda: machine.log)
    seconds = [int(s) for s in (machine.shared / "runs").read_text().split()]
    # No second twice.
    assert all((b - a) % 60 > 0 for a, b in zip(seconds, seconds[1:]))


def test_persistent_catches_up(run):
    """Persistent=yes: what should have happened while the machine was off happens now, and the stamp says so."""
    machine = run({
        "test.target": target("a.timer"),
        "a.timer": timer("OnCalendar=*-*-* 00:00:00", "Persistent=yes"),
        "a.service": ONCE,
    }, setup="mkdir -p var/lib/orlop/timers; touch -d '3 days ago' ." + STAMP)
    machine.await_file("runs", "x")
    before = time.time() - 24 * 3600
    wait(lambda: machine.path(STAMP).stat().st_mtime > before, "the stamp is old")
    machine.shut_down()
    assert (machine.shared / "runs").read_text() == "x"


def test_persistent_for_the_first_time(run):
    """A timer that never ran has nothing to catch up with; it leaves a stamp for the next time."""
    machine = run({
        "test.target": target("a.timer"),
        # Not before the test is over, whenever it runs.
        "a.timer": timer("OnCalendar=2199-01-01", "Persistent=yes"),
        "a.service": ONCE,
    }).up()
    wait(lambda: machine.path(STAMP).exists(), "there is no stamp")
    machine.shut_down()
    assert not (machine.shared / "runs").exists()


def test_does_not_remain(run):
    """RemainAfterElapse=no: a timer that has elapsed for good is down, and can be started anew."""
    machine = run({
        "test.target": target("a.timer"),
        "a.timer": timer("OnActiveSec=10ms", "RemainAfterElapse=no"),
        "a.service": ONCE,
    }).up()
    machine.await_file("runs", "x")
    machine.shut_down()
    assert (machine.shared / "runs").read_text() == "x"


def test_refused(run):
    """What cannot be kept is refused with the reason, not done in part."""
    machine = run({
        "test.target": target("a.timer", "b.timer"),
        "a.timer": timer("OnActiveSec=1ms", "WakeSystem=yes"),
        "a.service": ONCE,
        "b.timer": timer("OnActiveSec=1ms", "Unit=nothing.service"),
    }).up()
    assert "WakeSystem" in machine.log
    assert re.search(r"b\.timer: cannot start: there is no unit", machine.log)
    machine.shut_down()
    assert not (machine.shared / "runs").exists()


def test_wall_clock_is_only_watched_hc_70(run):
    """hc-70: nothing in the loop waits on the wall clock; one descriptor tells when it is set."""
    machine = run({
        "test.target": target("a.timer"),
        "a.timer": timer("OnCalendar=*:*:*"),
        "a.service": ONCE,
    }).up()
    clocks = []
    for fd in Path(f"/proc/{machine.pid}/fd").iterdir():
        try:
            if os.readlink(fd) != "anon_inode:[timerfd]":
                continue
        except FileNotFoundError:
            continue  # that of a process which was being started
        text = Path(f"/proc/{machine.pid}/fdinfo/{fd.name}").read_text()
        match = re.search(r"^clockid: (\d+).*settime flags: 0?(\d+)", text, re.MULTILINE | re.DOTALL)
        clocks.append((int(match[1]), int(match[2])))
    # CLOCK_REALTIME with TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET; CLOCK_BOOTTIME with TFD_TIMER_ABSTIME.
    assert sorted(clocks) == [(0, 3), (7, 1)], clocks
    machine.await_file("runs", "xx")

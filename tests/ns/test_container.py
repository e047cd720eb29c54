# SPDX-License-Identifier: MIT OR Apache-2.0
"""Container mode with units, in containers as poor as runtimes make them; and what befalls a PID 1 there."""
import os
import platform
import signal
import subprocess
from pathlib import Path

import pytest

from container import TOP, Orlop, service, target, wait

FULL = os.environ.get("ORLOP_FULL") == "1"
PROGRAMS = Path(os.environ.get("ORLOP_NS_PROGRAMS", TOP / "out" / platform.machine() / "tests/ns"))
# Says that it runs; says that it was asked to end.
POLITE = "trap 'echo {0} >>/t/order; exit 0' TERM; echo >/t/there-{0}; while :; do sleep 1000 & wait; done"
RESTARTED = service("printf x >>/t/runs; exec sleep 1000", "Restart=always", "RestartSec=1ms",
                    unit=["StartLimitIntervalSec=0"])


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


def in_order():
    """Two services, one after the other."""
    return {
        "test.target": target("a.service", "b.service"),
        "a.service": service(POLITE.format("a")),
        "b.service": service(POLITE.format("b"), unit=["After=a.service"]),
    }


def descendants_gone(machine, pids):
    wait(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()], "processes are left")
    return machine.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGRTMIN + 3, signal.SIGRTMIN + 4], ids=["TERM", "halt", "off"])
def test_signals_end_it_in_order_hc_17(run, number):
    """hc-17: docker stop (SIGTERM) and what systemd's containers are stopped with (SIGRTMIN+3): in order, status 0."""
    machine = run(in_order()).up()
    machine.await_file("there-a")
    machine.await_file("there-b")
    machine.shut_down(number)
    assert (machine.shared / "order").read_text().split() == ["b", "a"]


# What a container may lack, and how its root is set up without it.
POOR = {
    "read-only-cgroups": "mount -o remount,bind,ro sys/fs/cgroup",
    "no-cgroups": "umount sys/fs/cgroup",
    "read-only-root": 'mount -o remount,ro "$R"',
    "read-only-all": 'umount sys/fs/cgroup; mount -o remount,ro "$R"',
}


@pytest.mark.parametrize("setup", POOR.values(), ids=POOR)
def test_poor_containers_hc_17(run, setup):
    """hc-17: without cgroups of its own, on a read-only root: units start, come back when killed, and stop in order."""
    machine = run({**in_order(), "c.service": RESTARTED,
                   "test.target": target("a.service", "b.service", "c.service")}, setup=setup).up()
    machine.await_file("there-a")
    machine.await_file("there-b")
    machine.await_file("runs", "x")
    sleeper = wait(lambda: next((pid for pid, _, name in machine.children() if name == "sleep"), None), "no c.service")
    os.kill(sleeper, signal.SIGKILL)
    machine.await_file("runs", "xx")
    pids = [pid for pid, _, _ in machine.children()]
    machine.shut_down(signal.SIGTERM)
    assert (machine.shared / "order").read_text().split() == ["b", "a"]
    descendants_gone(machine, pids)


def test_user_namespace_hc_17(run):
    """hc-17: root of a user namespace alone, without a capability over what is around it."""
    # A process in a chroot may not make one, so it is made first.
    machine = run(in_order(), setup='exec unshare --user --map-root-user chroot "$R" /orlop/orlop orlop.unit=test.target').up()
    assert Path(f"/proc/{machine.pid}/uid_map").read_text().split() == ["0", "0", "1"]
    machine.await_file("there-a")
    machine.await_file("there-b")
    machine.shut_down(signal.SIGTERM)
    assert (machine.shared / "order").read_text().split() == ["b", "a"]


def test_signal_storm_hc_15(run):
    """hc-15: a storm of signals to PID 1 changes nothing: services come back meanwhile, and it ends when it is asked to."""
    machine = run({"test.target": target("a.service"), "a.service": RESTARTED}).up()
    count = 1_000_000 if FULL else 100_000
    program = ("import os, signal, sys\n"
               "for i in range(int(sys.argv[2])): os.kill(int(sys.argv[1]), (signal.SIGHUP, signal.SIGUSR1, signal.SIGWINCH)[i % 3])")
    # pylint: disable=consider-using-with
    storm = subprocess.Popen(["/usr/bin/python3", "-c", program, str(machine.pid), str(count)])
    for number in range(1, 6):
        machine.await_file("runs", "x" * number)
        os.kill(machine.main_pid("a.service"), signal.SIGKILL)
    machine.await_file("runs", "x" * 6)
    assert storm.wait(300) == 0
    assert machine.process.poll() is None
    machine.shut_down(signal.SIGTERM)
    assert "orlop: power-off" in machine.log


def test_full_run_hc_25(run):
    """hc-25: /run has no byte left: services start, come back, print and stop as before."""
    machine = run({"test.target": target("a.service", "b.service"), "a.service": RESTARTED,
                   "b.service": service(POLITE.format("b"))},
                  setup="mount -o remount,size=1m run").up()
    machine.await_file("there-b")
    with open(machine.path("/run/fill"), "wb", buffering=0) as file:
        with pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))
    for number in range(1, 6):
        machine.await_file("runs", "x" * number)
        os.kill(machine.main_pid("a.service"), signal.SIGKILL)
    machine.await_file("runs", "x" * 6)
    machine.shut_down(signal.SIGTERM)
    assert (machine.shared / "order").read_text() == "b\n"


def test_sender_dies_first_hc_31(run):
    """hc-31: who says READY=1 and is gone at once has said it, every time."""
    count = 1000 if FULL else 150
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("printf r >>/t/ran; exec /t/notify_sender READY=1", "Type=notify", "Restart=always", "RestartSec=1ms",
                             'ExecStartPost=/bin/sh -c "printf x >>/t/ready"', unit=["StartLimitIntervalSec=0"]),
    }, setup=f'cp {PROGRAMS}/notify_sender "$T/shared/"')
    wait(lambda: (machine.shared / "ran").exists() and (machine.shared / "ran").stat().st_size >= count,
         lambda: f"only {len(machine.await_file('ran'))} starts\n{machine.log[-2000:]}")
    machine.shut_down(signal.SIGTERM)
    # The last start may have been cut off by the end.
    assert (machine.shared / "ready").stat().st_size >= (machine.shared / "ran").stat().st_size - 1


@pytest.mark.parametrize(("lines", "expected"), [
    (("FailureAction=exit",), 7),
    (("FailureAction=exit", "FailureActionExitStatus=9"), 9),
    (("FailureAction=exit-force",), 7),
])
def test_exit_status_of_the_container(tmp_path, lines, expected):
    """FailureAction=exit: the container ends with the status of the service that it was for, or with the one that is set."""
    units = {"test.target": target("a.service"), "a.service": service("exit 7", unit=lines)}
    with Orlop(tmp_path, units) as machine:
        assert machine.wait() == expected, machine.log

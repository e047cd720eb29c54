# SPDX-License-Identifier: MIT OR Apache-2.0
"""orlop-console on a terminal of the test's: what it shows, that it changes with the machine, scrolls, waits for nobody and cleans up."""
import fcntl
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from container import Orlop, service, target, wait

CONSOLE = """[Unit]
After=orlop-logd.service
[Service]
# The test may put a control socket of its own in the place of PID 1's before the page looks for it.
ExecStart=/bin/sh -c 'read go </t/go; exec /orlop/orlop-console'
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/tty-test
"""


class Screen:
    """The other end of the terminal: the frames that were drawn, as lines of text."""

    def __init__(self, rows=25, columns=80):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self.master, False)
        self.before = termios.tcgetattr(self.slave)
        self.data = b""

    def read(self):
        try:
            while data := os.read(self.master, 65536):
                self.data += data
        except (BlockingIOError, OSError):
            pass
        return self.data

    def lines(self):
        """The last whole frame."""
        frames = self.read().split(b"\x18")
        whole = [frame for frame in frames if b"scroll\x1b[0m\x1b[K" in frame]
        text = whole[-1].decode(errors="replace") if whole else ""
        return [line.rstrip() for line in re.sub("\x1b\\[[?0-9;]*[A-Za-z]", "", text).split("\r\n")]

    def shows(self, pattern):
        return any(re.search(pattern, line) for line in self.lines())

    def await_line(self, pattern):
        wait(lambda: self.shows(pattern), lambda: f"no {pattern!r} on the screen:\n" + "\n".join(self.lines()))

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def screen():
    terminal = Screen()
    yield terminal
    terminal.close()


@pytest.fixture
def machine(tmp_path, screen):
    units = {
        "test.target": target("orlop-console.service", "a.service"),
        "orlop-console.service": CONSOLE,
        "a.service": service("while read -r line; do echo \"$line\"; done </t/say; exec sleep 1000"),
    }
    setup = f"touch dev/tty-test; mount --bind {os.ttyname(screen.slave)} dev/tty-test; mkfifo \"$T/shared/say\" \"$T/shared/go\""
    with Orlop(tmp_path, units, setup=setup) as started:
        yield started.up()


def begin(machine):
    """Lets the page start."""
    (machine.shared / "go").write_text("go\n")


class Control:
    """A control socket that tells what the test says, for PID 1's."""

    def __init__(self, machine):
        directory = os.open(machine.path("/run/orlop"), os.O_PATH)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            os.unlink("control", dir_fd=directory)
        except FileNotFoundError:
            pass
        self.listener.bind(f"/proc/self/fd/{directory}/control")
        os.close(directory)
        self.listener.listen()
        self.listener.settimeout(60)
        begin(machine)
        self.client, _ = self.listener.accept()
        assert self.client.recv(100) == b"1 subscribe"
        self.client.send(b"1 ok\n")

    def unit(self, name, active, sub):
        self.client.send(f"1 unit\nname={name}\nactive={active}\nsub={sub}\ndescription=x\n".encode())

    def system(self, state):
        self.client.send(f"1 system\nstate={state}\nversion=9.9\nkernel-ended=1900000000\nup=5100000000\n".encode())

    def close(self):
        self.client.close()
        self.listener.close()


def test_page(machine, screen):
    """Units, state, boot time, errors and addresses; each changes on the screen when it changes."""
    control = Control(machine)
    control.unit("b.service", "active", "running")
    control.unit("c.service", "activating", "start")
    control.system("starting")
    screen.await_line(r"^ Orlop 9\.9 .* starting  booted in 5\.1 s \(kernel 1\.9 s\)")
    screen.await_line(r"^  c\.service +activating +start")
    control.unit("c.service", "failed", "failed")
    control.system("degraded")
    screen.await_line(r"^ Orlop .* degraded")
    screen.await_line(r"^  c\.service +failed +failed")
    units = [line.split()[0] for line in screen.lines() if line.startswith("  ") and ".service" in line]
    assert units == ["c.service", "b.service"], "what failed comes first"

    with open(machine.shared / "say", "w", encoding="utf-8") as say:
        say.write("<6>nothing special\n<3>the disk burns\n")
    screen.await_line(r"^  .* a\[\d+\]: the disk burns")
    assert not screen.shows("nothing special")

    subprocess.run(["nsenter", "--target", str(machine.pid), "--net", "ip", "link", "add", "test0", "type", "bridge"], check=True)
    subprocess.run(["nsenter", "--target", str(machine.pid), "--net", "ip", "address", "add", "192.0.2.7/24", "dev", "test0"],
                   check=True)
    screen.await_line(r"^  test0 +192\.0\.2\.7")
    control.close()
    screen.await_line("PID 1 does not answer")


def test_page_of_this_machine(machine, screen):
    """What PID 1 itself tells: the units that run, and one that is gone the moment it is. And it may do nothing else but this."""
    begin(machine)
    screen.await_line(r"^ Orlop \S+ .* running  booted in ")
    screen.await_line(r"^  a\.service +active +running")
    status = Path(f"/proc/{machine.main_pid('orlop-console.service')}/status").read_text()
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE) and re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    os.kill(machine.main_pid("a.service"), signal.SIGKILL)
    screen.await_line(r"^  a\.service +failed +failed")
    screen.await_line(r"^ Orlop .* degraded")


def test_keys_scroll(machine, screen):
    """Space, PgUp and the arrows move through more units than fit; no line is wider than the terminal."""
    control = Control(machine)
    for n in range(100):
        control.unit(f"unit-{n:03}-{'x' * 100}.service", "active", "running")
    screen.await_line("unit-005-")
    assert not screen.shows("unit-070-")
    assert len(screen.lines()) == 25 and all(len(line) < 80 for line in screen.lines())
    for _ in range(3):
        os.write(screen.master, b" ")
    screen.await_line("unit-070-")
    os.write(screen.master, b"\x1b[5~\x1b[5~\x1b[A\x1b[5~")
    screen.await_line("unit-005-")
    os.write(screen.master, b"q\x1b[F")
    screen.await_line("unit-099-")
    fcntl.ioctl(screen.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
    os.kill(machine.main_pid("orlop-console.service"), signal.SIGWINCH)
    wait(lambda: len(screen.lines()) == 50, "it does not follow the terminal's size")
    control.close()


def test_blocked_terminal_and_end(machine, screen):
    """A terminal that nobody reads delays nothing; at its end the page leaves the terminal as it was."""
    control = Control(machine)
    # Far more frames than a pty holds, which nobody reads; each change is still taken from PID 1's socket.
    for n in range(3000):
        control.unit(f"unit-{n % 200:03}.service", "active" if n % 2 else "failed", "running")
    control.unit("last.service", "failed", "failed")
    screen.await_line(r"^  last\.service")
    assert termios.tcgetattr(screen.slave)[3] & (termios.ICANON | termios.ECHO) == 0
    os.kill(machine.main_pid("orlop-console.service"), signal.SIGTERM)
    wait(lambda: not machine.pids("orlop-console.service"), "it does not end")
    assert termios.tcgetattr(screen.slave)[3] == screen.before[3]
    assert screen.read().endswith(b"\x1b[?25h\x1b[H\x1b[J")
    control.close()

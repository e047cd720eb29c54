# SPDX-License-Identifier: MIT OR Apache-2.0
"""strace on PID 1 from outside, and what it saw; and orlopctl inside."""
import re
import signal
import subprocess
from collections import Counter

import pytest

from container import BIN, DEADLINE_S

CALL = re.compile(r"^(?:\d+ +)?(?:[\d.]+ )?([a-z_0-9]+)\(")


class Strace:
    """strace on PID 1 alone, as a context manager; @options as strace has them."""

    def __init__(self, machine, *options, name="strace"):
        self.path = machine.directory / name
        self.path.unlink(missing_ok=True)
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["strace", "-p", str(machine.pid), "-o", str(self.path), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        line = self.process.stderr.readline()
        if "attached" not in line:
            pytest.skip(f"strace cannot be used here: {line}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=DEADLINE_S)

    @property
    def text(self):
        return self.path.read_text(errors="replace")

    def calls(self):
        """(name, whole line) of each call."""
        return [(match[1], line) for line in self.text.splitlines() if (match := CALL.match(line))]

    def counts(self):
        return Counter(name for name, _ in self.calls())


def has_control():
    return (BIN / "orlopctl").exists()


def orlopctl(machine, *words):
    """Runs orlopctl in the machine. Its exit status; hanging is a failure."""
    process = subprocess.run(
        ["nsenter", "--target", str(machine.pid), "--mount", "--pid", "--root", "--wd", "/orlop/orlopctl", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    return process.returncode

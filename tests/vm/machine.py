# SPDX-License-Identifier: MIT OR Apache-2.0
"""A virtual machine for a test: starts image/qemu, reads its console, types into its shell.

    with Machine("name", append="orlop.log_level=debug") as vm:
        vm.wait_for("up in")
        assert vm.run("cat /etc/os-release").startswith("ID=orlop")
        vm.qmp("system_powerdown")
        vm.wait_for_end()

Waiting is for something to appear on the console, for an answer of the shell or of QMP, or for QEMU
to end, each with a deadline that only a hang ever reaches. The whole console stands in
out/tests/vm/NAME.log. Nothing outlives the `with` block.
"""

import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# ORLOP_IMAGES: a directory with images, by variant; `make image` fills the default one.
IMAGES = Path(os.environ.get("ORLOP_IMAGES", TOP / "out/x86_64/image"))
LOGS = TOP / "out/tests/vm"

# A boot takes ten seconds on a quiet machine and a minute on a busy one. Only a hang comes near this.
DEADLINE_S = int(os.environ.get("ORLOP_VM_DEADLINE", "300"))
TAIL_LINES = 60


def console_pattern(pattern):
    """A regular expression for lines of the console.

    `^` is where the text of a line begins: behind the time that the kernel puts in front of errors, which
    it shows by itself. `$` is the end of a line that is complete: where the console ends just now is none.
    """
    pattern = re.sub(r"(?<![\\\[])\^", r"^(?:\\[ *\\d+\\.\\d+\\] )?", pattern)
    return re.compile(re.sub(r"(?<!\\)\$", r"(?=\\n)", pattern), re.MULTILINE)


class MachineError(AssertionError):
    """The machine did not do what the test waited for. An AssertionError: pytest shows it as a failure."""


class Machine:
    """One run of QEMU. Options are those of image/qemu; @append is added to the kernel command line."""

    # Those that the current test uses or used, so that a failure can show their consoles.
    seen = []

    def __init__(self, name, *options, variant="test", append="", deadline=DEADLINE_S):
        self.name = name
        self.deadline = deadline
        self.log_path = LOGS / f"{name}.log"
        self.directory = Path(tempfile.mkdtemp(prefix="orlop-vm-"))
        self.console = ""
        self._changed = threading.Condition()
        self._ended = False
        self._shell = None
        self._shell_ready = False
        self._shell_rest = b""
        self._qmp = None
        self.events = []
        command = [
            TOP / "image/qemu", "--image", IMAGES / variant,
            "--serial2", f"unix:{self.directory}/shell", "--qmp", f"unix:{self.directory}/qmp",
        ]
        if append:
            command += ["--append", append]
        command += [str(option) for option in options]
        LOGS.mkdir(parents=True, exist_ok=True)
        self._log = self.log_path.open("wb")
        self._errors = (self.directory / "errors").open("wb")
        # The console is QEMU's standard output: what is printed before anybody listens is not lost.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )
        Machine.seen.append(self)
        self._reader = threading.Thread(target=self._read_console, daemon=True)
        self._reader.start()
        try:
            # Now, or the shell's first words are lost: QEMU throws away what nobody is connected for.
            self._shell = self._connect("shell")
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends QEMU if it still runs. What it printed stays."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for closable in (self._shell, self._qmp, self.process.stdin, self.process.stdout, self._errors, self._log):
            if closable is not None:
                closable.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- console -----------------------------------------------------------

    def _read_console(self):
        # os.read: what is there, at once; a buffered read would wait for more.
        while data := os.read(self.process.stdout.fileno(), 65536):
            self._log.write(data)
            self._log.flush()
            with self._changed:
                self.console += data.decode(errors="replace").replace("\r", "")
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def position(self):
        """Where the console stands now: for wait_for(..., since=)."""
        with self._changed:
            return len(self.console)

    def wait_for(self, pattern, since=0):
        """Waits until the console matches @pattern, as of console_pattern(), behind @since. Returns the match."""
        match = self._await(pattern, since, self.deadline)
        if not match:
            raise MachineError(f"{self.name}: no {pattern!r} on the console within {self.deadline} s")
        return match

    def _await(self, pattern, since, seconds):
        """The same with another deadline. Returns None when that has passed."""
        expression = console_pattern(pattern)
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                match = expression.search(self.console, since)
                if match:
                    return match
                if self._ended:
                    raise MachineError(f"{self.name}: ended without {pattern!r}; {self._last_words()}")
                if not self._changed.wait(until - time.monotonic()):
                    return None

    def wait_for_end(self):
        """Waits until QEMU ends: the guest powered off, or rebooted with --no-reboot. Returns the console."""
        until = time.monotonic() + self.deadline
        with self._changed:
            while not self._ended:
                if not self._changed.wait(until - time.monotonic()):
                    raise MachineError(f"{self.name}: still runs after {self.deadline} s")
        status = self.process.wait(self.deadline)
        if status != 0:
            raise MachineError(f"{self.name}: QEMU ended with status {status}; {self._last_words()}")
        return self.console

    def type(self, data):
        """Types on the console's line."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def tail(self):
        return "\n".join(self.console.splitlines()[-TAIL_LINES:])

    def _last_words(self):
        errors = (self.directory / "errors").read_text(errors="replace").strip()
        return f"QEMU says: {errors}" if errors else "QEMU says nothing"

    def _connect(self, name):
        """A connection to one of QEMU's sockets. QEMU has opened them all before the guest prints anything."""
        self.wait_for(".")
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self.deadline)
        connection.connect(str(self.directory / name))
        return connection

    # --- shell -------------------------------------------------------------

    def wait_for_shell(self):
        """Waits until the shell of the variant `test` answers."""
        if not self._shell_ready:
            # It says when it reads; until then the line would echo and lose what comes.
            self._shell_line(re.compile("shell for tests"))
            self._shell_ready = True
        return self

    def _shell_line(self, expression):
        """Reads up to the line that matches. Returns the match and the lines before it."""
        lines = []
        while True:
            while b"\n" not in self._shell_rest:
                try:
                    data = self._shell.recv(65536)
                except TimeoutError:
                    raise MachineError(
                        f"{self.name}: the shell did not answer within {self.deadline} s; it said: {lines}"
                    ) from None
                if not data:
                    raise MachineError(f"{self.name}: ended instead of answering; {self._last_words()}")
                self._shell_rest += data
            line, self._shell_rest = self._shell_rest.split(b"\n", 1)
            line = line.decode(errors="replace").rstrip("\r")
            if match := expression.search(line):
                return match, lines
            lines.append(line)

    def send(self, command):
        """Has the shell run @command, and does not wait: for what ends the machine. Returns the marker."""
        self.wait_for_shell()
        mark = secrets.token_hex(8)
        script = shlex.quote(command)
        # A shell of its own: a syntax error is its, and it reads nothing of what we type later.
        line = f"echo; echo begin-{mark}; sh -c {script} </dev/null 2>&1; s=$?; echo; echo end-{mark} $s\n"
        self._shell.sendall(line.encode())
        return mark

    def run(self, command, check=True):
        """What @command prints, both streams, without the last newline. With check=False: (status, output)."""
        mark = self.send(command)
        self._shell_line(re.compile(f"^begin-{mark}$"))
        match, lines = self._shell_line(re.compile(rf"^end-{mark} (\d+)$"))
        status = int(match[1])
        output = "\n".join(lines).rstrip("\n")
        if not check:
            return status, output
        if status != 0:
            raise MachineError(f"{self.name}: {command}: status {status}\n{output}")
        return output

    def number(self, command):
        """The number that @command prints."""
        return int(self.run(command))

    def wait_until(self, command):
        """Has the guest try @command until it succeeds: for what no event tells. Returns its last output."""
        tries = self.deadline * 5
        return self.run(
            f"i=0; until {command}; do i=$((i+1)); [ $i -lt {tries} ] || exit 1; usleep 200000; done"
        )

    def wait_at_rest(self):
        """Waits until PID 1 has given back what its last jobs needed: then it has at most 256 KiB of anonymous memory."""
        self.wait_until("test $(awk '/^Anonymous:/ { print $2 }' /proc/1/smaps_rollup) -le 256")

    # --- QMP ---------------------------------------------------------------

    def _qmp_message(self):
        line = self._qmp_file.readline()
        if not line:
            raise MachineError(f"{self.name}: QMP ended; {self._last_words()}")
        return json.loads(line)

    def qmp(self, command, **arguments):
        """Runs a QMP command and returns its result. Events that come meanwhile go to self.events."""
        if self._qmp is None:
            self._qmp = self._connect("qmp")
            self._qmp_file = self._qmp.makefile("r")
            self._qmp_message()
            self.qmp("qmp_capabilities")
        request = {"execute": command, "arguments": arguments}
        self._qmp.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self._qmp_message()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise MachineError(f"{self.name}: QMP {command}: {message['error']['desc']}")
            else:
                return message["return"]

    def power_button(self):
        """Presses it as a person does: again, until something happens. Nobody hears it before its driver is loaded."""
        until = time.monotonic() + self.deadline
        while time.monotonic() < until:
            self.qmp("system_powerdown")
            if self._await("power button: power-off", 0, 2):
                return self.wait_for_end()
        raise MachineError(f"{self.name}: the power button does nothing")

    def read_events(self):
        """Takes the events that QEMU sent until it ended: for a machine whose end is the event."""
        while line := self._qmp_file.readline():
            self.events.append(json.loads(line))

    def press(self, *keys):
        """Presses keys together on the machine's keyboard, for example ctrl alt delete."""
        self.qmp("send-key", keys=[{"type": "qcode", "data": key} for key in keys])

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Orlop as PID 1 of namespaces of its own: a container as small as one can be.

The root is a tmpfs with the host's /usr under it (but not its units), so services may be any program of this
machine. The cgroup tree is a scratch cgroup of the host's v2 hierarchy, seen through a cgroup namespace.
"""
import collections
import ctypes
import functools
import os
import platform
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BIN = TOP / "out" / platform.machine() / "bin"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
# Far more than anything needs, on a machine however slow.
DEADLINE_S = 120
# How often a condition without an event of its own is looked at.
POLL_S = 0.02

SETUP = r"""
set -e
mount -t tmpfs -o mode=755 tmpfs "$R"
cd "$R"
mkdir -p usr etc/orlop/units proc sys/fs/cgroup dev run var/log tmp orlop t
mount --rbind /usr usr
# The host's own units are no business of the test.
[ ! -d usr/lib/systemd/system ] || mount -t tmpfs tmpfs usr/lib/systemd/system
for d in bin sbin lib lib32 lib64 libx32; do [ ! -L /$d ] || ln -s "$(readlink /$d)" $d; done
# A copy: what is made in it, /dev/log first of all, must not be made on the host.
mount -t tmpfs -o mode=755 tmpfs dev
cp -ax /dev/. dev/ 2>/dev/null || :
[ ! -d /dev/pts ] || mount --rbind /dev/pts dev/pts
rm -rf dev/kmsg dev/console dev/log
touch dev/kmsg dev/console
mount --bind "$T/kmsg" dev/kmsg
mount --bind "$T/console" dev/console
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --bind "$BIN" orlop
mount --bind "$T/shared" t
printf 'root:x:0:0::/root:/bin/sh\n' >etc/passwd
printf 'root:x:0:\n' >etc/group
cp -R "$T/units/." etc/orlop/units/
%s
exec chroot "$R" %s
"""


def v2_mount():
    """Where the cgroup v2 hierarchy is mounted on this machine."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] == "cgroup2":
            return Path(fields.split()[4])
    return None


Record = collections.namedtuple("Record", "number boot_time wall_time priority source origin unit identifier pid text")


def log_records(directory):
    """The records below @directory (orlop-log(5)), oldest first. A line with a wrong checksum is left out."""
    found = []
    for path in sorted(_try(lambda: list(Path(directory).glob("*/*.log"))) or []):
        data = _try(path.read_bytes)
        for line in data.split(b"\n") if isinstance(data, bytes) else []:
            record = parse_record(line)
            if record:
                found.append(record)
    return found


@functools.lru_cache(maxsize=1 << 18)
def parse_record(line):
    """One line of the log as a Record, or None."""
    checksum, _, rest = line.partition(b" ")
    if not re.fullmatch(b"[0-9a-f]{8}", checksum) or int(checksum, 16) != crc32c(rest):
        return None
    fields = rest.decode(errors="replace").split(" ", 8)
    source, _, origin = fields[4].partition(":")
    unit, identifier, pid = ("" if field == "-" else field for field in fields[5:8])
    text = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), fields[8])
    return Record(int(fields[0]), float(fields[1]), float(fields[2]), int(fields[3]), source, int(origin or 0),
                  unit, identifier, int(pid or 0), text)


def _crc_table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


CRC_TABLE = list(_crc_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class Orlop:
    """PID 1 with its units. Use as a context manager; leaving it kills everything."""

    def __init__(self, directory, units, arguments="orlop.unit=test.target", setup="", command=None):
        self.directory = Path(directory)
        self.root = self.directory / "root"
        self.shared = self.directory / "shared"  # /t inside
        self.lines = []
        self.news = threading.Condition()
        self.arguments = arguments
        self.setup = setup
        self.command = command or f"/orlop/orlop {arguments}"
        for name in ("root", "shared", "units"):
            (self.directory / name).mkdir()
        for name in ("kmsg", "console"):
            (self.directory / name).touch()
        self._write_units(units)
        self.cgroup = v2_mount() / f"orlop-ns-{os.getpid()}-{self.directory.name}"

    def _write_units(self, units):
        directory = self.directory / "units"
        for name in ("sysinit.target", "basic.target", "shutdown.target", "local-fs.target", "sockets.target",
                     "timers.target"):
            shutil.copy(TOP / "units" / name, directory)
        logd = (TOP / "units/orlop-logd.service").read_text()
        (directory / "orlop-logd.service").write_text(logd.replace("/usr/libexec/orlop/", "/orlop/"))
        for name, text in units.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __enter__(self):
        self.cgroup.mkdir()
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "R": str(self.root), "T": str(self.directory), "BIN": str(BIN),
        }
        script = SETUP % (self.setup, self.command)

        def enter_cgroup():
            # If the test itself is killed, nothing of its namespaces may go on.
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            (self.cgroup / "cgroup.procs").write_text("0")

        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--net", "--fork", "--kill-child",
             "--propagation", "private", "/bin/sh", "-c", script],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=enter_cgroup,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self.reader.join(DEADLINE_S)
        self.process.stdout.close()
        kill = self.cgroup / "cgroup.kill"
        if kill.exists():
            kill.write_text("1")
        for path, _, _ in sorted(os.walk(self.cgroup), reverse=True):
            wait(lambda path=path: not _try(lambda: os.rmdir(path)), f"{path} cannot be removed")

    def _read(self):
        for raw in self.process.stdout:
            with self.news:
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.lines.append("<end of output>")
            self.news.notify_all()

    # ---- what it says ----

    @property
    def log(self):
        with self.news:
            return "\n".join(self.lines)

    def expect(self, pattern):
        """Waits for a line that matches, and returns the match."""
        end = time.monotonic() + DEADLINE_S
        seen = 0
        with self.news:
            while True:
                for line in self.lines[seen:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                seen = len(self.lines)
                finished = self.lines and self.lines[-1] == "<end of output>"
                if finished or not self.news.wait(end - time.monotonic()):
                    raise AssertionError(f"no line matches {pattern!r}:\n" + "\n".join(self.lines))

    def up(self):
        self.expect(r"^orlop: up in ")
        return self

    # ---- what it does ----

    @property
    def pid(self):
        """Of PID 1, as the host sees it."""
        child = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        assert child, "PID 1 is gone:\n" + self.log
        return int(child[0])

    def kill(self, number):
        os.kill(self.pid, number)

    def shut_down(self, number=signal.SIGRTMIN + 4):
        """Asks it to power off and waits for its end. Returns unshare's status."""
        self.kill(number)
        return self.wait()

    def wait(self):
        status = self.process.wait(DEADLINE_S)
        self.reader.join(DEADLINE_S)
        return status

    def path(self, inside):
        return Path(f"/proc/{self.pid}/root") / inside.lstrip("/")

    def read(self, inside):
        return self.path(inside).read_text(errors="replace")

    def inside(self, *command):
        """The command line that runs @command beside the units."""
        return ["nsenter", "-t", str(self.pid), "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--net", "--root",
                "--wd", *command]

    def run(self, *command, check=0, **variables):
        """Runs @command beside the units, and returns the finished process."""
        process = subprocess.run(
            self.inside(*command), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
            stdin=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **variables},
        )
        if check is not None:
            assert process.returncode == check, f"{process}\n{self.log}"
        return process

    def unit_cgroup(self, unit):
        return self.cgroup / "system.slice" / unit

    def pids(self, unit):
        """Host pids of a unit's processes."""
        try:
            return [int(pid) for pid in (self.unit_cgroup(unit) / "cgroup.procs").read_text().split()]
        except FileNotFoundError:
            return []

    def main_pid(self, unit):
        return wait(lambda: (self.pids(unit) or [None])[0], f"{unit} has no process:\n{self.log}")

    def children(self):
        """Of PID 1: (host pid, state, command), zombies too."""
        found = []
        for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            name, _, rest = stat.partition("(")[2].rpartition(")")
            found.append((int(pid), rest.split()[0], name))
        return found

    def await_file(self, name, text=None):
        """Waits until the shared file exists (and holds @text), and returns what it holds."""
        path = self.shared / name

        def there():
            return path.exists() and (text is None or text in path.read_text(errors="replace"))

        wait(there, f"{name} does not appear{'' if text is None else f' with {text!r}'}:\n{self.log}")
        return path.read_text(errors="replace")

    def unit_log(self, unit):
        """What the unit printed, as text, or an empty string."""
        return "".join(f"{record.text}\n" for record in log_records(self.path("/var/log/orlop"))
                       if record.unit == unit and record.source == "o")

    def await_unit_log(self, unit, pattern):
        return wait(lambda: re.search(pattern, self.unit_log(unit), re.MULTILINE),
                    f"{unit}'s log has no {pattern!r}:\n{self.unit_log(unit)}\n{self.log}")


def _try(function, error=OSError):
    try:
        return function()
    except error as problem:
        return problem


def wait(condition, message):
    """Waits until @condition gives something true, and returns that."""
    end = time.monotonic() + DEADLINE_S
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, message() if callable(message) else message
        time.sleep(POLL_S)


def target(*wants):
    return f"[Unit]\nWants={' '.join(wants)}\nAfter={' '.join(wants)}\n"


def service(command, *lines, unit=()):
    """A service that runs @command in a shell."""
    quoted = command.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$").replace("%", "%%")
    return "\n".join(["[Unit]", *unit, "[Service]", f'ExecStart=/bin/sh -c "{quoted}"', *lines, ""])

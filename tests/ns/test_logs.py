# SPDX-License-Identifier: MIT OR Apache-2.0
"""The log with the real PID 1: nothing is lost when orlop-logd dies, nothing can hold it up, and what people read is right."""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import termios
import time
from pathlib import Path

import pytest

from container import BIN, DEADLINE_S, Orlop, crc32c, log_records, parse_record, service, target, wait

LOGD = "orlop-logd.service"
# A second orlop-logd.service for other options: the harness's search path has this directory first.
DROP_IN = LOGD + ".d/options.conf"


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


def options(*words):
    """A drop-in that gives orlop-logd other options."""
    return f"[Service]\nExecStart=\nExecStart=/orlop/orlop-logd {' '.join(words)}\n"


def inside(machine, *command):
    """What runs @command in the namespaces of the machine."""
    pid = str(machine.pid)
    return ["nsenter", "--target", pid, "--mount", "--pid", "--uts", f"--root=/proc/{pid}/root", "--wd=/", *command]


def logs_command(machine, *words):
    program = machine.shared / "logs"
    if not program.exists():
        shutil.copy(BIN.parent / "tests/ns/logs_driver", program)
    return inside(machine, "/t/logs", *words)


def logs(machine, *words, status=0):
    """What `orlopctl logs` prints, as lines."""
    process = subprocess.run(logs_command(machine, *words), capture_output=True, text=True, timeout=DEADLINE_S,
                             check=False, env={**os.environ, "TZ": "UTC"})
    assert process.returncode == status, process.stdout + process.stderr
    return process.stdout.splitlines()


def records(machine, unit=None):
    return [r for r in log_records(machine.path("/var/log/orlop")) if unit is None or r.unit == unit]


def kill_logd(machine):
    """SIGKILL, and back as another process. Returns its pid."""
    pid = machine.main_pid(LOGD)
    os.kill(pid, signal.SIGKILL)
    return wait(lambda: next((p for p in machine.pids(LOGD) if p != pid), None), "orlop-logd does not come back")


def ask(machine, query):
    """A connection to the socket on which @query has been sent."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Through /proc: an absolute path of the machine's would be too long for a socket's address.
    directory = os.open(machine.path("/run/orlop"), os.O_PATH)
    client.connect(f"/proc/self/fd/{directory}/logs")
    os.close(directory)
    client.settimeout(DEADLINE_S)
    client.sendall(query.encode() + b"\n")
    return client


def test_records_and_layouts(run):
    """A line has its unit, pid, priority and times; it is shown as journalctl shows it, and as JSON with its names."""
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": service("echo $$ >/t/pid; printf 'plain\\n<3>an error\\n  two\\tparts \\\\ \\033[31m\\n'; exec sleep 1000",
                             "SyslogIdentifier=tag"),
        "b.service": service("echo from b; exec sleep 1000"),
    }).up()
    machine.await_unit_log("a.service", "parts")
    machine.await_unit_log("b.service", "from b")
    first, second, third = records(machine, "a.service")
    assert (first.text, first.priority, first.source) == ("plain", 3 << 3 | 6, "o")
    assert (second.text, second.priority) == ("an error", 3 << 3 | 3)
    assert third.text == "  two\tparts \\ \x1b[31m"
    assert first.number < second.number < third.number
    assert 0 < first.boot_time <= third.boot_time <= time.clock_gettime(time.CLOCK_BOOTTIME)
    assert abs(first.wall_time - time.time()) < 3600

    lines = logs(machine, "a")
    assert len(lines) == 3
    assert re.fullmatch(r"[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \S+ \S+: plain", lines[0])
    # A log must not paint the terminal of who reads it.
    assert lines[2].endswith(":   two\tparts \\ \\x1b[31m")
    assert logs(machine, "-o", "cat", "-p", "err", "a.service") == ["an error"]
    assert logs(machine, "-o", "cat", "-n", "1", "-u", "b") == ["from b"]
    assert logs(machine, "-o", "cat", "-n", "2", "a", "b")[-1] in ("from b", lines[2].partition(": ")[2])
    entry = json.loads(logs(machine, "-o", "json", "a")[2])
    assert entry["MESSAGE"] == "  two\tparts \\ \x1b[31m"
    assert entry["_SYSTEMD_UNIT"] == "a.service"
    assert entry["PRIORITY"] == "6"
    assert int(entry["__REALTIME_TIMESTAMP"]) == round(third.wall_time * 1e6)
    assert re.fullmatch("[0-9a-f]{32}", entry["_BOOT_ID"])


def test_identity_of_lines(run):
    """SyslogIdentifier=, SyslogLevelPrefix= and the main process's pid reach the log with the pipe."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("echo $$ >/t/pid; echo '<3>text'; exec sleep 1000"),
    }).up()
    machine.await_unit_log("a.service", "text")
    assert records(machine, "a.service")[0].pid == int((machine.shared / "pid").read_text())


def test_restart_loses_nothing(run):
    """SIGKILL for orlop-logd while a service prints: each line is there, in order; a line without newline as well."""
    lines = 9000
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": service(f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; done;"
                             " echo >/t/done; exec sleep 1000"),
        "b.service": service("printf half; while ! [ -e /t/go ]; do sleep 0.1; done; echo ' and half'; exec sleep 1000"),
    }).up()
    for _ in range(5):
        kill_logd(machine)
    machine.await_file("done")
    (machine.shared / "go").touch()
    machine.await_unit_log("a.service", f"^line {lines}$")
    machine.await_unit_log("b.service", "^half and half$")
    numbers = [int(r.text.split()[1]) for r in records(machine, "a.service")]
    # Killed between the write and taking it out of the pipe, a portion is written twice; none is missing.
    assert sorted(set(numbers)) == list(range(1, lines + 1))
    assert len(numbers) - lines <= 5 * 64 * 1024 // len("line 1\n")
    every = [r.number for r in records(machine)]
    assert every == sorted(set(every)), "numbers are unique and grow"


def test_stopped_daemon_delays_and_loses_nothing(run):
    """While orlop-logd is stopped the lines wait in the pipes."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("while ! [ -e /t/go ]; do sleep 0.1; done; seq 1 2000; echo >/t/done; exec sleep 1000"),
    }).up()
    pid = machine.main_pid(LOGD)
    os.kill(pid, signal.SIGSTOP)
    (machine.shared / "go").touch()
    machine.await_file("done")
    os.kill(pid, signal.SIGKILL)
    machine.await_unit_log("a.service", "^2000$")
    assert [r.text for r in records(machine, "a.service")] == [str(n) for n in range(1, 2001)]


def test_flood_is_counted_hc_21(run):
    """hc-21: of a service that prints without end the first lines are kept and the rest is counted; others lose nothing."""
    machine = run({
        "test.target": target("yes.service", "a.service"),
        "yes.service": "[Service]\nExecStart=/usr/bin/yes\n",
        "a.service": service("seq 1 3000; exec sleep 1000"),
        DROP_IN: options("--rate-interval=5", "--rate-burst=4000"),
    }).up()
    machine.await_unit_log("a.service", "^3000$")
    assert [r.text for r in records(machine, "a.service")] == [str(n) for n in range(1, 3001)]

    def dropped():
        return [r for r in records(machine, "yes.service") if r.source == "l"]

    wait(dropped, "what was dropped is not said")
    note = dropped()[0]
    said = re.fullmatch(r"(\d+) lines of yes.service were dropped: more than 4000 in 5 s", note.text)
    assert int(said[1]) > 0
    kept = [r for r in records(machine, "yes.service") if r.source == "o"]
    assert len([r for r in kept if r.number < note.number]) == 4000
    # All its memory is static: none of it grows with what goes through.
    status = Path(f"/proc/{machine.main_pid(LOGD)}/status").read_text()
    assert int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) < 6 * 1024


def test_rotation_is_bounded(run):
    """--max-size= bounds all files together, the oldest go first, and what is left is readable."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("seq 1 9000; echo >/t/done; exec sleep 1000"),
        DROP_IN: options("--max-size=256K"),
    }).up()
    machine.await_unit_log("a.service", "^9000$")
    files = sorted(machine.path("/var/log/orlop").glob("*/*.log"))
    assert len(files) > 1
    assert files[0].name != "000001.log"
    assert sum(path.stat().st_size for path in files) <= 256 * 1024
    numbers = [int(text) for text in logs(machine, "-o", "cat", "a")]
    assert numbers == list(range(numbers[0], 9001)) and numbers[0] > 1
    assert logs(machine, "-o", "cat", "-n", "3000", "a") == [str(n) for n in range(9001 - min(3000, len(numbers)), 9001)]


SENDER = r"""
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
for message in (b"<29>Nov 25 07:00:00 tool[1]: old form", b"<165>1 2026-11-25T07:00:00Z host app 5 - [a b=\"]\"] new form",
                b"no form", b"<3>pretends to be the kernel", b"<14>t: " + b"x" * 6000):
    s.send(message)
print(os.getpid(), flush=True)
while True:
    s.recv(1)
"""


def test_dev_log(run):
    """/dev/log: priority and tag from the message, pid from the kernel, the unit from the sender's cgroup."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": "[Service]\nExecStart=/usr/bin/python3 /t/sender.py\n",
    }, setup=f"cat >\"$T/shared/sender.py\" <<'END'\n{SENDER}END\n").up()
    wait(lambda: any(r.source == "s" and len(r.text) == 6000 - 4096 for r in records(machine)), "the last is missing")
    printed = next(r for r in records(machine, "a.service") if r.source == "o")
    sent = [r for r in records(machine, "a.service") if r.source == "s"]
    assert [(r.priority, r.identifier, r.text) for r in sent[:4]] == [
        (29, "tool", "old form"), (165, "app", "new form"), (13, "", "no form"),
        (11, "", "pretends to be the kernel")]
    assert {str(r.pid) for r in sent} == {printed.text}
    assert [len(r.text) for r in sent[4:]] == [4096, 6000 - 4096]


def test_torn_tail_is_cut(run):
    """Half a record at the end of the file, as a kill in a write leaves it, is cut off; damage within costs one line."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("seq 1 5; while ! [ -e /t/go ]; do sleep 0.1; done; seq 6 9; exec sleep 1000"),
    }).up()
    machine.await_unit_log("a.service", "^5$")
    path = next(machine.path("/var/log/orlop").glob("*/*.log"))
    name = Path(*path.parts[-2:])
    with path.open("r+b") as file:
        data = file.read()
        damaged = data.replace(b" - 3\n", b" - \0\n")
        damaged = damaged if damaged != data else re.sub(rb" (\d+) 3\n", rb" \1 \0\n", data)
        assert damaged != data
        file.seek(0)
        file.write(damaged)
        file.write(b"0123abcd 12345 1.0000")
    kill_logd(machine)
    (machine.shared / "go").touch()
    machine.await_unit_log("a.service", "^9$")
    assert [r.text for r in records(machine, "a.service")] == ["1", "2", "4", "5", "6", "7", "8", "9"]
    lines = (machine.path("/var/log/orlop") / name).read_bytes().split(b"\n")
    bad = [line for line in lines if line and not line.startswith(b"#") and not parse_record(line)]
    assert len(bad) == 1 and b"\0" in bad[0]
    assert logs(machine, "-o", "cat", "a") == ["1", "2", "4", "5", "6", "7", "8", "9"]


def test_follow_outlives_the_daemon(run):
    """-f shows what comes, the last lines first, and goes on when orlop-logd was killed meanwhile; no line is shown twice."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("seq 1 20; for n in 1 2; do while ! [ -e /t/go$n ]; do sleep 0.1; done; echo after $n; done;"
                             " exec sleep 1000"),
    }).up()
    machine.await_unit_log("a.service", "^20$")
    follower = subprocess.Popen(logs_command(machine, "-f", "-n", "2", "-o", "cat", "a"), stdout=subprocess.PIPE, text=True)
    try:
        assert [follower.stdout.readline() for _ in range(2)] == ["19\n", "20\n"]
        (machine.shared / "go1").touch()
        assert follower.stdout.readline() == "after 1\n"
        kill_logd(machine)
        (machine.shared / "go2").touch()
        assert follower.stdout.readline() == "after 2\n"
    finally:
        follower.kill()
        follower.wait()


def test_boots(run, tmp_path):
    """Each boot has its directory; --boot= chooses one by number or ID, --list-boots names them."""
    kept = tmp_path / "kept"
    kept.mkdir()

    def boot(word):
        machine = run({
            "test.target": target("a.service"),
            "a.service": service(f"echo {word}; exec sleep 1000"),
        }, setup=f"mount --bind {kept} var/log").up()
        machine.await_unit_log("a.service", f"^{word}$")
        return machine

    for word in ("one", "two"):
        boot(word).shut_down()
    machine = boot("three")
    assert logs(machine, "-o", "cat", "a") == ["one", "two", "three"]
    assert logs(machine, "-o", "cat", "-b", "a") == ["three"]
    assert logs(machine, "-o", "cat", "--boot=-1", "a") == ["two"]
    assert logs(machine, "-o", "cat", "-b", "1", "a") == ["one"]
    assert logs(machine, "-o", "cat", "-n", "2", "a") == ["two", "three"]
    assert [line for line in logs(machine, "a") if line.startswith("-- Boot")].__len__() == 2
    table = logs(machine, "--list-boots")
    assert [line.split()[0] for line in table] == ["-2", "-1", "0"]
    assert logs(machine, "-o", "cat", f"--boot={table[0].split()[1]}", "a") == ["one"]
    assert logs(machine, "--boot=-7", status=1) == []
    # The files themselves, when nobody answers on the socket.
    os.kill(machine.main_pid(LOGD), signal.SIGSTOP)
    machine.path("/run/orlop/logs").unlink()
    assert logs(machine, "-o", "cat", "a") == ["one", "two", "three"]
    assert [line.split()[0] for line in logs(machine, "--list-boots")] == ["-2", "-1", "0"]


def test_times(run):
    """--since and --until by the wall clock."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("echo text; exec sleep 1000"),
    }).up()
    machine.await_unit_log("a.service", "text")
    at = records(machine, "a.service")[0].wall_time
    assert logs(machine, "-o", "cat", f"--since=@{at:.6f}", "a") == ["text"]
    assert logs(machine, f"--since=@{at + 1:.6f}", "a") == ["-- No entries --"]
    assert logs(machine, "-q", f"--until=@{at - 1:.6f}", "a") == []
    assert logs(machine, "-o", "cat", "--since=-1h", "--until=+1h", "a") == ["text"]
    assert logs(machine, "--since=noon", status=2) == []


def test_no_disk_at_first(run):
    """Without a place to write, the log is in memory and can be read; it reaches the disk as soon as there is one."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("seq 1 100; while ! [ -e /t/go ]; do sleep 0.1; done; echo late; exec sleep 1000"),
    }, setup="mount -t tmpfs -o ro tmpfs var/log").up()
    wait(lambda: logs(machine, "-q", "-o", "cat", "a") == [str(n) for n in range(1, 101)], "it is not in memory")
    assert logs(machine, "-o", "cat", "-n", "2", "a") == ["99", "100"]
    assert records(machine) == []
    subprocess.run(inside(machine, "mount", "-o", "remount,rw", "/var/log"), check=True)
    machine.await_unit_log("a.service", "^100$")
    (machine.shared / "go").touch()
    machine.await_unit_log("a.service", "^late$")
    assert [r.text for r in records(machine, "a.service")] == [*(str(n) for n in range(1, 101)), "late"]


def test_full_disk(run):
    """A full disk stops nobody: the service goes on, and the lines of then are written when there is room."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("while ! [ -e /t/go ]; do sleep 0.1; done; seq 1 3000; echo >/t/done; exec sleep 1000"),
    }, setup="mount -t tmpfs -o size=20m tmpfs var/log").up()
    wait(lambda: list(machine.path("/var/log/orlop").glob("*/*.log")), "no log")
    ballast = machine.path("/var/log/ballast")
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    (machine.shared / "go").touch()
    machine.await_file("done")
    wait(lambda: "logd: /var/log/orlop: No space left on device" in (machine.directory / "kmsg").read_text(),
         "that the disk is full is not said")
    ballast.unlink()
    machine.await_unit_log("a.service", "^3000$")
    assert [r.text for r in records(machine, "a.service")] == [str(n) for n in range(1, 3001)]


def test_slow_readers_block_nobody(run):
    """Readers that do not read, as many as there may be: the log goes on; one more is turned away."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("seq 1 4000; while ! [ -e /t/go ]; do sleep 0.1; done; seq 4001 8000; exec sleep 1000"),
    }).up()
    machine.await_unit_log("a.service", "^4000$")
    clients = [ask(machine, "logs follow=yes") for _ in range(16)]
    for client in clients:
        assert client.recv(3) == b"ok\n"
    assert ask(machine, "logs").recv(100) == b"error too many readers\n"
    (machine.shared / "go").touch()
    machine.await_unit_log("a.service", "^8000$")
    # A slow one gets everything all the same, in order.
    got = b""
    while b" 8000\n" not in got:
        got += clients[7].recv(65536)
    texts = [record.text for record in map(parse_record, got.split(b"\n")) if record and record.unit == "a.service"]
    assert texts == [str(n) for n in range(1, 8001)]
    for client in clients:
        client.close()
    wait(lambda: ask(machine, "boots").recv(3) == b"ok\n", "no place becomes free")


def test_bad_queries(run):
    """What is no query gets a reason, and one that is too long an end."""
    machine = run({"test.target": target(LOGD)}).up()
    machine.main_pid(LOGD)
    wait(lambda: machine.path("/run/orlop/logs").exists(), "no socket")
    assert ask(machine, "shout").recv(100) == b"error neither logs nor boots\n"
    assert ask(machine, "logs priority=9").recv(100) == b"error priority= is not a number from 0 to 7\n"
    assert ask(machine, "logs boot=-3").recv(100) == b"error no such boot\n"
    assert ask(machine, "x" * 6000).recv(100) == b"error the line is too long\n"


def test_socket_is_for_root_and_the_group(run):
    """The log's group may read, nobody else."""
    machine = run({"test.target": target(LOGD)}, setup="printf 'adm:x:4:\\n' >>etc/group").up()
    machine.main_pid(LOGD)
    path = machine.path("/run/orlop/logs")
    wait(lambda: path.exists() and path.stat().st_gid == 4, "the socket has no group")
    assert path.stat().st_mode & 0o777 == 0o660


def test_privileges(run):
    """orlop-logd gives up what it does not need: no capability is left, and none can come back."""
    machine = run({"test.target": target(LOGD)}).up()
    status = Path(f"/proc/{machine.main_pid(LOGD)}/status")
    wait(lambda: re.search(r"^CapPrm:\s+0+$", status.read_text(), re.MULTILINE), "capabilities are left")
    text = status.read_text()
    assert re.search(r"^CapEff:\s+0+$", text, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", text, re.MULTILINE)
    wait(lambda: re.search(r"^Seccomp:\s+2$", status.read_text(), re.MULTILINE), "no filter of system calls")


def test_kernel_log(run):
    """The kernel's log is read from its start, with the kernel's numbers; a restart reads nothing twice."""
    marker = f"orlop-test-{os.getpid()}-{time.monotonic_ns()}"
    try:
        with open("/dev/kmsg", "wb", buffering=0) as kmsg:
            kmsg.write(f"<28>{marker}: before\n".encode())
    except OSError as problem:
        pytest.skip(f"the kernel's log cannot be written: {problem}")
    machine = run({
        "test.target": target(LOGD),
        DROP_IN: options("--kmsg=/dev/kmsg"),
    }, setup="umount dev/kmsg; rm dev/kmsg; mknod dev/kmsg c 1 11").up()

    def texts():
        return [r.text for r in records(machine) if r.identifier == marker]

    wait(lambda: texts() == ["before"], "the line of before is missing")
    kill_logd(machine)
    with open("/dev/kmsg", "wb", buffering=0) as kmsg:
        kmsg.write(f"<28>{marker}: after\n".encode())
    wait(lambda: "after" in texts(), "the line of after is missing")
    assert texts() == ["before", "after"]
    kernel = [r for r in records(machine) if r.source == "k"]
    origins = [r.origin for r in kernel]
    assert origins == sorted(set(origins))
    assert next(r for r in kernel if r.text == "before").priority == 28
    assert set(logs(machine, "-k", "-o", "cat")).isdisjoint({"before", "after"}), "facility daemon is not the kernel"


# ---- the console ----

CONSOLE_UNITS = {
    "test.target": target("a.service", "b.service"),
    "a.service": service("while ! [ -e /t/go ]; do sleep 0.1; done; seq 1 3000; echo >/t/done; exec sleep 1000",
                         "StandardOutput=journal+console"),
    "b.service": service("printf x >>/t/runs-b; exec sleep 1000", "Restart=always", "RestartSec=1ms",
                         unit=["StartLimitBurst=0"]),
}


def all_is_kept(machine):
    """The service prints on, everything is in the log, and PID 1 does its work."""
    (machine.shared / "go").touch()
    machine.await_file("done")
    machine.await_unit_log("a.service", "^3000$")
    assert [r.text for r in records(machine, "a.service")] == [str(n) for n in range(1, 3001)]
    os.kill(machine.main_pid("b.service"), signal.SIGKILL)
    machine.await_file("runs-b", "xx")


def test_console_in_whole_lines_hc_26(run):
    """hc-26: a line for the console is written in one piece with the unit's name in front, between those of others."""
    machine = run(CONSOLE_UNITS).up()
    all_is_kept(machine)
    console = machine.directory / "console"
    wait(lambda: "a.service: 3000\n" in console.read_text(), "the console lacks lines")
    shown = [line for line in console.read_text().splitlines() if line.startswith("a.service: ")]
    assert shown == [f"a.service: {n}" for n in range(1, 3001)]


def test_console_missing_hc_19(run):
    """hc-19: no console at all."""
    machine = run(CONSOLE_UNITS, setup="umount dev/console; rm dev/console").up()
    all_is_kept(machine)


def pty_as_console(machine_of, **more):
    """A machine whose console is a terminal, and the terminal's other end."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    machine = machine_of(CONSOLE_UNITS, setup=f"mount --bind {os.ttyname(slave)} dev/console", **more).up()
    os.close(slave)
    return machine, master


def test_console_hung_up_hc_19(run):
    """hc-19: a console that was hung up: each write fails, and costs nothing."""
    machine, master = pty_as_console(run)
    os.close(master)
    all_is_kept(machine)


def test_console_blocked_hc_20(run):
    """hc-20: a console that takes nothing (nobody reads, as with XOFF) blocks nobody; later it says how much it missed."""
    machine, master = pty_as_console(run)
    all_is_kept(machine)
    fcntl.fcntl(master, fcntl.F_SETFL, os.O_NONBLOCK)
    shown = b""
    end = time.monotonic() + DEADLINE_S

    def missed():
        nonlocal shown
        try:
            shown += os.read(master, 65536)
        except BlockingIOError:
            pass
        return re.search(rb"orlop-logd: (\d+) lines were not shown here\n", shown)

    said = wait(missed, lambda: f"what was dropped is not said: {shown!r}")
    assert time.monotonic() < end
    lines = re.findall(rb"^a\.service: (\d+)$", shown, re.MULTILINE)
    assert [int(n) for n in lines] == list(range(1, len(lines) + 1)), "whole lines, from the first on"
    assert len(lines) + int(said[1]) == 3000
    os.close(master)


def test_pid_1_console_blocked_hc_20(run):
    """hc-20: PID 1's own console takes nothing: services come back all the same."""
    master, slave = pty.openpty()
    fcntl.fcntl(slave, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(slave, b"x" * 4096)
    except BlockingIOError:
        pass
    fcntl.fcntl(slave, fcntl.F_SETFL, 0)
    machine = run(CONSOLE_UNITS, command=f"/bin/sh -c 'exec /orlop/orlop orlop.unit=test.target 2>/dev/pts-test'",
                  setup=f"touch dev/pts-test; mount --bind {os.ttyname(slave)} dev/pts-test")
    for count in range(1, 6):
        machine.await_file("runs-b", "x" * count)
        os.kill(machine.main_pid("b.service"), signal.SIGKILL)
    machine.await_file("runs-b", "x" * 6)
    (machine.shared / "go").touch()
    machine.await_file("done")
    os.close(slave)
    os.close(master)


def test_checksum_is_castagnoli():
    """The harness and the program agree because both are right: the check value of CRC-32C."""
    assert crc32c(b"123456789") == 0xE3069283

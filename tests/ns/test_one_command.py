# SPDX-License-Identifier: MIT OR Apache-2.0
"""orlop --init beside the real tini and dumb-init: what one does, the other does, case by case.

Each case runs under Debian's program and under Orlop called by that program's name; both must agree. What
orlop --init does on its own is held against tini, whose options it has.
"""
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from container import BIN, wait

DEADLINE_S = 20
PYTHON = "/usr/bin/python3"
# Each kind: the reference, Orlop called so, and Orlop by its own name where the options are the same.
TINI = ["tini", "orlop-tini", "orlop"]
DUMB_INIT = ["dumb-init", "orlop-dumb-init"]
EVERYBODY = TINI + DUMB_INIT
# What a signal test leaves out: it cannot be caught, is no message, or is a fault of the process itself.
NOT_SENT = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL,
            signal.SIGFPE, signal.SIGABRT, signal.SIGSYS, signal.SIGTRAP}
TERMINAL = {signal.SIGTTIN, signal.SIGTTOU, signal.SIGTSTP}

# Says which signals come, a line each, until SIGUSR2; then ends with 42.
RECORDER = """
import os, signal, sys
out = open(sys.argv[1], "w", buffering=1)
wanted = [s for s in signal.valid_signals() if s not in map(signal.Signals, %s)]
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("ready", os.getpid(), os.getpgrp(), os.getsid(0), file=out)
while True:
    number = signal.sigwait(wanted)
    print(int(number), file=out)
    if number == signal.SIGUSR2:
        os._exit(42)
""" % sorted(int(s) for s in NOT_SENT)


@pytest.fixture
def inits(tmp_path):
    """A function: the argv prefix of a program by its name in the lists above."""
    for name in ("tini", "dumb-init"):
        (tmp_path / "bin" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(BIN / "orlop")

    def prefix(name):
        return {
            "tini": ["/usr/bin/tini"],
            "dumb-init": ["/usr/bin/dumb-init"],
            "orlop": [str(BIN / "orlop"), "--init"],
            "orlop-tini": [str(tmp_path / "bin/tini")],
            "orlop-dumb-init": [str(tmp_path / "bin/dumb-init")],
        }[name]

    return prefix


def as_pid_1(argv):
    return ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--", *argv]


def status(argv, **options):
    process = subprocess.run(as_pid_1(argv), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
                             stdin=subprocess.DEVNULL, **options)
    return process.returncode


def child_of(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return wait(lambda: [int(p) for p in path.read_text().split()], f"{pid} has no child")[0]


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Recorded:
    """An init whose command writes down its signals."""

    def __init__(self, argv, directory, namespace=True):
        self.file = directory / "signals"
        self.file.unlink(missing_ok=True)
        command = [*argv, "--", PYTHON, "-c", RECORDER, str(self.file)]
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(as_pid_1(command) if namespace else command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: self.file.exists() and "\n" in self.file.read_text(), "the command does not start")
        self.pid = child_of(self.process.pid) if namespace else self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(DEADLINE_S)

    @property
    def seen(self):
        return [int(line) for line in self.file.read_text().splitlines()[1:]]

    def send(self, number):
        os.kill(self.pid, number)

    def finish(self):
        self.send(signal.SIGUSR2)
        return self.process.wait(DEADLINE_S), self.seen


@pytest.mark.parametrize("name", EVERYBODY)
def test_exit_codes(inits, name):
    """The command's exit status is the init's."""
    for code in (0, 1, 3, 127, 128, 255):
        assert status([*inits(name), "--", "/bin/sh", "-c", f"exit {code}"]) == code


@pytest.mark.parametrize("name", EVERYBODY)
def test_deadly_signals(inits, name):
    """A command that a signal killed: 128 and the signal, faults and SIGKILL as well."""
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT, signal.SIGUSR1):
        program = f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.kill(os.getpid(), {number})"
        assert status([*inits(name), "--", PYTHON, "-c", program]) == 128 + number


@pytest.mark.parametrize("names", [TINI, DUMB_INIT], ids=["tini", "dumb-init"])
def test_wrong_commands_hc_9(inits, names):
    """hc-9: no such program, no program, no command, no such option: the same status as the original."""
    for words in (["--", "/no/such/program"], ["--", "/etc/passwd"], [], ["--no-such-option", "true"], ["-e"], ["-r", "x", "true"]):
        expected = status([*inits(names[0]), *words])
        assert expected != 0
        for name in names[1:]:
            # -r is an option of orlop --init, and fails in another way with the same status.
            assert status([*inits(name), *words]) == expected, (name, words)


@pytest.mark.parametrize("name", TINI)
def test_remapped_status(inits, name):
    """-e CODE: this status of the command is a success."""
    shell = ["/bin/sh", "-c"]
    assert status([*inits(name), "-e", "143", "--", *shell, "exit 143"]) == 0
    assert status([*inits(name), "-e", "143", "--", *shell, "kill -TERM $$"]) == 0
    assert status([*inits(name), "-e", "143", "--", *shell, "exit 142"]) == 142


@pytest.mark.parametrize("names", [TINI, DUMB_INIT], ids=["tini", "dumb-init"])
def test_signals_are_passed_on_hc_11(inits, names, tmp_path):
    """hc-11: every signal that a process may catch goes through, real-time ones as well; nothing else comes."""
    sent = sorted(set(signal.valid_signals()) - NOT_SENT - TERMINAL - {signal.SIGUSR2})
    results = {}
    for name in names:
        with Recorded(inits(name), tmp_path) as run:
            for number in sent:
                run.send(number)
                wait(lambda number=number: number in run.seen, f"{name} does not pass on {number}: {run.seen}")
            results[name] = run.finish()
    assert results[names[0]] == (42, [*map(int, sent), int(signal.SIGUSR2)])
    assert all(result == results[names[0]] for result in results.values()), results


@pytest.mark.parametrize("names, options", [(TINI, []), (TINI, ["-g"]), (DUMB_INIT, []), (DUMB_INIT, ["-c"])],
                         ids=["tini", "tini-g", "dumb-init", "dumb-init-c"])
def test_command_or_group(inits, names, options, tmp_path):
    """Whether a signal reaches the command's children: tini needs -g for that, dumb-init -c for the opposite."""
    # Blocked from the start and waited for: what comes early is not lost.
    program = (f"import os, signal\n"
               f"signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
               f"who = 'child' if os.fork() == 0 else 'command'\n"
               f"open('{tmp_path}/there-' + who, 'w')\n"
               f"signal.sigwait([signal.SIGUSR1])\n"
               f"open('{tmp_path}/got-' + who, 'w')\n"
               f"signal.pause()\n")
    results = {}
    for name in names:
        for old in tmp_path.glob("*-c*"):
            old.unlink()
        # pylint: disable=consider-using-with
        process = subprocess.Popen(as_pid_1([*inits(name), *options, "--", PYTHON, "-c", program]), stdin=subprocess.DEVNULL)
        for who in ("child", "command"):
            wait(lambda who=who: (tmp_path / f"there-{who}").exists(), f"{name}: no {who}")
        init = child_of(process.pid)
        os.kill(init, signal.SIGUSR1)
        wait(lambda: (tmp_path / "got-command").exists(), f"{name}: the command got nothing")
        # One signal after the other through the same queue: the child, if it gets any, has it as well by now.
        if options == ["-g"] or (names is DUMB_INIT and not options):
            wait(lambda: (tmp_path / "got-child").exists(), f"{name}: the child got nothing")
        results[name] = (tmp_path / "got-child").exists()
        process.kill()
        process.wait(DEADLINE_S)
    assert len(set(results.values())) == 1, results


@pytest.mark.parametrize("name", DUMB_INIT + ["orlop"])
def test_rewritten_signals(inits, name, tmp_path):
    """-r OLD:NEW sends another signal, -r OLD:0 none."""
    with Recorded([*inits(name), "-r", "15:10", "-r", "1:0", "--rewrite", "2:12"], tmp_path) as run:
        run.send(signal.SIGHUP)
        run.send(signal.SIGTERM)
        wait(lambda: run.seen, f"{name}: nothing comes")
        run.send(signal.SIGINT)
        assert run.process.wait(DEADLINE_S) == 42
        assert run.seen == [signal.SIGUSR1, signal.SIGUSR2]


@pytest.mark.parametrize("names", [TINI, DUMB_INIT], ids=["tini", "dumb-init"])
def test_terminal_stop_signals(inits, names, tmp_path):
    """SIGTSTP, SIGTTIN, SIGTTOU: dumb-init stops its session and itself; tini passes on the first and ignores the rest."""
    results = {}
    for name in names:
        states = {}
        for number in sorted(TERMINAL):
            with Recorded(inits(name), tmp_path, namespace=False) as run:
                command = child_of(run.pid)
                run.send(number)
                if names is DUMB_INIT:
                    wait(lambda: state_of(run.pid) == state_of(command) == "T", f"{name} goes on after {number!r}")
                    run.send(signal.SIGCONT)
                    wait(lambda: state_of(run.pid) == "S", f"{name} does not go on")
                    os.kill(command, signal.SIGCONT)
                elif number == signal.SIGTSTP:
                    # Of two signals that wait the lower number is taken first: this one has to be through.
                    wait(lambda: run.seen, f"{name} does not pass on {number!r}")
                states[number] = state_of(run.pid) == "T"
                ended = run.finish()
                states[number] = (ended[0], [n for n in ended[1] if n != signal.SIGCONT])
        results[name] = states
    assert all(result == results[names[0]] for result in results.values()), results


def run_on_terminal(argv):
    """What @argv prints on a terminal of its own, as the leader of its session."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    text = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(master)
    # What it says itself comes before, and is its own affair.
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode().splitlines()[-1]


@pytest.mark.parametrize("names", [TINI, DUMB_INIT], ids=["tini", "dumb-init"])
def test_terminal_is_the_commands_hc_16(inits, names):
    """hc-16: the command is in the foreground of the terminal; under dumb-init it leads the terminal's session."""
    program = ("import os; print('front', os.tcgetpgrp(0) == os.getpgrp(), 'group', os.getpgrp() == os.getpid(),"
               " 'session', os.getsid(0) == os.getpid(), 'terminal', os.path.exists('/dev/tty') and"
               " os.isatty(os.open('/dev/tty', os.O_RDWR)))")
    results = {name: run_on_terminal([*inits(name), "--", PYTHON, "-c", program]) for name in names}
    assert results[names[0]][1].startswith("front True group True")
    assert all(result == results[names[0]] for result in results.values()), results


def release(fifo):
    """Lets everybody go on who waits for this pipe now; false."""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        pass  # nobody does
    return False


@pytest.mark.parametrize("name", EVERYBODY)
def test_nothing_stays_behind_hc_1_hc_3(inits, name, tmp_path):
    """hc-1, hc-3: orphans of the command are reaped, also many that end at once; with it everything ends."""
    shell = ("mkfifo $T/go; for i in $(seq 300); do (sh -c 'read x <$T/go' &); done; sleep 1000 & echo >$T/there;"
             " until [ -e $T/over ]; do read x <$T/wake; done; exit 7")
    os.mkfifo(tmp_path / "wake")
    # pylint: disable=consider-using-with
    process = subprocess.Popen(as_pid_1([*inits(name), "--", "/bin/sh", "-c", shell]), stdin=subprocess.DEVNULL,
                               env={**os.environ, "T": str(tmp_path)})
    wait(lambda: (tmp_path / "there").exists(), "the command does not get on")
    init = child_of(process.pid)
    children = Path(f"/proc/{init}/task/{init}/children")
    wait(lambda: len(children.read_text().split()) > 300, "orphans do not come to the init")
    # The command is left, and no zombie: whoever was there has been reaped.
    wait(lambda: release(tmp_path / "go") or len(children.read_text().split()) == 1, "zombies stay")
    (tmp_path / "over").touch()
    wait(lambda: release(tmp_path / "wake") or process.poll() is not None, "the init does not end")
    assert process.returncode == 7


@pytest.mark.parametrize("name, options", [("tini", ["-s"]), ("orlop-tini", ["-s"]), ("orlop", [])])
def test_subreaper_hc_3(inits, name, options, tmp_path):
    """hc-3: without being PID 1 it takes in the orphans of its command."""
    program = (f"(sh -c 'sleep 1000 & echo $! >{tmp_path}/orphan.new; mv {tmp_path}/orphan.new {tmp_path}/orphan');"
               f" exec {PYTHON} -c 'import signal; signal.pause()'")
    # pylint: disable=consider-using-with
    process = subprocess.Popen([*inits(name), *options, "--", "/bin/sh", "-c", program], stdin=subprocess.DEVNULL)
    wait(lambda: (tmp_path / "orphan").exists(), "no orphan")
    orphan = int((tmp_path / "orphan").read_text())
    try:
        wait(lambda: f"PPid:\t{process.pid}\n" in Path(f"/proc/{orphan}/status").read_text(), "the orphan is elsewhere")
        os.kill(orphan, signal.SIGKILL)
        wait(lambda: not Path(f"/proc/{orphan}").exists(), "the orphan is a zombie")
    finally:
        process.terminate()
        assert process.wait(DEADLINE_S) == 128 + signal.SIGTERM


@pytest.mark.parametrize("name", ["tini", "orlop-tini", "orlop"])
def test_parent_death(inits, name, tmp_path):
    """-p SIGNAL: when the parent dies the command gets it."""
    parent = subprocess.Popen(  # pylint: disable=consider-using-with
        ["/bin/sh", "-c", '"$@" & wait', "sh", *inits(name), "-p", "SIGUSR2", "--", PYTHON, "-c", RECORDER, str(tmp_path / "s")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait(lambda: (tmp_path / "s").exists() and "ready" in (tmp_path / "s").read_text(), "the command does not start")
    parent.kill()
    parent.wait(DEADLINE_S)
    wait(lambda: (tmp_path / "s").read_text().splitlines()[1:] == [str(int(signal.SIGUSR2))], "no signal came")


@pytest.mark.parametrize("names", [TINI, DUMB_INIT], ids=["tini", "dumb-init"])
def test_inherited_signals_hc_11(inits, names):
    """hc-11: what the command finds blocked and ignored is what the original leaves; orlop --init leaves nothing."""
    program = ("import os, signal, sys; signal.signal(signal.SIGUSR1, signal.SIG_IGN);"
               " signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]);"
               " os.execv(sys.argv[1], sys.argv[1:])")
    masks = {}
    for name in names:
        output = subprocess.run([PYTHON, "-c", program, *inits(name), "--", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"],
                                capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout
        # glibc's own two, 32 and 33, the originals cannot touch; ours puts them back.
        others = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1 | 3 << 31
        masks[name] = {key: int(value, 16) & ~others
                       for key, value in (line.split(":\t") for line in output.splitlines())}
    if "orlop" in masks:
        assert set(masks.pop("orlop").values()) == {0}
        assert masks["tini"]["SigBlk"] >> signal.SIGHUP - 1 & 1
        assert masks["tini"]["SigIgn"] >> signal.SIGUSR1 - 1 & 1
    assert all(mask == masks[names[0]] for mask in masks.values()), masks


@pytest.mark.parametrize("name", ["orlop", "orlop-tini", "orlop-dumb-init"])
def test_parent_ignores_children(inits, name):
    """Started with SIGCHLD ignored, as some parents leave it, it still tells how the command ended."""
    program = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    assert status([PYTHON, "-c", program, *inits(name), "--", "/bin/sh", "-c", "exit 5"]) == 5


def test_interrupted_wait_hc_7(inits, tmp_path):
    """hc-7: waitid(2) that is interrupted is asked again; the status is not lost."""
    log = tmp_path / "strace"
    process = subprocess.run(["strace", "-o", str(log), "-e", "trace=waitid", "-e", "inject=waitid:error=EINTR:when=1..3",
                              *inits("orlop"), "--", "/bin/sh", "-c", "exit 6"],
                             capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if "INJECTED" not in (log.read_text() if log.exists() else ""):
        pytest.skip(f"strace cannot be used here: {process.stderr}")
    assert process.returncode == 6


def test_signal_storm_hc_15(inits, tmp_path):
    """hc-15: a hundred thousand signals, orphans that die meanwhile: none of it keeps the init from its work."""
    with Recorded(inits("orlop"), tmp_path) as run:
        end = time.monotonic() + DEADLINE_S
        for _ in range(100_000):
            os.kill(run.pid, signal.SIGHUP)
            assert time.monotonic() < end
        code, seen = run.finish()
        assert code == 42
        assert 1 <= seen.count(signal.SIGHUP) <= 100_000


def test_no_memory_of_its_own_hc_45(inits):
    """hc-45: what it has for itself while it waits is at most 256 KiB, huge pages or not."""
    # pylint: disable=consider-using-with
    process = subprocess.Popen([*inits("orlop"), "sleep", "1000"], stdin=subprocess.DEVNULL)
    try:
        command = child_of(process.pid)
        wait(lambda: Path(f"/proc/{command}/comm").read_text() == "sleep\n", "the command does not start")
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        anonymous = int(next(l for l in rollup.splitlines() if l.startswith("Anonymous:")).split()[1])
        assert anonymous <= 256, rollup
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def test_version(inits):
    """--version says who it really is."""
    for name in ("orlop", "orlop-tini", "orlop-dumb-init"):
        output = subprocess.run([*inits(name), "--version"], capture_output=True, text=True, timeout=DEADLINE_S, check=True)
        assert "Orlop" in output.stdout, (name, sys.argv[0])

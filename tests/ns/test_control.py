# SPDX-License-Identifier: MIT OR Apache-2.0
"""The control socket under clients of every kind: it tells the truth, and nobody can make PID 1 wait or grow."""
import os
import re
import resource
import signal
import socket
import struct
import time
from pathlib import Path

import pytest

from container import Orlop, service, target, wait
from control_client import Client, Reply

DAEMON = "exec sleep 1000"
NOBODY = 65534


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


@pytest.fixture
def machine(run):
    return run({
        "test.target": target("a.service", "failing.service"),
        "a.service": "[Unit]\nDescription=The \\first\\x20 one\n" + service(DAEMON).replace("[Unit]\n", ""),
        "failing.service": service("exit 3"),
    }).up()


def sockets(machine):
    """How many sockets PID 1 has open."""
    count = 0
    for entry in os.scandir(f"/proc/{machine.pid}/fd"):
        try:
            count += os.readlink(entry.path).startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def anonymous_kib(machine):
    text = Path(f"/proc/{machine.pid}/smaps_rollup").read_text()
    return int(re.search(r"Private_Dirty: +(\d+)", text)[1])


# --- what it tells -----------------------------------------------------------


def test_socket_is_there_before_units(run):
    """The first thing that the first unit sees is the socket, and it answers."""
    machine = run({
        "test.target": target("first.service"),
        "first.service": service("/orlop/orlopctl is-system-running >/t/state", "Type=oneshot",
                                 unit=["DefaultDependencies=no"]),
    })
    assert machine.await_file("state", "\n") == "starting\n"
    machine.up()


def test_version(machine):
    with Client(machine) as client:
        reply = client.ask("version")
        assert reply.kind == "ok"
        assert reply.keys["protocol"] == "1"
        assert reply.keys["state"] == "degraded" and reply.keys["failed"] == "1"
        assert reply.keys["container"] == "yes" and reply.keys["power"] == "none"
        assert 0 < int(reply.keys["began"]) <= int(reply.keys["up"])


def test_status(machine):
    with Client(machine) as client:
        keys = client.ask("status a.service").keys
        assert keys["active"] == "active" and keys["sub"] == "running" and keys["job"] == "none"
        assert keys["cgroup"] == "/system.slice/a.service"
        assert keys["path"] == "/etc/orlop/units/a.service"
        assert keys["description"] == r"The \x5cfirst\x5cx20 one"
        assert int(keys["main-pid"]) > 1
        assert 0 < int(keys["start-began"]) <= int(keys["up-since"])
        keys = client.ask("status failing.service").keys
        assert keys["active"] == "failed" and keys["result"] == "exit-code" and keys["main-exit"] == "exited 3"
        assert keys["main-pid"] == "0"


def test_list_is_all_units(machine):
    with Client(machine) as client:
        units = client.list()
        assert len(units) == int(client.ask("version").keys["units"])
        assert units["a.service"] == client.ask("status a.service").keys
        assert units["test.target"]["active"] == "active"


def test_errors(machine):
    """Each refusal has its code, and the connection goes on."""
    with Client(machine) as client:
        for request, code in (
            ("status nosuch.service", "no-such-unit"), ("start nosuch.service", "no-such-unit"),
            ("status foo", "bad-unit"), ("status a.mount", "bad-unit"), ("status ../a.service", "bad-unit"),
            ("frobnicate", "unknown-verb"), ("status", "syntax"), ("list all", "syntax"), ("start a.service now", "syntax"),
            ("kill a.service NOSUCH", "syntax"), ("status  a.service", "syntax"), ("list ", "syntax"),
        ):
            reply = client.ask(request)
            assert (reply.kind, reply.words[0]) == ("error", code), request
            assert len(reply.words) > 1, "no text for people"
        assert client.ask("version").kind == "ok"


# --- jobs ----------------------------------------------------------------------


def test_start_and_stop_wait_for_the_end(run):
    """The answer to stop comes when the processes are gone, that to start when the unit is ready."""
    machine = run({
        "test.target": target("slow.service"),
        "slow.service": service("[ ! -p /t/go ] || cat /t/go >/dev/null", "Type=oneshot", "RemainAfterExit=yes"),
    }).up()
    with Client(machine) as client:
        reply = client.ask("stop slow.service")
        assert (reply.kind, reply.words, reply.keys["active"]) == ("done", ["done"], "inactive")
        os.mkfifo(machine.shared / "go")
        tag = client.request("start slow.service")
        # Meanwhile it answers: the job is running.
        status = client.ask("status slow.service")
        assert (status.keys["job"], status.keys["active"]) == ("start", "activating")
        with Client(machine) as other:
            waiting = other.request("wait slow.service")
            (machine.shared / "go").write_text("go")
            reply = client.receive()
            assert (reply.tag, reply.kind, reply.words, reply.keys["active"]) == (tag, "done", ["done"], "active")
            assert other.receive().tag == waiting


def test_no_block_answers_at_once(run):
    machine = run({
        "test.target": target("slow.service"),
        "slow.service": service("[ ! -p /t/go ] || cat /t/go >/dev/null", "Type=oneshot", "RemainAfterExit=yes"),
    }).up()
    with Client(machine) as client:
        client.ask("stop slow.service")
        os.mkfifo(machine.shared / "go")
        assert client.ask("start slow.service no-block").kind == "ok"
        assert client.ask("status slow.service").keys["job"] == "start"
        (machine.shared / "go").write_text("go")
        assert client.ask("wait slow.service").keys["active"] == "active"


def test_a_failed_job_says_so(machine):
    with Client(machine) as client:
        reply = client.ask("stop failing.service")
        assert (reply.kind, reply.words) == ("done", ["done"])
        reply = client.ask("start a.service")
        assert (reply.kind, reply.words) == ("done", ["done"]), "it is up: there is nothing to do"


def test_a_later_wish_cancels(run):
    machine = run({
        "test.target": target("slow.service"),
        "slow.service": service("cat /t/go", "Type=oneshot"),
    }, setup="mkfifo $T/shared/go")
    machine.main_pid("slow.service")
    with Client(machine) as client, Client(machine) as other:
        waiting = client.request("wait slow.service")
        reply = other.ask("stop slow.service")
        assert reply.words == ["done"]
        reply = client.receive()
        assert (reply.tag, reply.kind, reply.words) == (waiting, "done", ["canceled"])


def test_jobs_outlive_who_asked(run):
    machine = run({
        "test.target": target("slow.service"),
        "slow.service": service("[ ! -p /t/go ] || cat /t/go >/dev/null", "Type=oneshot", "RemainAfterExit=yes"),
    }).up()
    os.mkfifo(machine.shared / "go")
    with Client(machine) as client:
        client.ask("stop slow.service")
        client.request("start slow.service")
        client.ask("version")
    (machine.shared / "go").write_text("go")
    with Client(machine) as client:
        wait(lambda: client.ask("status slow.service").keys["active"] == "active", "it was not started")


def test_restart_is_a_new_process(machine):
    with Client(machine) as client:
        before = client.ask("status a.service").keys["main-pid"]
        reply = client.ask("restart a.service")
        assert (reply.kind, reply.words, reply.keys["active"]) == ("done", ["done"], "active")
        assert reply.keys["main-pid"] not in (before, "0")
        client.ask("stop a.service")
        assert client.ask("try-restart a.service").keys["active"] == "inactive"
        assert client.ask("restart a.service").keys["active"] == "active", "restart starts what is down"


def test_reload(run):
    """The reload is over when ExecReload= is, and a unit without one cannot be reloaded."""
    machine = run({
        "test.target": target("a.service", "b.service"),
        "a.service": service(DAEMON, "ExecReload=/bin/sh -c 'printf r >>/t/reloads'"),
        "b.service": service(DAEMON),
    }).up()
    with Client(machine) as client:
        assert client.ask("reload a.service").words == ["done"]
        assert (machine.shared / "reloads").read_text() == "r"
        assert client.ask("reload b.service").words[0] == "not-supported"
        before = client.ask("status b.service").keys["main-pid"]
        assert client.ask("reload-or-restart a.service").words == ["done"]
        assert (machine.shared / "reloads").read_text() == "rr"
        assert client.ask("reload-or-restart b.service").keys["main-pid"] != before
        client.ask("stop a.service")
        assert client.ask("try-reload-or-restart a.service").keys["active"] == "inactive"
        assert (machine.shared / "reloads").read_text() == "rr"


def test_kill_and_reset_failed(machine):
    with Client(machine) as client:
        assert client.ask("kill a.service SIGKILL main").kind == "ok"
        wait(lambda: client.ask("status a.service").keys["active"] == "failed", "it lives")
        assert client.ask("kill a.service 9").words[0] == "not-active"
        assert client.ask("version").keys["failed"] == "2"
        assert client.ask("reset-failed a.service").kind == "ok"
        assert client.ask("status a.service").keys["active"] == "inactive"
        assert client.ask("reset-failed").kind == "ok"
        assert client.ask("version").keys["state"] == "running"


def test_reload_of_unit_files_hc_46(machine):
    """hc-46: all or nothing, jobs and their waiters live through it, and subscribers are told all anew."""
    with Client(machine) as client, Client(machine) as other:
        client.request("subscribe")
        while client.receive().kind != "system":
            pass
        machine.path("/etc/orlop/units/test.target.wants").mkdir()
        machine.path("/etc/orlop/units/test.target.wants/new.service").write_text("")
        machine.path("/etc/orlop/units/new.service").write_text(service("cat /t/go", "Type=oneshot"))
        os.mkfifo(machine.shared / "go")
        assert other.ask("reload-units").kind == "ok"
        while client.receive().kind != "reloaded":
            pass
        names = set()
        while (reply := client.receive()).kind == "unit":
            names.add(reply.keys["name"])
        assert {"new.service", "a.service"} <= names
        tag = other.request("start new.service")
        machine.path("/etc/orlop/units/0first.service").write_text(service(DAEMON))
        machine.path("/etc/orlop/units/test.target.wants/0first.service").write_text("")
        assert client.ask_through("reload-units").kind == "ok"
        (machine.shared / "go").write_text("go")
        reply = other.receive()
        assert (reply.tag, reply.kind, reply.words, reply.keys["name"]) == (tag, "done", ["done"], "new.service")
        machine.path("/etc/orlop/units/a.service").write_text("[Service]\n")
        reply = other.ask("reload-units")
        assert (reply.kind, reply.words[0]) == ("error", "bad-files")
        assert other.ask("status a.service").keys["active"] == "active"


# --- changes -------------------------------------------------------------------


def test_subscribe_tells_all_and_then_what_changes(machine):
    with Client(machine) as client, Client(machine) as other:
        tag = client.request("subscribe")
        assert client.receive().kind == "ok"
        units = {}
        while (reply := client.receive()).kind == "unit":
            assert reply.tag == tag
            units[reply.keys["name"]] = reply.keys
        assert reply.kind == "system" and reply.keys["state"] == "degraded"
        assert units == other.list()
        os.kill(machine.main_pid("a.service"), signal.SIGKILL)
        while (reply := client.receive()).kind != "unit" or reply.keys["active"] != "failed":
            pass
        assert reply.keys["name"] == "a.service" and reply.keys["result"] == "signal"


def test_slow_subscriber_gets_the_last_state(run):
    """hc-21: one who does not read costs nothing, and learns the last state when it does."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("printf x >>/t/runs; exec sleep 1000", "Restart=always", "RestartSec=1ms",
                             unit=["StartLimitBurst=0"]),
    }).up()
    with Client(machine) as client, Client(machine) as other:
        client.request("subscribe")
        for count in range(1, 200):
            machine.await_file("runs", "x" * count)
            os.kill(machine.main_pid("a.service"), signal.SIGKILL)
        machine.await_file("runs", "x" * 200)
        assert other.ask("stop a.service").words == ["done"]
        records = 0
        state = None
        while state != "inactive":
            reply = client.receive()
            assert reply, "it was dropped"
            records += 1
            if reply.kind == "unit" and reply.keys["name"] == "a.service":
                state = reply.keys["active"]
        # 200 restarts are a thousand changes.
        assert records < 1000


# --- those who mean no good ----------------------------------------------------


def test_others_than_root_may_only_read(machine):
    with Client(machine, uid=NOBODY) as client:
        assert client.ask("version").kind == "ok"
        assert client.ask("status a.service").kind == "ok"
        assert "a.service" in client.list()
        for verb in ("start a.service", "stop a.service", "restart a.service", "try-restart a.service", "reload a.service",
                     "reload-or-restart a.service", "try-reload-or-restart a.service", "kill a.service TERM",
                     "reset-failed", "reset-failed a.service", "reload-units", "reboot", "poweroff", "halt", "kexec",
                     "poweroff now", "stop nosuch.service"):
            reply = client.ask(verb)
            assert (reply.kind, reply.words[0]) == ("error", "not-allowed"), verb
    with Client(machine) as client:
        assert client.ask("status a.service").keys["active"] == "active"


def test_others_cannot_use_up_the_waits(run):
    machine = run({
        "test.target": target("slow.service"),
        "slow.service": service("cat /t/go", "Type=oneshot"),
    }, setup="mkfifo $T/shared/go")
    machine.main_pid("slow.service")
    with Client(machine, uid=NOBODY) as client:
        for _ in range(4):
            client.request("wait slow.service")
        assert client.ask("wait slow.service").words[0] == "busy"
        with Client(machine) as root:
            assert root.ask("stop slow.service").words == ["done"]
        assert [client.receive().kind for _ in range(4)] == ["done"] * 4


def test_odd_records(machine):
    """Huge, empty, binary, without an end: an error or the end of the connection, and PID 1 lives."""
    with Client(machine) as client:
        client.send(b"1 list" + b" x" * 300)
        assert client.receive().words[0] == "too-long"
        client.send(b"1 " + b"x" * 60000)
        assert client.receive().words[0] == "too-long"
        for record in (b"\0", b"\n", b"1", b"x list", b"-1 list", b"4294967296 list", b"1\0list", b"1 list\n", b"\xff" * 100,
                       b"1 status \xc3\xa9.service"):
            client.send(record)
            assert client.receive().words[0] == "syntax", record
        client.send(b"")
        assert client.receive() is None
    with Client(machine) as client:
        client.socket.shutdown(socket.SHUT_WR)
        assert client.receive() is None


def test_descriptors_that_are_sent_along_are_dropped(machine):
    before = sockets(machine)
    with Client(machine) as client:
        read_fd, write_fd = os.pipe()
        for tag in range(1, 50):
            socket.send_fds(client.socket, [f"{tag} version".encode()], [write_fd] * 100)
            assert client.receive().kind == "ok"
        os.close(write_fd)
        assert os.read(read_fd, 1) == b"", "somebody still holds the other end"
        os.close(read_fd)
        assert sockets(machine) == before + 1


def lingering_socket(seconds):
    """A TCP connection whose last close(2) waits so long: what it sent is never read."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    ours.setblocking(False)
    try:
        while True:
            ours.send(bytes(65536))
    except BlockingIOError:
        pass
    # As a blocking one would be: close(2) does not ask O_NONBLOCK, but let nothing depend on it.
    ours.setblocking(True)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, seconds))
    return ours, theirs


@pytest.mark.parametrize("way", ["control", "unread", "notify"])
def test_a_descriptor_whose_close_waits(run, way):
    """A socket with SO_LINGER that was sent to PID 1, whether it is read there or not, makes nobody wait but a child."""
    machine = run({"test.target": target("a.service"), "a.service": service(DAEMON)}).up()
    ours, theirs = lingering_socket(3600)

    def closing():
        """Children that are PID 1's program still."""
        return [child for child in machine.children() if child[2] == "orlop"]

    # As nobody: root has other ways.
    client = Client(machine, uid=NOBODY)
    assert client.ask("version").kind == "ok"
    # Stopped until what was sent is nobody's else: the last to close it is who waits.
    os.kill(machine.pid, signal.SIGSTOP)
    wait(lambda: Path(f"/proc/{machine.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "it runs on")
    if way == "notify":
        directory = os.open(machine.path("/run/orlop"), os.O_PATH)
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.connect(f"/proc/self/fd/{directory}/notify")
        socket.send_fds(sender, [b"FDSTORE=1"], [ours.fileno()])
        os.close(directory)
    else:
        for tag in range(2, 4):
            socket.send_fds(client.socket, [f"{tag} version".encode()], [ours.fileno()])
    if way == "unread":
        client.socket.close()
    ours.close()
    os.kill(machine.pid, signal.SIGCONT)
    if way == "control":
        assert client.receive().tag == 2 and client.receive().tag == 3
    with Client(machine) as other:
        assert other.ask("restart a.service").kind == "done"
        wait(closing, "nobody waits in close(2): the test shows nothing")
        assert other.ask("version").kind == "ok"
    theirs.close()
    wait(lambda: not closing(), "the child that closes does not end")


def test_a_thousand_connections(machine):
    """Others than root fill their share; root still gets in, and all is as before when they are gone."""
    before = sockets(machine)
    clients = []
    refused = 0
    for _ in range(1000):
        client = Client(machine, uid=NOBODY)
        reply = client.ask("version") if len(clients) < 8 else client.receive()
        if reply.kind == "ok":
            clients.append(client)
        else:
            assert (reply.kind, reply.words[0], reply.tag) == ("error", "busy", 0)
            assert client.receive() is None
            client.socket.close()
            refused += 1
    assert (len(clients), refused) == (8, 992)
    with Client(machine) as root:
        assert root.ask("stop a.service").words == ["done"]
    for client in clients:
        client.socket.close()
    wait(lambda: sockets(machine) == before, "descriptors are left")


def test_connections_are_bounded_for_root_too(machine):
    clients = [Client(machine) for _ in range(80)]
    answers = []
    for client in clients:
        try:
            client.send("1 version")
        except BrokenPipeError:
            pass
        answers.append(client.receive().kind)
    assert answers.count("ok") == 64 and answers.count("error") == 16
    for client in clients:
        client.socket.close()
    with Client(machine) as client:
        assert client.ask("version").kind == "ok"


def test_who_does_not_read_is_dropped(machine):
    """hc-21: answers fill the queue of the socket and nothing else; then the connection is over."""
    before = anonymous_kib(machine)
    with Client(machine) as client:
        client.socket.settimeout(0)
        sent = 0
        while True:
            try:
                client.send("1 status a.service")
                sent += 1
                assert sent < 1_000_000
            except BlockingIOError:
                time.sleep(0)
            except (BrokenPipeError, ConnectionResetError):
                break
    with Client(machine) as client:
        assert client.ask("version").kind == "ok"
    assert anonymous_kib(machine) - before <= 64


def test_flood_does_not_delay_services_hc_21(run):
    """hc-21: while 40 clients ask as fast as they can and read nothing or all, PID 1 restarts services as ever."""
    machine = run({
        "test.target": target("a.service"),
        "a.service": service("printf x >>/t/runs; exec sleep 1000", "Restart=always", "RestartSec=1ms",
                             unit=["StartLimitBurst=0"]),
    }).up()
    flooders = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            flood(machine, reads=number % 2 == 0)
        flooders.append(child)
    try:
        for count in range(1, 30):
            machine.await_file("runs", "x" * count)
            os.kill(machine.main_pid("a.service"), signal.SIGKILL)
        machine.await_file("runs", "x" * 30)
        with Client(machine) as client:
            assert client.ask("stop a.service").words == ["done"]
    finally:
        for child in flooders:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    # What a PID namespace's power-off is to its parent (reboot(2)).
    assert machine.shut_down() == -signal.SIGINT


def flood(machine, reads):
    """Ten connections that list, subscribe and send nonsense until they are killed."""
    # pylint: disable=protected-access
    try:
        clients = []
        requests = [b"1 list", b"2 subscribe", b"x", b"3 status a.service", b"4 wait a.service"]
        while True:
            while len(clients) < 10:
                client = Client(machine)
                client.socket.setblocking(False)
                clients.append(client)
            for client in list(clients):
                try:
                    for request in requests:
                        client.send(request)
                    while reads:
                        client.socket.recv(65536)
                except BlockingIOError:
                    pass
                except OSError:
                    client.socket.close()
                    clients.remove(client)
    finally:
        os._exit(1)


def test_no_descriptor_left_hc_24(machine):
    """hc-24: without a descriptor for a new client PID 1 tries again each second, and takes it in the end."""
    pid = machine.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
    lowest_free = next(fd for fd in range(len(used) + 1) if fd not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    before = context_switches(pid)
    with Client(machine) as client:
        client.send("1 version")
        # It was woken for the connection, and at least once by its timer.
        wait(lambda: context_switches(pid) >= before + 2, "PID 1 does not try again")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert client.receive().kind == "ok"
        assert context_switches(pid) - before < 100


def context_switches(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", text))


# --- the end -------------------------------------------------------------------


@pytest.mark.parametrize("verb,word", [("poweroff", "power-off"), ("reboot", "reboot"), ("halt", "halt")])
def test_power(machine, verb, word):
    with Client(machine) as client:
        client.request("subscribe")
        while client.receive().kind != "system":
            pass
        client.request(verb)
        while (reply := client.receive()) and reply.keys.get("state") != "stopping":
            pass
        assert reply.keys["power"] == word
    machine.wait()
    assert "asked for by process" in machine.log


def test_poweroff_now_stops_nothing(run):
    machine = run({
        "test.target": target("a.service"),
        "a.service": service(DAEMON, "ExecStop=/bin/sh -c 'echo >/t/stopped'"),
    }).up()
    with Client(machine) as client:
        assert client.ask("poweroff now").kind == "ok"
    machine.wait()
    assert not (machine.shared / "stopped").exists()


def test_nothing_starts_while_it_goes_down(run):
    machine = run({
        "test.target": target("a.service", "slow.service"),
        "a.service": service(DAEMON),
        "slow.service": service(DAEMON, "ExecStop=/bin/sh -c 'cat /t/go'"),
    }, setup="mkfifo $T/shared/go").up()
    with Client(machine) as client:
        assert client.ask("poweroff").kind == "ok"
        reply = client.ask("start a.service")
        assert (reply.kind, reply.words[0]) == ("error", "going-down")
        (machine.shared / "go").write_text("go")
    machine.wait()


def test_reply_parser_of_this_suite():
    """The suite's own reader, so that a test that passes says something."""
    reply = Reply(b"7 done failed\nname=a.service\ndescription=a=b\n")
    assert (reply.tag, reply.kind, reply.words) == (7, "done", ["failed"])
    assert reply.keys == {"name": "a.service", "description": "a=b"}

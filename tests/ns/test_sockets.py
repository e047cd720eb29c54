# SPDX-License-Identifier: MIT OR Apache-2.0
"""Socket units with real services: what they are handed, when they start, and that nobody who connects is lost."""
import ctypes
import os
import re
import signal
import socket
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from container import DEADLINE_S, Orlop, target, wait

# A service that answers each connection on any of its sockets with the names of all, in order, and what it
# was told of itself. It says that it runs, each time that it starts.
SERVER = r"""
import os, select, socket, sys
count = int(os.environ["LISTEN_FDS"])
assert int(os.environ["LISTEN_PID"]) == os.getpid()
names = os.environ["LISTEN_FDNAMES"]
with open("/t/starts", "a") as out:
    out.write("x")
fds = [socket.socket(fileno=3 + i) for i in range(count)]
served = 0
while True:
    for ready in select.select(fds, [], [])[0]:
        if ready.type == socket.SOCK_DGRAM:
            data, sender = ready.recvfrom(1000)
            ready.sendto(names.encode() + b" " + data, sender)
            continue
        connection, _ = ready.accept()
        connection.sendall(f"{names} {fds.index(ready)} {os.getpid()}\n".encode())
        connection.close()
        served += 1
        if len(sys.argv) > 1 and served == int(sys.argv[1]):
            sys.exit(0)
"""

# For one connection, on standard input and output.
INSTANCE = r"""
import os, sys
line = sys.stdin.readline().strip()
print(line, os.environ.get("REMOTE_ADDR"), os.environ.get("REMOTE_PORT"), sys.argv[1], flush=True)
"""

PYTHON = "/usr/bin/python3"


@pytest.fixture
def run(tmp_path):
    """A function that starts Orlop with units; it ends with the test."""
    started = []

    def start(units, **options):
        directory = tmp_path / f"machine-{len(started)}"
        directory.mkdir()
        machine = Orlop(directory, units, **options)
        (machine.shared / "server.py").write_text(SERVER)
        (machine.shared / "instance.py").write_text(INSTANCE)
        started.append(machine)
        return machine.__enter__()

    yield start
    for machine in started:
        machine.__exit__()


def sock(*lines, unit=()):
    return "\n".join(["[Unit]", *unit, "[Socket]", *lines, ""])


def server(*lines, unit=(), arguments=""):
    return "\n".join(["[Unit]", *unit, "[Service]", f"ExecStart={PYTHON} /t/server.py {arguments}", *lines, ""])


def instance(*lines):
    return "\n".join(["[Service]", f"ExecStart=-{PYTHON} /t/instance.py %i", "StandardInput=socket",
                      "StandardOutput=socket", *lines, ""])


def instances(machine):
    """The cgroups of the instances of a@.service. What is below them may go while one looks."""
    return list((machine.cgroup / "system.slice").glob("a@*"))


def connect_path(machine, path):
    """A connection to a socket inside. The path is short however deep the test's directory is."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(DEADLINE_S)
    client.connect(str(machine.path(path)))
    return client


LIBC = ctypes.CDLL(None, use_errno=True)


def in_namespace(machine, name, function):
    """Calls @function in the machine's namespace @name (net, ipc), and returns what it returns. Sockets stay there."""
    result = []

    def work():
        fd = os.open(f"/proc/{machine.pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            assert LIBC.setns(fd, 0) == 0, os.strerror(ctypes.get_errno())
            result.append(function())
        except Exception as problem:  # pylint: disable=broad-except
            result.append(problem)
        finally:
            os.close(fd)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(DEADLINE_S)
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


def connect_port(machine, port, address="127.0.0.1", source=None):
    def work():
        return socket.create_connection((address, port), DEADLINE_S, (source, 0) if source else None)

    return in_namespace(machine, "net", work)


def read_all(client):
    with client:
        data = b""
        while True:
            part = client.recv(4096)
            if not part:
                return data.decode()
            data += part


def dropped(client):
    """Whether the connection ends without an answer: by end of file, or reset."""
    try:
        return read_all(client) == ""
    except ConnectionResetError:
        return True


def ask(client, line):
    client.sendall(line.encode() + b"\n")
    return read_all(client)


def watched(machine):
    """Inodes of what PID 1's epoll instance watches."""
    for fd in Path(f"/proc/{machine.pid}/fd").iterdir():
        try:
            if os.readlink(fd) != "anon_inode:[eventpoll]":
                continue
        except FileNotFoundError:
            continue  # that of a process which was being started
        text = Path(f"/proc/{machine.pid}/fdinfo/{fd.name}").read_text()
        return {int(match, 16) for match in re.findall(r"^tfd:.* ino:([0-9a-f]+)", text, re.MULTILINE)}
    raise AssertionError("PID 1 has no epoll instance")


def socket_inodes(pid):
    """Inodes of the sockets that a process has from descriptor 3 on."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        link = os.readlink(fd)
        if int(fd.name) > 2 and link.startswith("socket:"):
            inodes.add(int(link[len("socket:["):-1]))
    return inodes


def test_path_starts_service(run):
    """A connection to a path starts the service, once; the socket is there before and after."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/deep/a.sock", "SocketMode=0600", "DirectoryMode=0700"),
        "a.service": server(),
    }).up()
    mode = machine.path("/run/deep/a.sock").stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(machine.path("/run/deep").stat().st_mode) == 0o700
    assert not machine.pids("a.service")
    answers = {read_all(connect_path(machine, "/run/deep/a.sock")) for _ in range(5)}
    assert len(answers) == 1
    assert answers.pop().startswith("a.socket 0 ")
    assert machine.await_file("starts") == "x"


def test_port_and_datagram(run):
    """A port is listened on by IPv4 and IPv6; a datagram starts the service too and is not lost."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=4711", "ListenStream=127.0.0.1:4712", "ListenDatagram=127.0.0.1:4713",
                         "FileDescriptorName=web"),
        "a.service": server(),
    }).up()

    def datagram():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(DEADLINE_S)
        client.sendto(b"hello", ("127.0.0.1", 4713))
        return client.recv(1000).decode()

    assert in_namespace(machine, "net", datagram) == "web:web:web hello"
    assert read_all(connect_port(machine, 4711)).startswith("web:web:web 0 ")
    assert read_all(connect_port(machine, 4711, "::1")).startswith("web:web:web 0 ")
    assert read_all(connect_port(machine, 4712)).startswith("web:web:web 1 ")
    assert machine.await_file("starts") == "x"


def test_several_sockets_of_one_service(run):
    """A service gets the descriptors of all its socket units, each by its name, whichever was called."""
    machine = run({
        "test.target": target("a.socket", "b.socket"),
        "a.socket": sock("ListenStream=/run/a1.sock", "ListenStream=@abstract"),
        "b.socket": sock("ListenStream=/run/b.sock", "FileDescriptorName=other", "Service=a.service"),
        "a.service": server(),
    }).up()
    names, index, _ = read_all(connect_path(machine, "/run/b.sock")).split()
    assert sorted(names.split(":")) == ["a.socket", "a.socket", "other"]
    assert names.split(":")[int(index)] == "other"


def test_no_busy_loop(run):
    """While the service has the socket, PID 1 does not watch it, even if a client waits there; afterwards it does again."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock"),
        # Takes the socket and never accepts.
        "a.service": f"[Service]\nExecStart={PYTHON} -c \"open('/t/runs', 'a').write('x'); import time; time.sleep(1000)\"\n",
    }).up()
    with connect_path(machine, "/run/a.sock"):
        machine.await_file("runs", "x")
        pid = machine.main_pid("a.service")
        listening = socket_inodes(pid)
        assert len(listening) == 1
        wait(lambda: not listening & watched(machine), "the socket is still watched")
        assert watched(machine)
        # The service dies, and whoever waits starts it again.
        os.kill(pid, signal.SIGKILL)
        machine.await_file("runs", "xx")
    os.kill(machine.main_pid("a.service"), signal.SIGKILL)
    machine.expect("a.service: main process .* was killed")


def test_connections_survive_restart(run):
    """The service ends after each three clients; who comes in between waits in the queue and is served by the next."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "TriggerLimitBurst=0", "PollLimitBurst=0"),
        "a.service": server(unit=["StartLimitBurst=0"], arguments="3"),
    }).up()
    pids = []
    for _ in range(10):
        clients = [connect_path(machine, "/run/a.sock") for _ in range(6)]
        pids += [read_all(client).split()[2] for client in clients]
    assert len(pids) == 60
    assert max(pids.count(pid) for pid in pids) == 3


def test_accept_200_connections(run):
    """Accept=yes: each of 200 connections has a service for itself, and when it is over nothing is left of that."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=127.0.0.1:4711", "Accept=yes", "MaxConnections=256", "TriggerLimitBurst=0",
                         "PollLimitBurst=0"),
        "a@.service": instance(),
    }).up()
    seen = set()
    for batch in range(10):
        clients = [connect_port(machine, 4711) for _ in range(20)]
        ports = [client.getsockname()[1] for client in clients]
        for i, client in enumerate(clients):
            word, address, port, name = ask(client, f"hello-{batch}-{i}").split()
            assert word == f"hello-{batch}-{i}"
            assert (address, int(port)) == ("127.0.0.1", ports[i])
            # As systemd names it: NR-LOCAL:PORT-REMOTE:PORT.
            number, local, remote = re.fullmatch(r"(\d+)-(\S+:\d+)-(\S+:\d+)", name).groups()
            assert local == "127.0.0.1:4711" and remote == f"127.0.0.1:{port}"
            seen.add(int(number))
    assert seen == set(range(200))
    wait(lambda: not instances(machine), "instances are left over")
    wait(lambda: not [child for child in machine.children() if child[1] == "Z"], "zombies are left over")


def test_connections_without_end(run):
    """More connections than there can be units, one after the other: units that are over make room, those in use stay."""
    machine = run({
        "test.target": target("a.socket", "b.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "Accept=yes", "TriggerLimitBurst=0", "PollLimitBurst=0"),
        "a@.service": "[Service]\nExecStart=-/bin/false\nStandardInput=socket\n",
        "b.socket": sock("ListenStream=/run/b.sock", "Accept=yes"),
        "b@.service": instance(),
    }).up()
    lasting = connect_path(machine, "/run/b.sock")
    wait(lambda: len(list(machine.cgroup.rglob("b@*"))) == 1, lambda: machine.log)
    # UNIT_MAX is 2048.
    for _ in range(2500):
        client = connect_path(machine, "/run/a.sock")
        assert client.recv(1) == b""
        client.close()
    assert ask(lasting, "still").startswith("still ")
    assert ask(connect_path(machine, "/run/b.sock"), "new").startswith("new ")
    assert "no service for a connection" not in machine.log


def test_max_connections(run):
    """More connections than MaxConnections= are closed at once, and room is made when one ends."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "Accept=yes", "MaxConnections=2"),
        "a@.service": instance(),
    }).up()
    first = connect_path(machine, "/run/a.sock")
    second = connect_path(machine, "/run/a.sock")
    wait(lambda: len(instances(machine)) == 2, lambda: machine.log)
    assert dropped(connect_path(machine, "/run/a.sock"))
    machine.expect(r"a\.socket: too many connections \(2\)")
    assert ask(first, "one").startswith("one ")
    wait(lambda: len(instances(machine)) == 1, "the first is not gone")
    assert ask(connect_path(machine, "/run/a.sock"), "four").startswith("four ")
    assert ask(second, "two").startswith("two ")


def test_max_connections_per_source(run):
    """MaxConnectionsPerSource= counts by address; others still get in."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=127.0.0.1:4711", "Accept=yes", "MaxConnectionsPerSource=1"),
        "a@.service": instance(),
    }).up()
    first = connect_port(machine, 4711, source="127.0.0.1")
    wait(lambda: len(instances(machine)) == 1, lambda: machine.log)
    assert dropped(connect_port(machine, 4711, source="127.0.0.1"))
    machine.expect(r"a\.socket: too many connections from one source \(1\)")
    assert ask(connect_port(machine, 4711, source="127.0.0.2"), "other").startswith("other 127.0.0.2 ")
    assert ask(first, "first").startswith("first 127.0.0.1 ")


def test_flush_pending(run):
    """FlushPending=yes: what a service left untouched is thrown away and does not start it again."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "FlushPending=yes"),
        "a.service": "[Unit]\nStartLimitBurst=0\n[Service]\nExecStart=/bin/sh -c 'printf x >>/t/runs'\n",
    }).up()
    before = watched(machine)
    assert dropped(connect_path(machine, "/run/a.sock"))
    assert machine.await_file("runs", "x") == "x"
    # It listens on.
    wait(lambda: watched(machine) >= before, "the socket is not watched again")
    assert dropped(connect_path(machine, "/run/a.sock"))
    assert machine.await_file("runs", "xx") == "xx"


def test_trigger_limit(run):
    """A service that starts and leaves what came in untouched is started a bounded number of times."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "TriggerLimitBurst=4", "TriggerLimitIntervalSec=1h",
                         "PollLimitBurst=0"),
        "a.service": "[Unit]\nStartLimitBurst=0\n[Service]\nExecStart=/bin/sh -c 'printf x >>/t/runs'\n",
    }).up()
    client = connect_path(machine, "/run/a.sock")
    machine.expect("a.socket: failed: trigger-limit-hit")
    # The socket is closed: whoever waited learns it.
    assert dropped(client)
    assert machine.await_file("runs") == "xxxx"


def test_poll_limit(run):
    """By default such a service is slowed down before it hits any limit: the socket stays."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "PollLimitBurst=3", "PollLimitIntervalSec=500ms",
                         "TriggerLimitBurst=0"),
        "a.service": "[Unit]\nStartLimitBurst=0\n[Service]\nExecStart=/bin/sh -c 'printf x >>/t/runs'\n",
    }).up()
    with connect_path(machine, "/run/a.sock"):
        # Beyond the first burst: it was let go on.
        machine.await_file("runs", "x" * 7)
    assert "failed" not in machine.log


def test_service_start_limit(run):
    """A service that cannot start fails its socket, so clients are not kept waiting for ever."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "TriggerLimitBurst=0", "PollLimitBurst=0"),
        "a.service": "[Unit]\nStartLimitBurst=3\nStartLimitIntervalSec=1h\n[Service]\nType=oneshot\n"
                     "ExecStart=/bin/sh -c 'printf x >>/t/runs; exit 1'\n",
    }).up()
    client = connect_path(machine, "/run/a.sock")
    machine.expect("a.socket: failed: service-start-limit-hit")
    assert dropped(client)
    assert machine.await_file("runs") == "xxx"


def test_owner_and_symlink(run):
    """The shape of docker.socket: a group that owns the socket, found without a name service."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/docker.sock", "SocketMode=0660", "SocketUser=root", "SocketGroup=docker",
                         "Symlinks=/run/link/to-docker.sock", "RemoveOnStop=yes"),
        "a.service": server(),
    }, setup="printf 'docker:x:4242:\\n' >>etc/group").up()
    status = machine.path("/run/docker.sock").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 4242, 0o660)
    assert os.readlink(machine.path("/run/link/to-docker.sock")) == "/run/docker.sock"
    assert read_all(connect_path(machine, "/run/docker.sock")).startswith("a.socket 0 ")
    # The service goes before its socket.
    machine.shut_down()
    order = [match for match in re.findall(r"(a\.\w+) .* stopped$", machine.log, re.MULTILINE)]
    assert order == ["a.service", "a.socket"], machine.log


def test_debian_shapes(run):
    """docker.socket and ssh.socket as Debian ships them, each with what its daemon does with the descriptors."""
    machine = run({
        "test.target": target("sockets.target"),
        "sockets.target.wants/docker.socket": "",
        "sockets.target.wants/ssh.socket": "",
        "docker.socket": "[Unit]\nDescription=Docker Socket for the API\n\n[Socket]\n"
                         "ListenStream=/run/docker.sock\nSocketMode=0660\nSocketUser=root\nSocketGroup=docker\n\n"
                         "[Install]\nWantedBy=sockets.target\n",
        "docker.service": server("Type=exec", unit=["After=docker.socket", "Requires=docker.socket"]),
        "ssh.socket": "[Unit]\nDescription=OpenBSD Secure Shell server socket\nBefore=sockets.target ssh.service\n"
                      "ConditionPathExists=!/etc/ssh/sshd_not_to_be_run\n\n[Socket]\n"
                      "ListenStream=0.0.0.0:22\nListenStream=[::]:22\nBindIPv6Only=ipv6-only\nAccept=no\n"
                      "FreeBind=yes\n\n[Install]\nWantedBy=sockets.target\nRequiredBy=ssh.service\n",
        "ssh.service": server("Type=exec", "KillMode=process"),
    }, setup="printf 'docker:x:4242:\\n' >>etc/group").up()
    assert machine.path("/run/docker.sock").stat().st_gid == 4242
    assert not machine.pids("docker.service") and not machine.pids("ssh.service")
    assert read_all(connect_path(machine, "/run/docker.sock")).startswith("docker.socket 0 ")
    assert read_all(connect_port(machine, 22)).startswith("ssh.socket:ssh.socket 0 ")
    assert read_all(connect_port(machine, 22, "::1")).startswith("ssh.socket:ssh.socket 1 ")
    machine.shut_down()
    assert "FAILED" not in machine.log


def test_unknown_group(run):
    """A group that nobody knows fails the socket, with its name; the rest of the machine comes up."""
    machine = run({
        "test.target": target("a.socket", "b.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "SocketGroup=nobody-knows"),
        "a.service": server(),
        "b.socket": sock("ListenStream=/run/b.sock"),
        "b.service": server(),
    }).up()
    assert "a.socket: cannot find the user or group of" in machine.log
    assert read_all(connect_path(machine, "/run/b.sock")).startswith("b.socket ")


def test_commands(run):
    """ExecStartPre= runs before the sockets are there, ExecStartPost= when they are, ExecStopPost= when they are gone."""
    machine = run({
        "test.target": target("a.socket"),
        "a.socket": sock("ListenStream=/run/a.sock", "RemoveOnStop=yes",
                         "ExecStartPre=/bin/sh -c 'test ! -e /run/a.sock && echo pre >>/t/steps'",
                         "ExecStartPost=/bin/sh -c 'test -e /run/a.sock && echo post >>/t/steps'",
                         "ExecStopPre=/bin/sh -c 'test -e /run/a.sock && echo stop-pre >>/t/steps'",
                         "ExecStopPost=/bin/sh -c 'test ! -e /run/a.sock && echo stop-post >>/t/steps'"),
        "a.service": server(),
    }).up()
    assert machine.await_file("steps") == "pre\npost\n"
    machine.shut_down()
    assert machine.await_file("steps") == "pre\npost\nstop-pre\nstop-post\n"


def test_fifo_and_queue(run):
    """Other things than sockets start services, too: a FIFO and a message queue."""
    machine = run({
        "test.target": target("a.socket", "b.socket"),
        "a.socket": sock("ListenFIFO=/run/fifo", "SocketMode=0600"),
        "a.service": "[Service]\nStandardInput=socket\nExecStart=/bin/sh -c 'read line; echo $$line >/t/fifo'\n",
        "b.socket": sock("ListenMessageQueue=/orlop-test", "MessageQueueMaxMessages=3", "MessageQueueMessageSize=16"),
        "b.service": "[Service]\nExecStart=/bin/sh -c 'echo $$LISTEN_FDNAMES >/t/queue; exec sleep 1000'\n",
    }).up()
    machine.path("/run/fifo").write_text("hello\n")
    machine.await_file("fifo", "hello")

    def send():
        queue = LIBC.mq_open(b"/orlop-test", os.O_WRONLY)
        assert queue >= 0, os.strerror(ctypes.get_errno())
        assert LIBC.mq_send(queue, b"hello", 5, 0) == 0, os.strerror(ctypes.get_errno())
        os.close(queue)

    assert not machine.pids("b.service")
    in_namespace(machine, "ipc", send)
    assert machine.await_file("queue", "\n") == "b.socket\n"


def test_two_services_one_port(run):
    """An address that is taken fails the second socket, by name and reason, and not the first."""
    machine = run({
        "test.target": target("a.socket", "b.socket") + "[Unit]\nAfter=a.socket\n",
        "a.socket": sock("ListenStream=127.0.0.1:4711"),
        "a.service": server(),
        "b.socket": sock("ListenStream=127.0.0.1:4711", unit=["After=a.socket"]),
        "b.service": server(),
    }).up()
    assert "b.socket: cannot bind 127.0.0.1:4711: Address already in use" in machine.log
    assert read_all(connect_port(machine, 4711)).startswith("a.socket ")


def test_slow_file_system_hc_10(run):
    """hc-10: a socket whose directory does not answer keeps nobody else waiting."""
    machine = run({
        "test.target": target("a.socket", "b.service"),
        # Its service wants the one that is slow.
        "a.socket": sock("ListenStream=127.0.0.1:4711"),
        "a.service": server(unit=["Wants=slow.socket"]),
        "slow.socket": sock("ListenStream=/run/slow.sock"),
        "slow.service": server(),
        "b.service": "[Unit]\nStartLimitBurst=0\n[Service]\nRestart=always\nRestartSec=1ms\n"
                     "ExecStart=/bin/sh -c 'printf x >>/t/runs; exec sleep 1000'\n",
    }).up()
    log = machine.directory / "strace"
    # pylint: disable=consider-using-with
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(machine.pid), "-o", str(log), "-e", "trace=bind",
         "-e", "inject=bind:delay_enter=3600s"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    try:
        line = tracer.stderr.readline()
        if "attached" not in line:
            pytest.skip(f"strace cannot be used here: {line}")
        assert read_all(connect_port(machine, 4711)).startswith("a.socket ")
        for count in range(2, 6):
            os.kill(machine.main_pid("b.service"), signal.SIGKILL)
            machine.await_file("runs", "x" * count)
        assert "bind(" in log.read_text() and not machine.path("/run/slow.sock").exists()
    finally:
        tracer.kill()
        tracer.communicate(timeout=60)

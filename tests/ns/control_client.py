# SPDX-License-Identifier: MIT OR Apache-2.0
"""The control socket as a client sees it, orlop-control(7), and orlopctl inside a running Orlop."""
import json
import os
import socket

DEADLINE_S = 120
SOCKET = "/run/orlop/control"


class Reply:
    """One record: kind, words behind it, and the keys."""

    def __init__(self, record):
        head, _, body = record.decode().partition("\n")
        tag, self.kind, *self.words = head.split(" ")
        self.tag = int(tag)
        self.keys = dict(line.split("=", 1) for line in body.splitlines())

    def __repr__(self):
        return f"<{self.tag} {self.kind} {self.words} {self.keys}>"


class Client:
    """A connection. @uid: of the process that connects (in a fork, as credentials are those of connect(2))."""

    def __init__(self, machine, uid=0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(DEADLINE_S)
        # sun_path is short: reach it through a descriptor of its directory.
        directory = os.open(machine.path("/run/orlop"), os.O_PATH)
        try:
            if uid:
                os.seteuid(uid)
            self.socket.connect(f"/proc/self/fd/{directory}/control")
        finally:
            os.seteuid(0)
            os.close(directory)
        self.tag = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.send(text if isinstance(text, bytes) else text.encode())

    def receive(self):
        """The next record, or None at the end."""
        record = self.socket.recv(65536)
        assert len(record) <= 4096
        return Reply(record) if record else None

    def request(self, text):
        self.tag += 1
        self.send(f"{self.tag} {text}")
        return self.tag

    def ask(self, text):
        tag = self.request(text)
        reply = self.receive()
        assert reply and reply.tag == tag, reply
        return reply

    def ask_through(self, text):
        """ask() on a connection that has subscribed: what else comes is thrown away."""
        tag = self.request(text)
        while (reply := self.receive()).tag != tag:
            pass
        return reply

    def list(self):
        tag = self.request("list")
        units = {}
        while True:
            reply = self.receive()
            assert reply.tag == tag
            if reply.kind == "ok":
                return units
            assert reply.kind == "unit"
            units[reply.keys["name"]] = reply.keys


def orlopctl(machine, *words, program="/orlop/orlopctl", uid=None, check=None, **variables):
    """Runs orlopctl beside the units, and returns the finished process."""
    identity = [] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return machine.run(*identity, program, *words, check=check, **variables)


def orlopctl_json(machine, *words, check=0):
    return json.loads(orlopctl(machine, *words, "--json", check=check).stdout)

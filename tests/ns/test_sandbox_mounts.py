# SPDX-License-Identifier: MIT OR Apache-2.0
"""Namespaces: which file system a service sees, and what else is its own."""
import os
import re

import pytest

from test_sandbox import environment, main, mounts, namespace, run, status  # noqa: F401  pylint: disable=unused-import


def tried(machine, name="tried"):
    return dict(line.split(" ", 1) for line in (machine.shared / name).read_text().splitlines())


# Prints "NAME yes" or "NAME no" for whether a command works.
TRY = 'try() { name=$1; shift; if ("$@") 2>/dev/null >&2; then echo "$name yes"; else echo "$name no"; fi; }\n'


def probe(*attempts):
    return TRY + "{\n" + "\n".join(f"try {name} {command}" for name, command in attempts) + "\n} >/t/tried"


def test_protect_system_strict(run):
    machine = run("ProtectSystem=strict", "ReadWritePaths=/t -/missing /var/lib", "StateDirectory=st", "PrivateTmp=yes",
                  "ReadOnlyPaths=/var/lib/closed",
                  setup="mkdir -p var/lib/closed\n",
                  command=probe(("root", "touch /file"), ("etc", "touch /etc/file"), ("lib", "touch /var/lib/file"),
                                ("closed", "touch /var/lib/closed/file"), ("tmp", "touch /tmp/file"),
                                ("home", "touch /home/alice/file"), ("usr", "touch /usr/orlop-test-file")))
    assert tried(machine) == {"root": "no", "etc": "no", "lib": "yes", "closed": "no", "tmp": "yes", "home": "yes",
                              "usr": "no"}
    assert not machine.path("/tmp/file").exists()
    assert namespace(main(machine), "mnt") != namespace(main(machine, "orlop-logd.service"), "mnt")


def test_protect_system_full_and_home(run):
    machine = run("ProtectSystem=full", "ProtectHome=yes",
                  command=probe(("etc", "touch /etc/file"), ("usr", "touch /usr/orlop-test-file"),
                                ("var", "touch /var/file"), ("home", "ls /home/alice"), ("root", "ls /root/x")),
                  setup="mkdir -p root/x\n")
    assert tried(machine) == {"etc": "no", "usr": "no", "var": "yes", "home": "no", "root": "no"}


@pytest.mark.parametrize("value, expected", [("read-only", {"see": "yes", "write": "no"}),
                                             ("tmpfs", {"see": "no", "write": "no"})])
def test_protect_home(run, value, expected):
    machine = run(f"ProtectHome={value}", command=probe(("see", "ls /home/alice"), ("write", "touch /home/file")))
    assert tried(machine) == expected


def test_private_tmp(run):
    """PrivateTmp=: shared by the unit's processes, unseen by others, gone with the unit."""
    text = "\n".join(["[Service]", "PrivateTmp=yes", "ExecStartPre=/bin/sh -c 'echo mine >/tmp/file; echo m >/var/tmp/f'",
                      "ExecStart=/bin/sh /t/script", ""])
    machine = run(text=text, command="cat /tmp/file /var/tmp/f >/t/seen; stat -c %a /tmp >/t/mode")
    assert (machine.shared / "seen").read_text() == "mine\nm\n"
    assert (machine.shared / "mode").read_text() == "1777\n"
    top = machine.path("/tmp")
    names = [name for name in os.listdir(top) if name.startswith("orlop-private-a.service-")]
    assert len(names) == 1
    assert (top / names[0]).stat().st_mode & 0o777 == 0o700
    os.kill(machine.main_pid("a.service"), 15)
    from container import wait
    wait(lambda: not (top / names[0]).exists(), "the private /tmp stays")


def test_private_devices(run):
    machine = run("PrivateDevices=yes",
                  command=probe(("null", "test -c /dev/null"), ("write", "sh -c 'echo x >/dev/null'"),
                                ("random", "head -c 4 /dev/urandom"), ("kmsg", "test -e /dev/kmsg"),
                                ("pts", "test -d /dev/pts"), ("shm", "touch /dev/shm/orlop-test"),
                                ("node", "mknod /t/node c 1 3"), ("create", "touch /dev/file"),
                                ("stdin", "test -e /dev/stdin"))
                  + "\nls /dev >/t/dev\nrm -f /dev/shm/orlop-test")
    assert tried(machine) == {"null": "yes", "write": "yes", "random": "yes", "kmsg": "no", "pts": "yes",
                              "shm": "yes", "node": "no", "create": "no", "stdin": "yes"}
    assert {"null", "zero", "full", "random", "urandom", "tty", "pts", "shm", "ptmx", "fd"} <= \
        set((machine.shared / "dev").read_text().split())
    assert not int(status(main(machine))["CapBnd"], 16) >> 27 & 1  # CAP_MKNOD


def test_protect_kernel(run):
    machine = run("ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectKernelLogs=yes",
                  "ProtectControlGroups=yes",
                  command=probe(("sysctl", "sh -c 'echo 1 >/proc/sys/kernel/panic_on_oops'"),
                                ("read", "cat /proc/sys/kernel/panic_on_oops"),
                                ("kcore", "head -c 1 /proc/kcore"), ("modules", "ls /usr/lib/modules"),
                                ("cgroup", "mkdir /sys/fs/cgroup/x"), ("kmsg", "grep -q . /dev/kmsg"),
                                ("dmesg", "dmesg -S")))
    assert tried(machine) == {"sysctl": "no", "read": "yes", "kcore": "no", "modules": "no", "cgroup": "no",
                              "kmsg": "no", "dmesg": "no"}
    seen = mounts(main(machine))
    assert seen["/proc/sys"][0][0] == "ro" and seen["/sys"][0][0] == "ro" and seen["/sys/fs/cgroup"][0][0] == "ro"
    bounds = int(status(main(machine))["CapBnd"], 16)
    assert not bounds >> 16 & 1 and not bounds >> 34 & 1  # CAP_SYS_MODULE, CAP_SYSLOG


def test_protect_proc(run):
    machine = run("User=alice", "ProtectProc=invisible", "ProcSubset=pid",
                  command=probe(("first", "test -e /proc/1"), ("self", "test -e /proc/$$"),
                                ("meminfo", "test -e /proc/meminfo"), ("sys", "test -e /proc/sys")))
    assert tried(machine) == {"first": "no", "self": "yes", "meminfo": "no", "sys": "no"}


def test_paths(run):
    """Inaccessible, read-only, executable or not; binds and temporary file systems."""
    machine = run("InaccessiblePaths=/srv/hidden -/srv/missing", "NoExecPaths=/srv", "ExecPaths=/srv/bin",
                  "BindPaths=/srv/source:/srv/target", "BindReadOnlyPaths=/srv/source:/srv/view:norbind",
                  "TemporaryFileSystem=/srv/cover:mode=0711 /srv/fixed:ro",
                  setup="mkdir -p srv/hidden/file srv/bin srv/source srv/cover/deep srv/fixed\n"
                        "printf '#!/bin/sh\\n' >srv/run; chmod +x srv/run; cp srv/run srv/bin/; touch srv/source/x\n",
                  command=probe(("hidden", "ls /srv/hidden/file"), ("run", "/srv/run"), ("bin", "/srv/bin/run"),
                                ("target", "touch /srv/target/y"), ("view", "test -e /srv/view/x"),
                                ("write", "touch /srv/view/z"), ("cover", "test -e /srv/cover/deep"),
                                ("new", "touch /srv/cover/new"), ("fixed", "touch /srv/fixed/new"))
                  + "\nstat -c %a /srv/cover >/t/mode")
    assert tried(machine) == {"hidden": "no", "run": "no", "bin": "yes", "target": "yes", "view": "yes", "write": "no",
                              "cover": "no", "new": "yes", "fixed": "no"}
    assert machine.path("/srv/source/y").exists()
    assert not machine.path("/srv/cover/new").exists()
    assert (machine.shared / "mode").read_text() == "711\n"


def test_missing_path_fails(run):
    machine = run("ReadOnlyPaths=/missing", done=False)
    machine.expect(r"a.service: set up the namespace: /missing: No such file or directory")
    machine.expect(r"a.service: main process \d+ exited with code 226")


def test_binds_see_what_is_hidden(run):
    """A source below what another setting covers is what the host has there."""
    machine = run("ProtectHome=tmpfs", "BindReadOnlyPaths=/home/alice/shown",
                  setup="mkdir -p home/alice/shown; echo text >home/alice/shown/file; touch home/alice/other\n",
                  command="cat /home/alice/shown/file >/t/seen; ls /home/alice >/t/list")
    assert (machine.shared / "seen").read_text() == "text\n"
    assert (machine.shared / "list").read_text() == "shown\n"


def test_symlinks_are_followed(run):
    machine = run("InaccessiblePaths=/srv/link", setup="mkdir -p srv/real/file; ln -s real srv/link\n",
                  command=probe(("real", "ls /srv/real/file")))
    assert tried(machine) == {"real": "no"}


def test_root_directory(run):
    """RootDirectory=: with /proc, /sys and /dev, with binds from the host and the unit's own directories."""
    machine = run("RootDirectory=/srv/root", "BindReadOnlyPaths=/usr /bin /lib -/lib64 /t/script", "BindPaths=/t",
                  "StateDirectory=st", "PrivateTmp=yes", "ProtectSystem=strict",
                  setup="mkdir -p srv/root/tmp srv/root/var/tmp srv/root/etc; echo inside >srv/root/etc/name\n",
                  command="cat /etc/name >/t/name; ls / >/t/list; echo x >/var/lib/st/file; ls /proc/self/exe;\n"
                          + probe(("write", "touch /etc/x"), ("proc", "test -e /proc/self"),
                                  ("dev", "test -c /dev/null")))
    assert (machine.shared / "name").read_text() == "inside\n"
    assert "orlop" not in (machine.shared / "list").read_text().split()
    assert tried(machine) == {"write": "no", "proc": "yes", "dev": "yes"}
    assert machine.path("/var/lib/st/file").exists()


def test_propagation(run):
    """MountFlags=: mounts of the host arrive, those of the service stay with it."""
    machine = run("PrivateMounts=yes", setup="mkdir -p srv/a srv/b; mount --make-rshared /\n",
                  command="mount -t tmpfs tmpfs /srv/a")
    process = main(machine)
    assert "/srv/a" in mounts(process)
    assert "/srv/a" not in mounts(main(machine, "orlop-logd.service"))
    optional = re.search(r" / / [^-]*", (process / "mountinfo").read_text())
    assert optional is not None


def test_own_namespaces(run):
    machine = run("PrivateNetwork=yes", "PrivateIPC=yes", "ProtectHostname=yes",
                  command="ip -o link >/t/links\n" + probe(("name", "hostname other")))
    process, other = main(machine), main(machine, "orlop-logd.service")
    for kind in ("net", "ipc", "uts", "mnt"):
        assert namespace(process, kind) != namespace(other, kind), kind
    for kind in ("pid", "user"):
        assert namespace(process, kind) == namespace(other, kind), kind
    links = (machine.shared / "links").read_text().splitlines()
    assert any("lo: <LOOPBACK,UP" in line for line in links)
    assert tried(machine) == {"name": "no"}


def test_private_users(run):
    """PrivateUsers=: root and the user, all others are nobody. Not below a chroot(2), which may make no users."""
    machine = run("User=alice", "PrivateUsers=yes",
                  setup="chown 1201 srv\nmkdir oldroot; pivot_root . oldroot; cd /; umount -l /oldroot; R=/\n",
                  command="cat /proc/self/uid_map /proc/self/gid_map >/t/map; stat -c %u /srv /usr >/t/ids")
    assert [line.split() for line in (machine.shared / "map").read_text().splitlines()] == \
        [["0", "0", "1"], ["1200", "1200", "1"], ["0", "0", "1"], ["1300", "1300", "1"]]
    assert (machine.shared / "ids").read_text().split() == ["65534", "0"]
    process = main(machine)
    assert status(process)["Uid"].split()[0] == "1200"
    assert namespace(process, "user") != namespace(main(machine, "orlop-logd.service"), "user")

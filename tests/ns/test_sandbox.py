# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a service's process is given and what it is denied, read back from the running process."""
import os
import re
import stat
from pathlib import Path

import pytest

from container import Orlop, service, target, wait

# Users of the tests, in a tree where anybody may write results.
SETUP = r"""
cat >>etc/passwd <<'END'
alice:x:1200:1300:Alice:/home/alice:/bin/sh
nologin:x:1201:1201::/nonexistent:/usr/sbin/nologin
END
cat >>etc/group <<'END'
alice:x:1300:
extra:x:1400:alice,bob
other:x:1500:bob
END
mkdir -p srv home/alice root var/lib var/cache var/tmp boot run/user sys
chown 1200:1300 home/alice
chmod 1777 t tmp var/tmp
mount -t sysfs sysfs sys
mkdir -p sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
"""


@pytest.fixture
def run(tmp_path):
    """A function that starts Orlop with one service a and waits until it has said that it is up."""
    started = []

    def start(*lines, command="", units=None, setup="", done=True, text=None):
        directory = tmp_path / f"machine-{len(started)}"
        directory.mkdir()
        script = (command + "\n" if command else "") + "echo done >/t/done\nexec sleep 1000\n"
        unit = text or "\n".join(["[Service]", "ExecStart=/bin/sh /t/script", *lines, ""])
        machine = Orlop(directory, {"test.target": target("a.service"), "a.service": unit, **(units or {})},
                        setup=SETUP + setup)
        (machine.shared / "script").write_text(script)
        started.append(machine)
        machine.__enter__()
        machine.up()
        if done:
            machine.await_file("done", "done")
        return machine

    yield start
    for machine in started:
        machine.__exit__()


def main(machine, unit="a.service"):
    return Path(f"/proc/{machine.main_pid(unit)}")


def status(process):
    return dict(re.findall(r"^(\w+):\s*(.*)$", (process / "status").read_text(), re.MULTILINE))


def environment(process):
    # It reads as empty for a moment in execve(2), when the new memory is there and the kernel has not noted where in it this lies.
    text = wait((process / "environ").read_text, lambda: f"{process}/environ is empty")
    return dict(item.split("=", 1) for item in text.split("\0") if item)


def mounts(process):
    """Mount point to (options, file system type), the topmost of each."""
    found = {}
    for line in (process / "mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        found[fields.split()[4]] = (fields.split()[5].split(","), rest.split()[0])
    return found


def namespace(process, kind):
    return os.readlink(process / "ns" / kind)


# ---- identity ----

def test_user(run):
    """User=: ids, the groups that /etc/group lists, HOME and its like; nothing of root is left."""
    machine = run("User=alice")
    process = main(machine)
    s = status(process)
    assert s["Uid"].split() == ["1200"] * 4
    assert s["Gid"].split() == ["1300"] * 4
    assert sorted(s["Groups"].split()) == ["1300", "1400"]
    assert int(s["CapEff"], 16) == int(s["CapPrm"], 16) == int(s["CapAmb"], 16) == 0
    env = environment(process)
    assert (env["USER"], env["LOGNAME"], env["HOME"], env["SHELL"]) == ("alice", "alice", "/home/alice", "/bin/sh")


def test_group_and_supplementary_groups(run):
    s = status(main(run("User=1201", "Group=other", "SupplementaryGroups=extra alice")))
    assert s["Uid"].split()[0] == "1201"
    assert s["Gid"].split()[0] == "1500"
    assert sorted(s["Groups"].split()) == ["1300", "1400", "1500"]


def test_unknown_user_says_who(run):
    machine = run("User=nobodyknows", done=False)
    machine.expect(r"a.service: look up user nobodyknows .*: No such process")
    machine.expect(r"a.service: main process \d+ exited with code 217")


def test_prefix_keeps_identity(run):
    """"!": root still, but inside the rest of the sandbox; "+": outside of it."""
    text = "\n".join([
        "[Service]", "User=alice", "NoNewPrivileges=yes", "ProtectSystem=strict", "ReadWritePaths=/t",
        "StateDirectory=state",
        "ExecStartPre=+/bin/sh -c 'cp /proc/self/status /t/plus; cp /proc/self/mountinfo /t/plus-mounts'",
        "ExecStartPre=!/bin/sh -c 'cp /proc/self/status /t/bang; cp /proc/self/mountinfo /t/bang-mounts'",
        "ExecStart=/bin/sh /t/script", "",
    ])
    machine = run(text=text)
    plus, bang = ((machine.shared / name).read_text() for name in ("plus", "bang"))
    assert "Uid:\t0\t" in plus and "NoNewPrivs:\t0" in plus
    assert "Uid:\t0\t" in bang and "NoNewPrivs:\t1" in bang
    assert (machine.shared / "plus-mounts").read_text() != (machine.shared / "bang-mounts").read_text()
    assert status(main(machine))["Uid"].startswith("1200")
    assert machine.path("/var/lib/state").stat().st_uid == 1200


def test_capabilities(run):
    """CapabilityBoundingSet= and AmbientCapabilities= with another user."""
    s = status(main(run("User=alice", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_NET_RAW",
                        "AmbientCapabilities=CAP_NET_BIND_SERVICE")))
    bind = 1 << 10
    assert int(s["CapBnd"], 16) == bind | 1 << 13
    for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert int(s[name], 16) == bind, s


def test_secure_bits(run):
    machine = run("SecureBits=noroot noroot-locked", command="grep Cap /proc/self/status >/t/caps")
    assert "CapEff:\t0000000000000000" in (machine.shared / "caps").read_text()


def test_dynamic_user(run):
    """DynamicUser=: a number of the range, the same for its directories, which are closed to others."""
    machine = run("DynamicUser=yes", "StateDirectory=state", "RuntimeDirectory=runtime", "User=dynamo",
                  "ReadWritePaths=/t",
                  command="echo x >$STATE_DIRECTORY/file; echo y >$RUNTIME_DIRECTORY/file")
    s = status(main(machine))
    uid = int(s["Uid"].split()[0])
    assert 61184 <= uid <= 65519
    assert int(s["Gid"].split()[0]) == uid
    assert s["NoNewPrivs"] == "1"
    private = machine.path("/var/lib/private")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700 and private.stat().st_uid == 0
    assert (private / "state/file").stat().st_uid == uid
    assert os.readlink(machine.path("/var/lib/state")) == "private/state"
    assert mounts(main(machine))["/"][0][0] == "ro"
    # The claim, and its end with the service's.
    assert os.listdir(machine.path("/run/orlop/dynamic-users")) == [str(uid)]
    os.kill(machine.main_pid("a.service"), 15)
    wait(lambda: not os.listdir(machine.path("/run/orlop/dynamic-users")), "the claim stays")
    wait(lambda: not machine.path("/run/runtime").exists(), "the runtime directory stays")
    assert machine.path("/var/lib/private/state/file").exists()


def test_dynamic_users_differ(run):
    """No two dynamic users share a number; two units with one name do."""
    units = {
        "test.target": target("a.service", "b.service", "c.service"),
        "b.service": service("sleep 1000", "DynamicUser=yes"),
        "c.service": service("sleep 1000", "DynamicUser=yes", "User=a"),
    }
    machine = run("DynamicUser=yes", "ReadWritePaths=/t", units=units)
    uid = {unit: status(main(machine, f"{unit}.service"))["Uid"].split()[0] for unit in "abc"}
    wait(lambda: len({status(main(machine, f"{unit}.service"))["Uid"] for unit in "abc"}) == 2, "shared")
    uid = {unit: status(main(machine, f"{unit}.service"))["Uid"].split()[0] for unit in "abc"}
    assert uid["a"] == uid["c"] != uid["b"]


# ---- environment ----

def test_environment(run):
    """The order of systemd.exec(5): own, Environment=, files; then UnsetEnvironment=."""
    machine = run("User=alice", 'Environment="A=1" "B=two words" C=3 D=4 HOME=/elsewhere',
                  "EnvironmentFile=/t/env", "EnvironmentFile=-/t/missing", "UnsetEnvironment=C D=4 A=2",
                  setup="printf '%s\\n' '# comment' 'A=\"from file\"' 'E=a\\' 'b' ';x' '1BAD=x' >t/env\n")
    env = environment(main(machine))
    assert env["A"] == "from file"
    assert env["B"] == "two words"
    assert env["E"] == "ab"
    assert "C" not in env and "D" not in env and "1BAD" not in env
    assert env["HOME"] == "/elsewhere"
    assert re.fullmatch(r"[0-9a-f]{32}", env["INVOCATION_ID"])
    assert env["PATH"].startswith("/usr/local/sbin:")


def test_missing_environment_file(run):
    machine = run("EnvironmentFile=/t/missing", done=False)
    machine.expect(r"a.service: read the environment file /t/missing: No such file or directory")


def test_working_directory(run):
    assert os.readlink(main(run("User=alice", "WorkingDirectory=~")) / "cwd").endswith("/home/alice")
    machine = run("WorkingDirectory=-/missing", command="pwd >/t/pwd")
    assert (machine.shared / "pwd").read_text() == "/\n"


# ---- streams ----

def test_streams(run):
    machine = run("StandardInput=data", "StandardInputText=hello", "StandardOutput=append:/t/out",
                  "StandardError=file:/t/err", command="cat; echo oops >&2",
                  setup="echo before >t/out; printf 'long old text' >t/err\n")
    assert (machine.shared / "out").read_text() == "before\nhello\n"
    assert (machine.shared / "err").read_text() == "oops\nold text"


def test_descriptors_hc_23(run):
    """hc-23: none but 0 to 2 reaches a service, whatever PID 1 has open."""
    machine = run(command="ls /proc/self/fd >/t/fds")
    # The last is what ls reads the directory by.
    assert (machine.shared / "fds").read_text().split() == ["0", "1", "2", "3"]


# ---- attributes ----

def test_attributes(run):
    machine = run("Nice=7", "OOMScoreAdjust=321", "CPUSchedulingPolicy=batch", "IOSchedulingClass=idle",
                  "CPUAffinity=0", "TimerSlackNSec=123us", "UMask=0027", "LimitNOFILE=100:200", "LimitCORE=0",
                  command="umask >/t/umask; ionice >/t/ionice; chrt -p $$ >/t/chrt")
    process = main(machine)
    assert (process / "oom_score_adj").read_text().strip() == "321"
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    assert fields[16] == "7"
    assert status(process)["Cpus_allowed_list"] == "0"
    assert (process / "timerslack_ns").read_text().strip() == "123000"
    assert (machine.shared / "umask").read_text().strip() == "0027"
    assert "idle" in (machine.shared / "ionice").read_text()
    assert "SCHED_BATCH" in (machine.shared / "chrt").read_text()
    limits = (process / "limits").read_text()
    assert re.search(r"Max open files +100 +200 ", limits)
    assert re.search(r"Max core file size +0 +0 ", limits)


@pytest.mark.parametrize("value, ignored", [("yes", 0x1000), ("no", 0)])
def test_ignore_sigpipe_hc_11(run, value, ignored):
    """hc-11: all signals have their default but SIGPIPE, by IgnoreSIGPIPE=, whose default is yes."""
    s = status(main(run(f"IgnoreSIGPIPE={value}")))
    assert int(s["SigIgn"], 16) == ignored
    assert int(s["SigBlk"], 16) == 0


# ---- directories ----

def test_directories(run):
    machine = run("User=alice", "RuntimeDirectory=one two/three", "RuntimeDirectoryMode=0750",
                  "StateDirectory=st:link", "CacheDirectory=ca", "LogsDirectory=lo", "ConfigurationDirectory=co",
                  setup="mkdir -p var/cache/ca/deep; touch var/cache/ca/deep/file\n")
    env = environment(main(machine))
    assert env["RUNTIME_DIRECTORY"] == "/run/one:/run/two/three"
    assert env["STATE_DIRECTORY"] == "/var/lib/st"
    for path, mode, uid in (("/run/one", 0o750, 1200), ("/run/two/three", 0o750, 1200), ("/run/two", 0o755, 0),
                            ("/var/lib/st", 0o755, 1200), ("/var/cache/ca", 0o755, 1200),
                            ("/var/cache/ca/deep/file", None, 1200), ("/var/log/lo", 0o755, 1200),
                            ("/etc/co", 0o755, 0)):
        st = machine.path(path).stat()
        assert st.st_uid == uid, path
        assert mode is None or stat.S_IMODE(st.st_mode) == mode, path
    assert os.readlink(machine.path("/var/lib/link")) == "st"
    os.kill(machine.main_pid("a.service"), 15)
    wait(lambda: not machine.path("/run/one").exists() and not machine.path("/run/two/three").exists(),
         "runtime directories stay")
    wait(lambda: not os.listdir(machine.path("/run/orlop/trash")), "trash stays")
    assert machine.path("/var/lib/st").exists()


def test_credentials(run):
    machine = run("User=alice", "LoadCredential=secret:/t/secret", "SetCredential=plain:text",
                  "LoadCredential=fallback:/t/missing", "SetCredential=fallback:instead",
                  command="cat $CREDENTIALS_DIRECTORY/* >/t/seen; ! echo x >$CREDENTIALS_DIRECTORY/new",
                  setup="umask 077; printf s3cret >t/secret\n")
    assert (machine.shared / "seen").read_text() == "insteadtexts3cret"
    inside = machine.path("/run/credentials/a.service")
    assert inside.stat().st_uid == 1200 and stat.S_IMODE(inside.stat().st_mode) == 0o500
    assert not (inside / "new").exists()
    os.kill(machine.main_pid("a.service"), 15)
    wait(lambda: not machine.path("/run/credentials/a.service").exists(), "credentials stay")

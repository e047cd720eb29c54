# SPDX-License-Identifier: MIT OR Apache-2.0
"""orlopctl against a running Orlop: what each verb prints, and its exit status (LSB, systemctl(1))."""
import json
import os
import re
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from container import BIN, Orlop, service, target, wait
from control_client import orlopctl, orlopctl_json

DAEMON = "echo hello; exec sleep 1000"
NOBODY = 65534


@pytest.fixture
def machine(tmp_path):
    with Orlop(tmp_path, {
        "test.target": target("a.service", "failing.service", "late.service"),
        "a.service": "[Unit]\nDescription=The <first> \"one\"\n" + service(DAEMON).replace("[Unit]\n", ""),
        "failing.service": service("exit 3"),
        "late.service": service(DAEMON, unit=["After=a.service", "Requires=a.service"]),
        "idle.service": service(DAEMON) + "[Install]\nWantedBy=test.target\n",
        "test.target.d/10-more.conf": "[Unit]\nWants=masked.service\nConflicts=idle.service\n",
    }) as running:
        running.up()
        running.path("/etc/orlop/units/masked.service").symlink_to("/dev/null")
        yield running


def test_status_of_units(machine):
    text = orlopctl(machine, "status", "a", check=0).stdout
    assert "● a.service - The <first> \"one\"" in text
    assert re.search(r"Active: active \(running\) since \S+ \d{4}-\d\d-\d\d .* ago", text)
    assert re.search(r"Main PID: \d+ \(sleep\)", text)
    assert re.search(r"─\d+ sleep 1000", text)
    assert "\x1b" not in text, "colour without a terminal"
    machine.await_unit_log("a.service", "hello")
    assert "hello" in orlopctl(machine, "status", "a").stdout
    assert "hello" not in orlopctl(machine, "status", "-n0", "a").stdout
    text = orlopctl(machine, "status", "failing", check=3).stdout
    assert "× failing.service" in text and "result: exit-code" in text and "exited, status 3" in text
    assert "no such unit" in orlopctl(machine, "status", "nosuch", check=4).stderr
    assert orlopctl(machine, "status", "a", "nosuch").returncode == 4


def test_status_of_the_machine(machine):
    text = orlopctl(machine, "status", check=0).stdout
    assert "State: degraded" in text
    assert re.search(r"system\.slice\n.*─a\.service +active +running", text)
    assert "targets" in text
    data = orlopctl_json(machine, "status")
    assert data["state"] == "degraded" and data["failed"] == 1 and data["container"] is True
    assert data["began"] <= data["up"] <= data["now"]
    assert "a.service" in {unit["unit"] for unit in data["units"]}


def test_json_of_units(machine):
    machine.await_unit_log("a.service", "hello")
    unit, = orlopctl_json(machine, "status", "a")
    assert unit["description"] == "The <first> \"one\""
    assert unit["active"] == "active" and unit["mainPid"] > 1 and unit["job"] is None
    assert unit["path"] == "/etc/orlop/units/a.service" and unit["cgroup"] == "/system.slice/a.service"
    assert any("hello" in line for line in unit["log"])
    units = {unit["unit"]: unit for unit in orlopctl_json(machine, "list", "--all")}
    assert units["failing.service"]["mainExit"] == "exited 3"
    assert units["basic.target"]["active"] == "inactive"


def test_list(machine):
    lines = orlopctl(machine, "list", check=0).stdout.splitlines()
    assert lines[0].split() == ["UNIT", "LOAD", "ACTIVE", "SUB", "PID", "MEMORY", "DESCRIPTION"]
    assert not any(line.startswith("basic.target") for line in lines)
    lines = orlopctl(machine, "list", "--all", "--no-legend", check=0).stdout.splitlines()
    assert any(line.startswith("basic.target") for line in lines)
    names = [line.split()[0] for line in orlopctl(machine, "list", "--failed", "--no-legend").stdout.splitlines()]
    assert names == ["failing.service"]
    names = [line.split()[0] for line in orlopctl(machine, "list", "--no-legend", "-t", "service", "la*").stdout.splitlines()]
    assert names == ["late.service"]


def test_states_for_scripts(machine):
    assert orlopctl(machine, "is-active", "a", check=0).stdout == "active\n"
    assert orlopctl(machine, "is-active", "failing", check=3).stdout == "failed\n"
    assert orlopctl(machine, "is-active", "failing", "a", check=0).stdout == "failed\nactive\n"
    assert orlopctl(machine, "is-active", "nosuch", check=4).stdout == "inactive\n"
    assert orlopctl(machine, "is-active", "-q", "a", check=0).stdout == ""
    assert orlopctl(machine, "is-failed", "a", check=1).stdout == "active\n"
    assert orlopctl(machine, "is-failed", "failing", check=0).stdout == "failed\n"
    assert orlopctl(machine, "is-failed", check=0).stdout == "degraded\n"
    assert orlopctl(machine, "is-system-running", check=1).stdout == "degraded\n"
    assert orlopctl_json(machine, "is-active", "a") == {"a": "active"}


def test_show(machine):
    text = orlopctl(machine, "show", "a", "-p", "ActiveState,MainPID", check=0).stdout
    assert re.fullmatch(r"ActiveState=active\nMainPID=\d+\n", text)
    assert orlopctl(machine, "show", "a", "-p", "Id", "--value", check=0).stdout == "a.service\n"
    assert "LoadState=not-found" in orlopctl(machine, "show", "nosuch", check=0).stdout
    assert orlopctl_json(machine, "show", "a")["SubState"] == "running"
    assert "protocol=1" in orlopctl(machine, "show", check=0).stdout


def test_start_and_stop(machine):
    orlopctl(machine, "stop", "a", check=0)
    assert orlopctl(machine, "is-active", "late").returncode == 3, "it requires what was stopped"
    orlopctl(machine, "start", "a", "late.service", check=0)
    assert orlopctl(machine, "is-active", "late").returncode == 0
    assert "no such unit" in orlopctl(machine, "start", "nosuch", check=5).stderr
    assert "not the name of a unit" in orlopctl(machine, "start", "a/b", check=5).stderr
    process = orlopctl(machine, "start", "failing", check=0)
    assert process.stderr == "", "Type=simple is started when it runs"


def test_failed_start(tmp_path):
    with Orlop(tmp_path, {
        "test.target": target("once.service", "needs.service"),
        "once.service": service("exit 1", "Type=oneshot"),
        "needs.service": service(DAEMON, unit=["Requires=once.service", "After=once.service"]),
    }) as running:
        running.up()
        process = orlopctl(running, "start", "once", check=1)
        assert "once.service: start: failed (exit-code); see orlopctl status once.service" in process.stderr
        process = orlopctl(running, "start", "needs", check=1)
        assert "needs.service: start: dependency" in process.stderr
        assert orlopctl(running, "start", "-q", "once", check=1).stderr == ""


def test_many_units_at_once(tmp_path):
    """More than fit into the window of open requests."""
    names = [f"u{i}.service" for i in range(70)]
    with Orlop(tmp_path, {"test.target": target(*names), **{name: service("exec sleep 1000") for name in names}}) as running:
        running.up()
        orlopctl(running, "stop", *names, check=0)
        assert orlopctl(running, "is-active", *names).returncode == 3
        orlopctl(running, "start", *names, check=0)
        assert orlopctl(running, "is-active", *names).stdout == "active\n" * 70


def test_others_than_root(machine):
    assert orlopctl(machine, "is-active", "a", uid=NOBODY, check=0).stdout == "active\n"
    for words in (["stop", "a"], ["kill", "a"], ["daemon-reload"], ["poweroff"]):
        assert "only root" in orlopctl(machine, *words, uid=NOBODY, check=4).stderr
    assert orlopctl(machine, "is-active", "a").returncode == 0


def test_restart_kill_and_reset(machine):
    pid = orlopctl_json(machine, "status", "a")[0]["mainPid"]
    orlopctl(machine, "restart", "a", check=0)
    assert orlopctl_json(machine, "status", "a")[0]["mainPid"] != pid
    orlopctl(machine, "kill", "-s", "KILL", "--kill-whom=main", "a", check=0)
    wait(lambda: orlopctl(machine, "is-failed", "a").returncode == 0, "it was not killed")
    assert "SIGKILL" in orlopctl(machine, "status", "a", check=3).stdout
    orlopctl(machine, "reset-failed", "a", check=0)
    assert orlopctl(machine, "is-active", "a", check=3).stdout == "inactive\n"
    assert "cannot kill" in orlopctl(machine, "kill", "a", check=1).stderr
    orlopctl(machine, "kill", "--kill-whom=x", "a", check=2)
    assert "cannot reload" in orlopctl(machine, "reload", "late", check=1).stderr


def test_enable_and_daemon_reload(machine):
    assert orlopctl(machine, "is-enabled", "idle", check=1).stdout == "disabled\n"
    assert "made /etc/orlop/units/test.target.wants/idle.service" in orlopctl(machine, "enable", "idle", check=0).stdout
    assert orlopctl(machine, "is-enabled", "idle", check=0).stdout == "enabled\n"
    orlopctl(machine, "disable", "--now", "idle", check=0)
    assert orlopctl(machine, "is-enabled", "idle", check=1).stdout == "disabled\n"
    assert orlopctl(machine, "is-enabled", "a", check=0).stdout == "static\n"
    assert orlopctl(machine, "is-enabled", "masked", check=1).stdout == "masked\n"
    assert "has no [Install]" in orlopctl(machine, "enable", "a", check=0).stderr
    assert "is masked" in orlopctl(machine, "enable", "masked", check=6).stderr
    orlopctl(machine, "unmask", "masked", check=0)
    assert orlopctl(machine, "is-enabled", "masked", check=4).stdout == "not-found\n"
    orlopctl(machine, "enable", "nosuch", check=5)


def test_cat_and_files(machine):
    text = orlopctl(machine, "cat", "test.target", check=0).stdout
    assert text.index("# /etc/orlop/units/test.target\n") < text.index("# /etc/orlop/units/test.target.d/10-more.conf\n")
    assert orlopctl(machine, "cat", "nosuch", check=1).stdout == ""
    files = {f["unitFile"]: f for f in orlopctl_json(machine, "list-unit-files")}
    assert files["idle.service"]["state"] == "disabled"
    assert files["masked.service"]["state"] == "masked"


def test_deps(machine):
    text = orlopctl(machine, "deps", "test.target", check=0).stdout
    assert text.startswith("● test.target\n") and "├─× " not in text
    assert re.search(r"└─. late\.service\n  ├─. a\.service", text) or "late.service" in text
    data = orlopctl_json(machine, "deps", "test.target")
    assert {"from": "late.service", "kind": "requires", "to": "a.service"} in data["edges"]
    states = {unit["unit"]: unit.get("active") for unit in data["units"]}
    assert states["failing.service"] == "failed" and states["a.service"] == "active"
    root = xml.fromstring(orlopctl(machine, "deps", "test.target", "--svg", check=0).stdout)
    assert "late.service" in {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    orlopctl(machine, "deps", "nosuch", check=5)


def test_boot(machine):
    text = orlopctl(machine, "boot", check=0).stdout
    assert re.match(r"up in \S+: kernel 0ms, system \S+, units", text)
    data = orlopctl_json(machine, "boot")
    entries = {entry["name"]: entry for entry in data["entries"]}
    assert entries["failing.service"]["kind"] == "unit"
    assert entries["cgroups"]["kind"] == "system" and entries["cgroups"]["end"] <= data["up"]
    assert data["criticalChain"] and entries[data["criticalChain"][-1]["name"]]["critical"]
    root = xml.fromstring(orlopctl(machine, "boot", "--svg", check=0).stdout)
    labels = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any(label.startswith("late.service ") for label in labels)
    orlopctl(machine, "boot", "--svg=/t/boot.svg", check=0)
    xml.fromstring((machine.shared / "boot.svg").read_text())
    orlopctl(machine, "boot", "--svg=/nosuch/boot.svg", check=1)


def test_command_line(machine):
    assert "try-reload-or-restart" in orlopctl(machine, "--help", check=0).stdout
    assert "no such verb" in orlopctl(machine, "frobnicate", check=2).stderr
    assert "no such option" in orlopctl(machine, "--frobnicate", check=2).stderr
    assert "of which unit" in orlopctl(machine, "start", check=2).stderr
    assert "takes no" in orlopctl(machine, "boot", "a", check=2).stderr
    assert "control protocol 1" in orlopctl(machine, "--version", check=0).stdout
    assert orlopctl_json(machine, "version")["protocol"] == 1


def test_as_systemctl(machine):
    """The common verbs and options under the other name, and a reason for the one that is refused."""
    machine.path("/run/systemctl").symlink_to("/orlop/orlopctl")

    def systemctl(*words, check):
        return orlopctl(machine, *words, program="/run/systemctl", check=check)

    assert "a.service" in systemctl("list-units", "--no-pager", check=0).stdout
    assert "a.service" in systemctl(check=0).stdout
    systemctl("status", "--no-pager", "-l", "a.service", check=0)
    systemctl("restart", "a", check=0)
    systemctl("is-active", "--quiet", "a", check=0)
    systemctl("--system", "daemon-reload", check=0)
    systemctl("condrestart", "a", check=0)
    assert "user managers" in systemctl("--user", "status", check=2).stderr
    assert "has no isolate" in systemctl("isolate", "test.target", check=2).stderr


def test_poweroff(machine):
    orlopctl(machine, "poweroff", check=0)
    machine.wait()
    assert "asked for by process" in machine.log


# --- without an Orlop ------------------------------------------------------------


def offline(*words, check):
    process = subprocess.run([BIN / "orlopctl", *words], capture_output=True, text=True, check=False, timeout=120)
    assert process.returncode == check, process
    return process


@pytest.fixture
def root(tmp_path):
    """A root directory as an image has it."""
    units = tmp_path / "root/usr/lib/systemd/system"
    units.mkdir(parents=True)
    (tmp_path / "root/usr/lib/orlop/units").mkdir(parents=True)
    (tmp_path / "root/usr/bin").mkdir()
    (tmp_path / "root/bin").symlink_to("/usr/bin")
    program = tmp_path / "root/usr/bin/true"
    program.write_text("")
    program.chmod(0o755)
    (units / "sysinit.target").write_text("[Unit]\n")
    (units / "multi-user.target").write_text("[Unit]\nWants=good.service\n")
    (units / "good.service").write_text("[Unit]\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
    return tmp_path / "root"


def test_no_orlop_is_said():
    if Path("/run/orlop/control").exists():
        pytest.skip("this machine runs Orlop")
    assert "is Orlop PID 1" in offline("status", check=1).stderr


def test_enable_in_an_image(root):
    units = root / "usr/lib/systemd/system"
    (units / "t@.service").write_text("[Service]\nExecStart=/bin/true %i\n[Install]\nWantedBy=multi-user.target\n"
                                      "DefaultInstance=x\nAlias=other-%i.service\nAlso=good.service\n")
    offline(f"--root={root}", "enable", "t@", check=0)
    made = {str(path.relative_to(root / "etc/orlop/units")): os.readlink(path)
            for path in (root / "etc/orlop/units").rglob("*") if path.is_symlink()}
    assert made == {
        "multi-user.target.wants/t@x.service": "/usr/lib/systemd/system/t@.service",
        "multi-user.target.wants/good.service": "/usr/lib/systemd/system/good.service",
        "other-x.service": "/usr/lib/systemd/system/t@.service",
    }
    assert offline(f"--root={root}", "is-enabled", "t@x", check=0).stdout == "enabled\n"
    offline(f"--root={root}", "disable", "t@", check=0)
    assert not [path for path in (root / "etc/orlop/units").rglob("*.service") if path.name.startswith("t@")]
    offline(f"--root={root}", "mask", "good", check=0)
    assert offline(f"--root={root}", "is-enabled", "good", check=1).stdout == "masked\n"
    offline(f"--root={root}", "unmask", "good", check=0)


def test_etc_of_an_image_is_the_factory_copy(root):
    (root / "usr/share/factory/etc").mkdir(parents=True)
    offline(f"--root={root}", "enable", "good", check=0)
    link = root / "usr/share/factory/etc/orlop/units/multi-user.target.wants/good.service"
    assert os.readlink(link) == "/usr/lib/systemd/system/good.service"
    assert not (root / "etc").exists()


def test_template_without_instance(root):
    (root / "usr/lib/systemd/system/t@.service").write_text("[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=a.target\n")
    assert "name an instance" in offline(f"--root={root}", "enable", "t@", check=1).stderr
    offline(f"--root={root}", "enable", "t@one", check=0)
    assert (root / "etc/orlop/units/a.target.wants/t@one.service").is_symlink()


def test_verify(root):
    units = root / "usr/lib/systemd/system"
    assert offline(f"--root={root}", "verify", "multi-user.target", check=0).stdout == "no faults\n"
    (units / "bad.service").write_text("[Unit]\nRequires=nosuch.service\n[Service]\nExecStart=/usr/bin/nosuch\nExecStrat=/bin/true\n"
                                       "TimeoutStopSec=soon\n")
    text = offline(f"--root={root}", "verify", "bad", check=1).stdout
    path = units / "bad.service"
    assert f"{path}:5: ExecStrat=/bin/true: " in text and "did you mean ExecStart=?" in text
    assert f"{path}:6: TimeoutStopSec=soon: " in text
    assert f"{path}: /usr/bin/nosuch: No such file or directory" in text
    assert re.search(r"Requires.*nosuch\.service: there is no such unit", text)
    faults = json.loads(offline(f"--root={root}", "verify", "--json", "bad", check=1).stdout)
    assert {"line": 5, "directive": "ExecStrat", "hint": "ExecStart"}.items() <= faults[0].items()
    assert offline(f"--root={root}", "verify", "--all", check=1).stdout == text
    offline(f"--root={root}", "verify", "nosuch", check=5)


def test_verify_names_a_circle_hc_47(root):
    """hc-47: units that wait for each other are found when the image is built."""
    units = root / "usr/lib/systemd/system"
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (units / f"{one}.service").write_text(f"[Unit]\nRequires={other}.service\nAfter={other}.service\n"
                                              "[Service]\nExecStart=/bin/true\n")
    text = offline(f"--root={root}", "verify", "a", check=1).stdout
    assert "in a circle" in text
    assert all(f"{name}.service after " in text for name in "abc")


def test_verify_of_a_file(tmp_path):
    path = tmp_path / "x.service"
    path.write_text("[Service]\nExecStart=/bin/true\nColour=red\n")
    assert f"{path}:3: Colour=red: " in offline("verify", str(path), check=1).stdout
    path.write_text("[Service]\nExecStart=/bin/true\n")
    offline("verify", str(path), check=0)
    offline("verify", str(tmp_path / "y.service"), check=1)

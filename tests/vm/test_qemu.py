# SPDX-License-Identifier: MIT OR Apache-2.0
"""image/qemu itself: what its options become, and the two ways to boot that no other test takes."""

import re
import subprocess

import pytest

from machine import IMAGES, TOP

QEMU = TOP / "image/qemu"


def arguments(*options):
    """The command that image/qemu would run, without running it."""
    done = subprocess.run(
        [QEMU, "--image", IMAGES / "plain", "--accel", "tcg", "--dry-run", *map(str, options)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def values(command, option):
    return [command[i + 1] for i, word in enumerate(command) if word == option]


def test_help_names_every_option():
    text = subprocess.run([QEMU, "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^\t(--[a-z0-9-]+)(?: \| -h)?\)", QEMU.read_text(), re.MULTILINE))
    assert len(known) > 20
    assert known == set(re.findall(r"^  (--[a-z0-9-]+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    "options",
    [["--frobnicate"], ["--memory"], ["--accel", "magic"], ["--kernel", "/nonexistent"],
     ["--qmp", "/tmp/plain-path"], ["--uefi", "--icount"], ["--uefi", "--cmdline", "x"]],
    ids=" ".join,
)  # fmt: skip
def test_mistakes_are_refused_with_a_reason(options):
    done = subprocess.run(
        [QEMU, "--image", IMAGES / "plain", "--dry-run", *options], capture_output=True, text=True
    )
    assert done.returncode == 1 and done.stderr.startswith("image/qemu: ") and done.stdout == ""


def test_every_machine_is_offline():
    assert [v for v in values(arguments(), "-netdev") if "restrict=on" not in v.split(",")] == []
    assert len(values(arguments(), "-netdev")) == 1
    for options in (["--no-net"], ["--icount"]):
        assert values(arguments(*options), "-netdev") == []
        assert "-nodefaults" in arguments(*options)


def test_the_disk_is_not_written_unless_asked(tmp_path):
    (drive,) = values(arguments(), "-drive")
    assert "snapshot=on" in drive.split(",")
    (drive,) = values(arguments("--persist"), "-drive")
    assert "snapshot=off" in drive.split(",")
    (memory,) = values(arguments("--icount"), "-object")
    assert "share=off" in memory.split(",")
    disk = tmp_path / "a,b.qcow2"
    disk.write_bytes(b"QFI\xfb" + bytes(508))
    (drive,) = values(arguments("--disk", disk), "-drive")
    assert "format=qcow2" in drive and drive.endswith("a,,b.qcow2"), "a comma ends a value unless doubled"


def test_the_command_line_is_the_images_and_more():
    whole = (IMAGES / "plain/cmdline").read_text().strip()
    assert values(arguments(), "-append") == [whole]
    assert values(arguments("--append", "a=1", "--append", "b=2"), "-append") == [f"{whole} a=1 b=2"]
    assert values(arguments("--cmdline", "only", "--append", "c"), "-append") == ["only c"]
    assert values(arguments("--reboot", "--watchdog", "reset"), "-action") == ["watchdog=reset"]
    assert "-no-reboot" in arguments() and "-no-reboot" not in arguments("--reboot")


def test_extra_arguments_come_last():
    assert arguments("--", "-name", "x y")[-2:] == ["-name", "x y"]


def test_uefi_boots_the_uki_from_the_disk(boot):
    """Firmware finds the UKI on the EFI partition; what --append adds reaches the kernel as well."""
    vm = boot("--uefi", append="orlop.log_level=debug")
    vm.wait_for("Hello from a container on Orlop")
    words = vm.run("cat /proc/cmdline").split()
    assert set((IMAGES / "test/cmdline").read_text().split()) <= set(words)
    assert "orlop.log_level=debug" in words
    assert vm.run("ls -d /sys/firmware/efi").strip() == "/sys/firmware/efi"


def test_icount_runs_repeat_to_the_bit():
    """Two runs of one image print the same console, byte for byte: each time and each random number in it."""
    consoles = []
    for _ in range(2):
        vm = subprocess.Popen(
            [QEMU, "--image", IMAGES / "plain", "--icount", "--smp", "1", "--serial", "stdio",
             "--append", "orlop.unit=sysinit.target"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        lines = []
        try:
            for line in vm.stdout:
                lines.append(line)
                if b"orlop: up in" in line:
                    break
        finally:
            vm.kill()
            vm.wait()
        consoles.append(lines)
    assert b"orlop: up in" in consoles[0][-1]
    assert consoles[0] == consoles[1]

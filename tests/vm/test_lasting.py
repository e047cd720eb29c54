# SPDX-License-Identifier: MIT OR Apache-2.0
"""What outlasts a boot and what does not: a disk that is written to, booted again and again."""

import re

# The shell and the log daemon, without containerd.
BASIC = "orlop.unit=basic.target"
# A machine that gives the kernel nothing to be random with but what it kept on its disk.
NO_ENTROPY = ["--", "-cpu", "max,la57=off,rdrand=off,rdseed=off"]
SEED = "/var/lib/orlop/random-seed"


def test_etc_is_made_anew_and_var_is_kept(boot, disk):
    """And a machine that went down in order finds its state volume clean, one that was cut off repairs it."""
    path = disk()
    vm = boot("--disk", path, "--persist", append=BASIC)
    vm.wait_for_shell()
    machine_id = vm.run("cat /etc/machine-id")
    vm.run("echo kept >/var/kept && echo gone >/etc/gone && echo gone >/run/gone && echo gone >/tmp/gone")
    vm.run("rm /etc/os-release && echo changed >/etc/mke2fs.conf")
    console = vm.power_button()
    assert "power button: power-off" in console
    assert not re.search("still mounted|could not be let go of", console)

    vm = boot("--disk", path, "--persist", append=BASIC)
    vm.wait_for_shell()
    state = re.search(r"^orlop:   state .*$", vm.console, re.MULTILINE)[0]
    assert "made" not in state and "recovered" not in state and "repaired" not in state, state
    assert vm.run("dmesg | grep -i 'EXT4-fs.*recovery'", check=False)[1] == ""
    assert vm.run("cat /var/kept") == "kept"
    assert vm.run("ls /etc/gone /run/gone /tmp/gone 2>/dev/null", check=False)[1] == ""
    assert "ID=orlop" in vm.run("cat /etc/os-release").splitlines()
    assert "changed" not in vm.run("cat /etc/mke2fs.conf")
    assert vm.run("cat /etc/machine-id") == machine_id
    vm.run("dd if=/dev/urandom of=/var/more bs=1M count=4 && sync; echo late >/var/late; sync")
    vm.stop()

    # Cut off: the journal is replayed, what was synced is there.
    vm = boot("--disk", path, "--persist", append=BASIC)
    vm.wait_for_shell()
    assert "recovered" in re.search(r"^orlop:   state .*$", vm.console, re.MULTILINE)[0]
    assert vm.run("cat /var/kept /var/late").split() == ["kept", "late"]


def test_random_seed_is_never_used_twice_hc_69(boot, disk):
    """The seed of the last boot makes the kernel's generator ready at once, and is replaced before it counts."""
    path = disk()
    vm = boot("--disk", path, "--persist", *NO_ENTROPY, append=f"{BASIC} random.trust_cpu=off")
    vm.wait_for_shell()
    first = vm.run(f"sha256sum {SEED}")
    assert vm.run(f"stat -c '%a %s' {SEED}") == "600 64"
    vm.run("sync")
    # As a power cut leaves it: no seed was saved on the way down.
    vm.stop()

    vm = boot("--disk", path, "--persist", *NO_ENTROPY, append=f"{BASIC} random.trust_cpu=off")
    vm.wait_for_shell()
    second = vm.run(f"sha256sum {SEED}")
    assert second != first
    record = {line.split()[0]: line.split() for line in vm.run("cat /run/orlop/boot").splitlines()}
    ready = re.search(r"\[ *(\d+\.\d+)\] random: crng init done", vm.run("dmesg"))
    assert ready, "the generator is not ready"
    assert float(ready[1]) * 1e9 <= int(record["random"][2]) + 1e8, "what was kept did not make it ready"
    vm.power_button()

    vm = boot("--disk", path, "--persist", *NO_ENTROPY, append=f"{BASIC} random.trust_cpu=off")
    vm.wait_for_shell()
    assert vm.run(f"sha256sum {SEED}") not in (first, second)


def test_clock_before_the_image_and_jumps_hc_70(boot):
    """A clock that was never set starts at the image's epoch, and nothing that waits goes by it."""
    vm = boot("--rtc", "base=1990-01-01T00:00:00")
    vm.wait_for_shell()
    vm.wait_for("^orlop: up in ")
    epoch = vm.number("cat /usr/lib/orlop/epoch")
    now = vm.number("date +%s")
    assert epoch <= now < epoch + 3600
    assert re.search("^orlop:   clock .*was before the image was made", vm.console, re.MULTILINE)
    # Ten years on, and back: RestartSec=5 of containerd is five seconds all the same.
    for years in (10, -10):
        vm.run(f"date -s @$(( $(date +%s) + {years} * 31557600 ))")
        before = float(vm.run("cut -d' ' -f1 /proc/uptime"))
        vm.run("kill -KILL $(pidof containerd)")
        vm.wait_until("pidof containerd")
        assert float(vm.run("cut -d' ' -f1 /proc/uptime")) - before >= 5


def test_ctrl_alt_del_goes_down_in_order_hc_13(boot):
    vm = boot(append=BASIC)
    vm.wait_for_shell()
    vm.press("ctrl", "alt", "delete")
    console = vm.wait_for_end()
    assert "orlop: Ctrl-Alt-Del: reboot" in console
    assert re.search("^orlop: +orlop-logd.service .* stopped", console, re.MULTILINE)
    assert "reboot: Restarting system" in console


def test_ctrl_alt_del_seven_times_does_not_wait_hc_13(boot):
    """A unit that does not stop holds an orderly reboot up for long; who presses on gets one at once."""
    vm = boot(append=BASIC)
    vm.wait_for_shell()
    # The shell's own process ignores what would end it, and is given its time (TimeoutStopSec=).
    vm.run("(trap '' TERM HUP; exec sleep 100000) >/dev/null 2>&1 &")
    for _ in range(12):
        vm.press("ctrl", "alt", "delete")
    console = vm.wait_for_end()
    assert "Ctrl-Alt-Del many times within 2 s: reboot at once" in console
    assert "reboot: Restarting system" in console


def test_hardware_watchdog_resets_a_machine_that_hangs_hc_85_hc_89(boot):
    """It is fed by the loop, so a PID 1 that does not get on is a machine that is reset."""
    vm = boot("--watchdog", "reset", append=f"{BASIC} orlop.watchdog=10")
    vm.wait_for_shell()
    assert vm.run("cat /sys/class/watchdog/watchdog0/state") == "active"
    assert vm.run("cat /sys/class/watchdog/watchdog0/timeout") == "10"
    # Longer than it waits.
    vm.run("sleep 15")
    assert vm.run("cat /sys/class/watchdog/watchdog0/state") == "active"
    vm.qmp("query-status")
    vm.send("echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze")
    console = vm.wait_for_end()
    assert "reboot:" not in console and "Kernel panic" not in console
    vm.read_events()
    assert "WATCHDOG" in [event["event"] for event in vm.events]


def test_critical_unit_that_never_comes_up_hc_28(boot, disk):
    """The boot is given up, twice; the third time the machine stays for somebody to look at. One that is up clears the count."""
    path = disk()
    count = "/var/lib/orlop/boot-attempts"
    never = f"{BASIC} orlop.critical=absent.service orlop.boot_timeout=1"
    for attempt in (1, 2):
        vm = boot("--disk", path, "--persist", append=never)
        console = vm.wait_for_end()
        assert "absent.service, which this boot is for, did not come up within 1 s" in console
        assert f"fatal: absent.service did not come up (attempt {attempt} of 3)" in console
        assert "reboot: Restarting system" in console and "Kernel panic" not in console

    vm = boot("--disk", path, "--persist", append=never)
    vm.wait_for("^orlop: absent.service has not come up for 3 boots in a row")
    vm.wait_for_shell()
    assert vm.run(f"cat {count}") == "3"
    vm.power_button()

    vm = boot("--disk", path, "--persist", append=f"{BASIC} orlop.critical=basic.target orlop.boot_timeout=600")
    vm.wait_for_shell()
    vm.wait_until(f"test ! -e {count}")
    vm.power_button()

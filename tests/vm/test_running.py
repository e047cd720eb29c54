# SPDX-License-Identifier: MIT OR Apache-2.0
"""A machine that runs: what stands there after a boot, and what PID 1 does while it is up.

All tests look at one machine. Its command line is full of mistakes, because they must not hinder.
"""

import re
import signal
import subprocess

import pytest

from machine import IMAGES, TOP, Machine, console_pattern

MISTAKES = (
    "orlop.nonsense=1 orlop.log_level=loud orlop.root_timeout=50 orlop.root-timeout=40 "
    "orlop.hostname=-x- orlop.watchdog=soon ORLOP.unit=x nonsense=2 dummy.numdummies=3 dm_bufio.max_age_seconds=77"
)


@pytest.fixture(scope="module")
def vm(programs_disk):
    drive = f"if=none,id=programs,format=raw,readonly=on,file={programs_disk}"
    options = ["--", "-drive", drive, "-device", "virtio-blk-pci,drive=programs"]
    with Machine("running", *options, append=f"{MISTAKES} orlop.unit=tests.target") as machine:
        machine.wait_for_shell()
        machine.wait_for("^orlop: up in ")
        # Programs do not run from /run or /tmp.
        machine.run("mkdir /var/tests && tar -x -f /dev/vdb -C /var/tests")
        yield machine


def anonymous(vm):
    """KiB of anonymous memory of PID 1."""
    return vm.number("awk '/^Anonymous:/ { print $2 }' /proc/1/smaps_rollup")


def descriptors(vm):
    return vm.run("ls /proc/1/fd | sort -n").split()


# --- the boot and what it left ----------------------------------------------


def test_boot_record(vm):
    """/run/orlop/boot: a line for each phase, with times that follow each other."""
    records = {}
    for line in vm.run("cat /run/orlop/boot").splitlines():
        match = re.fullmatch(r"(\S+) (\d+) (\d+) (\S+)", line)
        assert match, line
        start, end = int(match[2]), int(match[3])
        assert start <= end, line
        if match[1] not in ("initramfs.module", "critical"):
            assert match[1] not in records, f"{match[1]} stands there twice"
            records[match[1]] = (start, end, match[4])
    order = [
        "kernel", "initramfs.api-mounts", "initramfs.log", "initramfs.modules", "initramfs.root-device",
        "initramfs.root-mount", "initramfs.init", "initramfs.switch-root", "api-mounts", "log", "record", "root", "cgroups",
        "etc", "state", "random", "identity", "loopback", "units", "containerd.service", "hello.service",
    ]
    for before, after in zip(order, order[1:]):
        assert records[before][1] <= records[after][0], f"{before} ends after {after} begins"
    assert all(records[name][2] == "ok" for name in order)
    assert records["kernel"][0] == 0
    assert records["up"][:1] == (0,) and records["up"][1] >= records["hello.service"][1]


def test_kernel_log_has_every_line_of_pid_1(vm):
    """What stands on the console is in the kernel's log too: its limit of ten lines in five seconds is off."""
    log = vm.run("dmesg")
    lines = [line for line in vm.console.splitlines() if line.startswith("orlop:   ")]
    assert len(lines) > 20
    for line in lines:
        assert line in log, line


def test_root_is_read_only_and_verified(vm):
    roothash = (IMAGES / "test/roothash").read_text().strip()
    table = vm.run("dmsetup table root").split()
    assert table[2] == "verity" and table[11] == roothash, table
    assert "restart_on_corruption" in table
    assert re.search(r" / / ro,\S* \S* ?- erofs /dev/mapper/root ro", vm.run("cat /proc/self/mountinfo"))
    for path in ("/x", "/usr/sbin/init", "/usr/lib/x"):
        status, output = vm.run(f"echo x >>{path}", check=False)
        assert status != 0 and "Read-only file system" in output, path
    # Nor can root make it writable, on any layer.
    assert vm.run("mount -o remount,rw /", check=False)[0] != 0
    assert vm.run("echo x | dd of=/dev/dm-0 bs=1 conv=notrunc", check=False)[0] != 0


def test_root_node_without_udev_hc_61(vm):
    """Nodes of the device are there and are the right ones, with nobody but the kernel and us to make them."""
    number = vm.run("cat /sys/block/dm-0/dev")
    for path in ("/dev/dm-0", "/dev/mapper/root"):
        assert vm.run(f"stat -c %t:%T:%F {path}") == "{:x}:{:x}:block special file".format(*map(int, number.split(":")))
    assert vm.run("stat -c %d /") == str(int(number.split(":")[0]) << 8)
    assert vm.run("pidof udevd systemd-udevd", check=False)[0] != 0


def test_initramfs_is_freed_hc_62(vm):
    """What /init unpacked to is memory, and has been given back."""
    unpacked = (IMAGES / "test/initrd.img").stat().st_size // 1024
    shared = vm.number("awk '/^Shmem:/ { print $2 }' /proc/meminfo")
    in_tmpfs = sum(int(line.split()[2]) for line in vm.run("df -k -t tmpfs").splitlines()[1:])
    assert shared - in_tmpfs < unpacked / 4, f"{shared} KiB, of which {in_tmpfs} are in file systems that are mounted"
    # Nor does PID 1 still run the copy that lay there.
    assert vm.run("stat -L -c %d /proc/1/exe") == vm.run("stat -c %d /usr/sbin/init")


def test_mistakes_on_the_command_line_are_named_hc_56(vm):
    for message in (
        "orlop.nonsense=1: unknown key; ignored",
        "orlop.log_level=loud: not one of error, warning, notice, info, debug; using info",
        "orlop.root-timeout=40: given more than once",
        "orlop.hostname=-x-: not a host name; ignored",
        "orlop.watchdog=soon: not a number of seconds; using 60 seconds",
    ):
        assert f"command line: {message}" in vm.console, message
    # What is not ours is none of our business.
    assert "command line: nonsense" not in vm.console and "ORLOP.unit" not in vm.console


def test_cyclic_and_unreadable_units_are_named_and_do_not_hinder(vm):
    """tests.target of the variant wants them beside multi-user.target."""
    assert console_pattern("^orlop: .*cycle.*cycle-[ab].service.*cycle-[ab].service").search(vm.console)
    assert console_pattern("^orlop: .*unreadable.service.*(Is a directory|not a file)").search(vm.console)
    assert console_pattern("^orlop: .*binary.service.*not a text file").search(vm.console)
    assert console_pattern("^orlop: +hello.service .* ready").search(vm.console)


def test_identity_hc_68(vm):
    """A machine-id as machine-id(5) wants it, in a /etc that is memory; a host name."""
    machine_id = vm.run("cat /etc/machine-id")
    assert re.fullmatch("[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", machine_id)
    assert vm.run("cat /var/lib/orlop/machine-id") == machine_id
    assert vm.run("stat -f -c %T /etc") == "tmpfs"
    assert vm.run("hostname") == "localhost"
    vm.run("echo x >/etc/written && rm /etc/written")


# --- modules ----------------------------------------------------------------


def loaded(vm):
    return {line.split()[0] for line in vm.run("cat /proc/modules").splitlines()}


def test_module_dependencies_and_softdeps_hc_55(vm):
    """modprobe: what modules.dep and modules.softdep say, from the compressed files as Debian ships them."""
    assert "x_tables" not in loaded(vm) and "mpls_router" not in loaded(vm)
    assert vm.run("find /usr/lib/modules -name x_tables.ko.xz").endswith(".ko.xz")
    vm.run("/usr/sbin/modprobe xt_LOG")
    assert {"xt_LOG", "x_tables", "nf_log_syslog"} <= loaded(vm), "pre: nf_log_syslog"
    vm.run("/usr/sbin/modprobe mpls_iptunnel")
    assert {"mpls_iptunnel", "mpls_router", "mpls_gso"} <= loaded(vm), "post: mpls_gso"
    # Again is no error, built in is none either; missing is.
    vm.run("/usr/sbin/modprobe xt_LOG && /usr/sbin/modprobe ext4")
    status, output = vm.run("/usr/sbin/modprobe no_such_module", check=False)
    assert status == 1 and "no_such_module" in output


def test_module_options_from_the_command_line_hc_55(vm):
    """MODULE.PARAM=VALUE, for what act 1 loaded and for what modprobe loads."""
    assert vm.run("cat /sys/module/dm_bufio/parameters/max_age_seconds") == "77"
    vm.run("/usr/sbin/modprobe dummy")
    assert vm.run("ls -d /sys/class/net/dummy*").split() == [f"/sys/class/net/dummy{i}" for i in range(3)]


def test_kernel_asks_for_modules_through_modprobe_hc_55(vm):
    """The kernel's own request_module() runs /sbin/modprobe: here, for a file system."""
    assert "squashfs" not in loaded(vm)
    vm.run("mount -t squashfs /dev/vdb /tmp", check=False)
    assert "squashfs" in loaded(vm)


# --- PID 1 in its place -----------------------------------------------------


def test_no_controlling_terminal_and_ctrl_c_does_nothing_hc_16(vm):
    """The field tty_nr of stat(5) is 0, PID 1 leads a session, and Ctrl-C on the console kills nobody."""
    fields = vm.run("cat /proc/1/stat").rsplit(")", 1)[1].split()
    assert fields[3] == "1" and fields[4] == "0", fields
    assert vm.run("cut -d' ' -f7 /proc/$(pidof orlop-logd)/stat") == "0"
    position = vm.position()
    before = vm.run("pidof containerd orlop-logd")
    # Each is echoed when the line discipline has done with it, and throws away what was echoed before.
    for key, echo in ((b"\x03", r"\^C"), (b"\x1c", r"\^\\")):
        vm.type(key)
        vm.wait_for(echo, position)
    assert vm.run("pidof containerd orlop-logd") == before
    assert "orlop" not in vm.console[position:]


def test_signals_of_services_are_reset_hc_11(vm):
    """No service inherits PID 1's blocked signals, or any that is ignored but SIGPIPE (IgnoreSIGPIPE=)."""
    for process in ("$(pidof orlop-logd)", "$PPID"):
        status = dict(line.split(":\t", 1) for line in vm.run(f"grep ^Sig /proc/{process}/status").splitlines())
        assert int(status["SigBlk"], 16) == 0 or process.startswith("$(pidof"), (process, status)
        # ash itself ignores SIGQUIT.
        usual = 1 << signal.SIGPIPE - 1 | (1 << signal.SIGQUIT - 1 if process == "$PPID" else 0)
        assert int(status["SigIgn"], 16) & ~usual == 0, (process, status)


def test_cgroup_tree_hc_40(vm):
    """PID 1 alone in its leaf, each service in its own, no process in an inner node."""
    assert vm.run("cat /sys/fs/cgroup/init.scope/cgroup.procs") == "1"
    for unit, process in (("containerd", "containerd"), ("orlop-logd", "orlop-logd")):
        pids = vm.run(f"cat /sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs").split()
        assert pids == vm.run(f"pidof {process}").split(), unit
    assert vm.run("cat /sys/fs/cgroup/system.slice/cgroup.procs") == ""
    # In the root cgroup there are threads of the kernel alone: they have no program.
    assert vm.run("for p in $(cat /sys/fs/cgroup/cgroup.procs); do readlink /proc/$p/exe; done; true") == ""
    # hc-40: delegated, so that containerd may make cgroups below it.
    assert "memory" in vm.run("cat /sys/fs/cgroup/system.slice/cgroup.subtree_control")


def test_pid_1_anonymous_memory_is_small(vm):
    vm.wait_at_rest()


# --- PID 1 at work ----------------------------------------------------------


def test_10000_orphans_leave_no_zombie_hc_03(vm):
    """And no descriptor and no page of memory either."""
    vm.wait_at_rest()
    vm.run("/var/tests/orphans 100")
    before = anonymous(vm), descriptors(vm)
    assert vm.run("/var/tests/orphans 10000") == "0"
    vm.wait_until("! grep -q '^State:.Z' /proc/[0-9]*/status 2>/dev/null")
    assert (anonymous(vm), descriptors(vm)) == before


def test_containerd_killed_comes_back_and_its_container_lives_on_hc_37(vm):
    """SIGKILL for containerd: restarted, and the container is the same process as before."""
    vm.run("ctr run -d orlop.invalid/hello:1 long sleep 1000000")
    task = vm.run("ctr task ls | grep '^long '").split()
    assert task[2] == "RUNNING"
    started = vm.run(f"cut -d' ' -f22 /proc/{task[1]}/stat")
    containerd = vm.run("pidof containerd")
    position = vm.position()

    vm.run(f"kill -KILL {containerd}")
    # What was typed in another test may stand before it on its line.
    vm.wait_for("orlop: containerd.service: main process .* was killed by SIGKILL$", position)
    vm.wait_until("ctr task ls >/dev/null 2>&1")

    assert vm.run("pidof containerd") != containerd
    assert vm.run("ctr task ls | grep '^long '").split() == task
    assert vm.run(f"cut -d' ' -f22 /proc/{task[1]}/stat") == started
    # It can still be talked to through the new containerd.
    assert vm.run("ctr task exec --exec-id x long hostname; ctr task kill -s KILL long").strip() != ""
    vm.wait_until("ctr task ls | grep -q '^long .*STOPPED'")
    vm.run("ctr task rm long; ctr containers rm long")


def test_nothing_grew_while_it_ran(vm):
    """hc-45: after all that was done to this machine, PID 1 is as small as it was, as soon as it rests."""
    vm.wait_at_rest()
    assert vm.run("cat /sys/fs/cgroup/init.scope/cgroup.procs") == "1"


def test_a_fault_of_pid_1_is_told_and_reboots_hc_12(vm):
    """Last, as it ends the machine: a message and a reboot, and not a panic of the kernel."""
    vm.send("kill -SEGV 1")
    console = vm.wait_for_end()
    assert "orlop: fatal: PID 1 had a segmentation fault" in console
    assert "Kernel panic" not in console and "reboot: Restarting system" in console

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Boot mounts: API file systems, /etc, the copy of a tree, switching root, children with a deadline."""
import errno

# A root directory of its own, empty but for what the script makes; the driver enters it with --root.
# Its /dev is a tmpfs with kmsg and nothing else, which is to be taken for one that is mounted already.
NEW_ROOT = """
mkdir "$T/root"
mount -t tmpfs root "$T/root"
cd "$T/root"
mkdir dev proc sys run tmp etc
mount -t tmpfs dev dev
touch dev/kmsg
mount --bind "$KMSG" dev/kmsg
"""

REQUIRED = {
    "/proc": "proc", "/sys": "sysfs", "/dev": "tmpfs", "/run": "tmpfs", "/dev/shm": "tmpfs", "/dev/pts": "devpts",
    "/sys/fs/cgroup": "cgroup2",
}


def mount_points(text):
    """Pairs of mount point and type, of lines of mountinfo."""
    lines = [line.partition(" - ") for line in text.splitlines() if " - " in line]
    return [(left.split()[4], right.split()[0]) for left, _, right in lines]


def test_api_mounts_hc_51(namespace):
    """hc-51: what is mounted already is left alone; /dev/shm, a directory on another tmpfs, is not taken for mounted."""
    result = namespace(
        NEW_ROOT + """
        "$D" --root . api-mounts-early then cat /proc/self/mountinfo \
            then cat /dev/kmsg then api-mounts machine then cat /proc/self/mountinfo \
            then cat /dev/kmsg then api-mounts machine then cat /proc/self/mountinfo
        """
    )
    early, _, rest = result.stdout.partition("result 0\n")[2].partition("result 0\n")
    first, _, second = rest.partition("result 0\n")
    early, first, second = (mount_points(text) for text in (early, first, second))
    assert {"/proc", "/sys", "/dev", "/run"} <= {where for where, _ in early}
    assert "/dev/shm" not in dict(early)
    assert dict(first) | REQUIRED == dict(first)
    assert dict(first)["/tmp"] == "tmpfs"
    assert first == second, "the second call mounted something again"


def test_api_mounts_container(namespace):
    """In a container what belongs to the machine is left out: no bpf, no securityfs, no /tmp over the image's own."""
    result = namespace(NEW_ROOT + '"$D" --root . api-mounts container then cat /proc/self/mountinfo')
    mounts = dict(mount_points(result.stdout))
    assert result["result"] == "0"
    assert dict(mounts) | REQUIRED == mounts
    assert not {"/tmp", "/sys/fs/bpf", "/sys/kernel/security", "/dev/hugepages"} & set(mounts)


def test_api_mounts_failure_is_named_hc_52(namespace):
    """hc-52: a required mount that fails is an error with its name in the log."""
    result = namespace(NEW_ROOT + 'rmdir proc\ntouch proc\n"$D" --root . api-mounts machine')
    assert result.number("result") == -errno.ENOTDIR
    assert "mount of proc on /proc: Not a directory" in result.log


FACTORY = """
F="$T/usr/share/factory/etc"
mkdir -p "$F/ssl/certs" "$T/usr/bin"
echo 127.0.0.1 localhost >"$F/hosts"
echo secret >"$F/shadow"
chown 0:42 "$F/shadow"
chmod 640 "$F/shadow"
chmod 750 "$F/ssl"
ln -s ../usr/lib/os-release "$F/os-release"
mount -t tmpfs usr /usr/share
cp -a "$T/usr/share/." /usr/share/
"""


def test_etc(namespace):
    """/etc becomes a tmpfs with the factory's files, modes, owners and links."""
    result = namespace(
        FACTORY + """
        "$D" etc
        stat -c 'fs %T' -f /etc
        stat -c 'mode %a' /etc
        stat -c 'shadow %a %u %g' /etc/shadow
        stat -c 'ssl %a' /etc/ssl
        echo "link $(readlink /etc/os-release)"
        echo "hosts $(cat /etc/hosts)"
        echo "count $(find /etc | wc -l)"
        grep -E ' /etc ' /proc/self/mountinfo
        cp /bin/true /etc/true
        /etc/true || echo "exec refused"
        """
    )
    assert result["result"] == "0"
    assert result["fs"] == "tmpfs"
    assert result["mode"] == "755"
    assert result["shadow"] == "640 0 42"
    assert result["ssl"] == "750"
    assert result["link"] == "../usr/lib/os-release"
    assert result["hosts"] == "127.0.0.1 localhost"
    assert result["count"] == "6"
    assert "rw,nosuid,nodev,noexec" in result.stdout
    assert result["exec"] == "refused"


def test_etc_is_never_half_filled(namespace):
    """A factory tree that cannot be copied leaves the old /etc in place, whole."""
    result = namespace(
        FACTORY + """
        mkfifo /usr/share/factory/etc/zz-fifo
        before=$(stat -c '%d:%i' /etc)
        "$D" etc
        test "$before" = "$(stat -c '%d:%i' /etc)"
        """
    )
    assert result.number("result") == -errno.EOPNOTSUPP
    assert "copy /usr/share/factory/etc to /etc" in result.log


def test_etc_without_factory(namespace):
    """No factory tree on the image: a result of its own, nothing is mounted."""
    result = namespace('mount -t tmpfs empty /usr/share\n"$D" etc\n! grep " /etc " /proc/self/mountinfo')
    assert result["result"] == "1"


def test_tree_copy_missing(namespace):
    """The skeleton of /var: what is there stays, what is missing comes, directories keep their mode."""
    result = namespace(
        """
        cd "$T"
        mkdir -p from/lib/containerd from/log to/lib
        echo factory >from/lib/a
        echo factory >from/lib/b
        ln -s nowhere from/log/link
        chmod 700 from/lib to/lib
        chmod 711 from/log
        echo mine >to/lib/a
        mount -t tmpfs other from/lib/containerd
        touch from/lib/containerd/not-copied
        "$D" tree-copy from to 1 then tree-copy from to 1
        echo "a $(cat to/lib/a)"
        echo "b $(cat to/lib/b)"
        echo "link $(readlink to/log/link)"
        stat -c 'log %a' to/log
        echo "inside $(ls to/lib/containerd | wc -l)"
        """
    )
    assert result["result"] == "0"
    assert result["a"] == "mine"
    assert result["b"] == "factory"
    assert result["link"] == "nowhere"
    assert result["log"] == "711"
    assert result["inside"] == "0"


def test_tree_copy_depth(namespace):
    """A tree that is too deep (or a loop of bind mounts) is an error and no stack overflow."""
    result = namespace(
        """
        cd "$T"
        mkdir -p from/$(seq -s / 1 40) to
        "$D" tree-copy from to 0
        """
    )
    assert result.number("result") == -errno.ELOOP


INITRAMFS = """
mkdir "$T/old"
mount -t tmpfs old "$T/old"
cd "$T/old"
mkdir -p dev proc sys run sysroot other usr/lib/modules/6.1/kernel/drivers
cp "$D" init
for i in $(seq 50); do echo module >usr/lib/modules/6.1/kernel/drivers/$i.ko; done
mount -t tmpfs other other
touch other/file
mount -t tmpfs dev dev
touch dev/kmsg
mount --bind "$KMSG" dev/kmsg
mount -t proc proc proc
mount -t tmpfs new sysroot
"""


def test_switch_root_hc_62(namespace):
    """hc-62: the mounts move, the old root is emptied (also of the program that runs), nothing else is."""
    result = namespace(
        INITRAMFS + """
        mkdir sysroot/dev sysroot/proc sysroot/sys sysroot/run
        touch sysroot/here
        ./init --root . switch-root /sysroot /here /init /sysroot /dev/kmsg /proc/self then cat /proc/self/mountinfo
        """
    )
    assert result["result"] == "0"
    # What is left of it: its root, and the directory that another file system is mounted on.
    assert result.number("inodes_before") > 55
    assert result.number("inodes_after") <= 3
    assert result["other_kept"] == "1"
    assert result["/here"] == "1"
    assert result["/dev/kmsg"] == "1"
    assert result["/proc/self"] == "1"
    assert result["/init"] == "0"
    assert result["/sysroot"] == "0"
    assert {"/", "/dev", "/proc"} <= {where for where, _ in mount_points(result.stdout)}


def test_switch_root_failure_keeps_initramfs(namespace):
    """hc-62: a new root without the directories is refused, with its name, before anything is deleted."""
    result = namespace(INITRAMFS + './init --root . switch-root /sysroot /init')
    assert result.number("result") == -errno.ENOENT
    assert result["inodes_before"] == result["inodes_after"]
    assert result["/init"] == "1"
    assert "move /dev to /sysroot/dev" in result.log


def test_switch_root_no_mount_point(namespace):
    """A directory that is no mount point cannot be moved: said clearly."""
    result = namespace(INITRAMFS + 'umount sysroot\n./init --root . switch-root /sysroot /init')
    assert result.number("result") == -errno.EINVAL
    assert "not a mount point" in result.log


def test_switch_root_in_place(namespace):
    """A kernel that mounted the root itself: / is the root already, and not a file of it is touched."""
    result = namespace(INITRAMFS + './init --root . switch-root / /init')
    assert result["result"] == "0"
    assert result["inodes_before"] == result["inodes_after"]


def test_deadline_exec(namespace):
    """hc-23: a program sees descriptors 0 to 2 alone (3 is what ls opens itself), no environment, no blocked signals."""
    result = namespace('exec 7<"$KMSG"\n"$D" exec 10000 /bin/ls /proc/self/fd')
    assert result["result"] == "0"
    assert result["output"] == "0"
    assert result.stdout.split()[:5] == ["output", "0", "1", "2", "3"]
    result = namespace('"$D" exec 10000 /usr/bin/env')
    assert result.stdout.split() == ["output", "result", "0"]
    result = namespace('"$D" exec 10000 /bin/grep -E "SigBlk|SigIgn" /proc/self/status')
    # A child of posix_spawn(3), which make uses, ignores glibc's internal signals 32 and 33; sigaction(3) cannot tell.
    words = result.stdout.replace("0000000180000000", "0" * 16).split()
    assert set(words) == {"output", "SigBlk:", "SigIgn:", "0" * 16, "result", "0"}


def test_deadline_exec_failures(namespace):
    """An exec that fails, a status, a signal and a timeout are told apart."""
    assert namespace('"$D" exec 10000 /no/such/program').number("result") == -errno.ENOENT
    assert namespace('"$D" exec 10000 /bin/sh -c "exit 5"').number("result") == 5
    assert namespace('"$D" exec 10000 /bin/sh -c "kill -9 \\$\\$"').number("result") == -errno.ECANCELED
    result = namespace('"$D" exec 200 /bin/sleep 1000\n! pgrep -x sleep')
    assert result.number("result") == -errno.ETIMEDOUT

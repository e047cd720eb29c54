# SPDX-License-Identifier: MIT OR Apache-2.0
"""Act 1's io parts without a machine: uevents, module indexes, partitions, verity before it is opened."""
import errno
import os
import platform
import shutil
import struct
import subprocess
import uuid
from hashlib import sha256

import pytest

from conftest import TIMEOUT_S, TOP

KERNEL = platform.release()


@pytest.fixture(name="act1")
def fixture_act1():
    """A function that runs act1_driver and gives its lines as (name, value)."""
    directory = os.environ.get("ORLOP_NS_PROGRAMS", TOP / "out" / platform.machine() / "tests" / "ns")

    def run(*arguments, wrap=()):
        process = subprocess.run(
            [*wrap, f"{directory}/act1_driver", *map(str, arguments)],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return [tuple(line.partition(" ")[::2]) for line in process.stdout.splitlines()]

    return run


# --- uevents -----------------------------------------------------------------------------------

# A network namespace has a loopback device of its own, whose events nobody else hears.
OWN_NETWORK = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-ec",
               'mount -t sysfs sysfs /sys\nexec "$@"', "sh"]
LOOPBACK = "/sys/class/net/lo/uevent"


def test_uevent_overrun_hc_54(act1):
    """hc-54: events that were lost show as an overrun, and the socket goes on hearing afterwards."""
    lines = dict(act1("overrun", 4096, 5000, LOOPBACK, wrap=OWN_NETWORK))
    assert 0 < int(lines["received"]) < 5000
    assert int(lines["overruns"]) >= 1
    assert lines["received-after"] == "1"
    assert lines["overruns-after"] == "0"


def test_uevent_queue_holds_a_boot(act1):
    """The queue of the real size loses nothing of as many events as a large machine's boot has."""
    lines = dict(act1("overrun", 8 * 1024 * 1024, 5000, LOOPBACK, wrap=OWN_NETWORK))
    assert lines["received"] == "5000"
    assert lines["overruns"] == "0"


def test_uevent_only_the_kernel_is_heard(act1):
    """A message of another process to the same group is passed over; the kernel's own after it is not."""
    lines = act1("forged", LOOPBACK, wrap=OWN_NETWORK)
    assert lines == [("write", "0"), ("event", "/devices/virtual/net/lo")]


def test_coldplug_hc_53(act1, tmp_path):
    """hc-53: each device without a driver is named by its modalias; others, and what is half there, are passed over."""
    for bus, device, modalias, driver in (
        ("pci", "0000:00:04.0", "pci:v00001AF4d00001001sv\n", False),
        ("pci", "0000:00:05.0", "pci:bound\n", True),
        ("virtio", "virtio0", "virtio:d00000002v00001AF4", False),
        ("virtio", "virtio1", None, False),
        ("acpi", "empty", "\n", False),
    ):
        # As in sysfs, the bus has a link to the device.
        real = tmp_path / "devices" / device
        real.mkdir(parents=True)
        if modalias is not None:
            (real / "modalias").write_text(modalias)
        if driver:
            (real / "driver").symlink_to("nowhere")
        links = tmp_path / "bus" / bus / "devices"
        links.mkdir(parents=True, exist_ok=True)
        (links / device).symlink_to(real)
    (tmp_path / "bus" / "pci" / "devices" / "gone").symlink_to("nothing")
    (tmp_path / "bus" / "nodevices").mkdir()
    lines = act1("coldplug", tmp_path)
    assert ("result", "0") in lines
    aliases = sorted(value for name, value in lines if name == "modalias")
    assert aliases == ["pci:v00001AF4d00001001sv", "virtio:d00000002v00001AF4"]


# --- modules -----------------------------------------------------------------------------------

@pytest.fixture(name="modules")
def fixture_modules(act1, tmp_path):
    """A function that writes the indexes of a module directory and says what loading a name would load."""

    def run(name, dep="", softdep="", alias="", builtin="", cmdline="", verb="load"):
        directory = tmp_path / "usr" / "lib" / "modules" / KERNEL
        directory.mkdir(parents=True, exist_ok=True)
        for file, text in (("dep", dep), ("softdep", softdep), ("alias", alias), ("builtin", builtin)):
            (directory / f"modules.{file}").write_text(text)
        lines = act1("modules", tmp_path, cmdline, verb, name)
        loaded = [value.split(" ")[0] for key, value in lines if key == "module"]
        options = {value.split(" ")[0]: value.split(" ", 2)[2] for key, value in lines if key == "module"}
        return int(dict(lines)["result"]), loaded, options

    return run


VERITY = (
    "kernel/md/dm-verity.ko.xz: kernel/md/dm-bufio.ko.xz kernel/md/dm-mod.ko.xz kernel/rs.ko.xz\n"
    "kernel/md/dm-bufio.ko.xz: kernel/md/dm-mod.ko.xz\nkernel/md/dm-mod.ko.xz:\nkernel/rs.ko.xz:\n"
)


def test_modules_order_hc_55(modules):
    """hc-55: what a module needs comes first, and each module once."""
    result, loaded, _ = modules("dm-verity", VERITY)
    assert result == 0
    assert loaded == ["rs", "dm_mod", "dm_bufio", "dm_verity"]


def test_modules_softdeps_hc_55(modules):
    """hc-55: pre: before, post: after, by name or alias; one that is missing does not matter."""
    result, loaded, _ = modules(
        "erofs",
        "fs/erofs.ko: lib/libcrc32c.ko\nlib/libcrc32c.ko:\ncrypto/crc32c_generic.ko:\nlate.ko:\n",
        softdep="softdep libcrc32c pre: crc32c nothing-there\nsoftdep erofs post: late\n",
        alias="alias crc32c crc32c_generic\nalias crc32c not_on_this_image\n",
    )
    assert result == 0
    assert loaded == ["crc32c_generic", "libcrc32c", "erofs", "late"]


def test_modules_circle_of_softdeps_ends_hc_55(modules):
    result, loaded, _ = modules("a", "a.ko:\nb.ko:\n", softdep="softdep a pre: b\nsoftdep b pre: a\n")
    assert result == 0
    assert loaded == ["b", "a"]


def test_modules_deep_chain_ends_with_an_error_hc_55(modules):
    dep = "".join(f"m{i}.ko:\n" for i in range(40))
    softdep = "".join(f"softdep m{i} pre: m{i + 1}\n" for i in range(39))
    result, loaded, _ = modules("m0", dep, softdep=softdep)
    assert result == 0, "a soft dependency that cannot be loaded does not matter"
    assert loaded[-1] == "m0" and len(loaded) < 40
    chain = "".join(f"m{i}.ko: m{i + 1}.ko\n" for i in range(40)) + "m40.ko:\n"
    result, _, _ = modules("m0", chain)
    assert result == -errno.ELOOP


def test_modules_missing_hc_55(modules):
    """hc-55: no such module, and one that lists a file that has no line of its own."""
    assert modules("nothing-there", VERITY)[0] == -errno.ENOENT
    result, loaded, _ = modules("a", "a.ko: gone.ko\n")
    assert result == -errno.ENOENT
    assert not loaded


def test_modules_builtin_hc_55(modules):
    """hc-55: what is built in is there, and is not looked for."""
    assert modules("virtio-pci", builtin="kernel/drivers/virtio/virtio_pci.ko\n") == (0, [], {})


def test_modules_options_of_the_command_line_hc_55(modules):
    """hc-55: MODULE.PARAM=VALUE goes to that module, whichever way it is spelled, with its quotes."""
    line = 'quiet dm-verity.require_signatures=1 dm_mod.text="a b" dm_verityx.no=1 -- rs.no=1'
    _, _, options = modules("dm_verity", VERITY, cmdline=line)
    assert options == {"rs": "", "dm_mod": 'text="a b"', "dm_bufio": "", "dm_verity": "require_signatures=1"}


def test_modules_alias_and_blacklist(modules):
    alias = "alias pci:v00001AF4d*sv* a\nalias pci:v00001AF4d00001001* b\nalias usb:* c\n"
    device = "pci:v00001AF4d00001001sv00001AF4"
    dep = "a.ko:\nb.ko:\nc.ko:\n"
    assert modules(device, dep, alias=alias, verb="alias")[:2] == (2, ["a", "b"])
    assert modules("pci:v1", dep, alias=alias, verb="alias")[:2] == (0, [])
    line = "modprobe.blacklist=x,b"
    assert modules(device, dep, alias=alias, verb="alias", cmdline=line)[:2] == (1, ["a"])
    assert modules("b", dep, alias=alias, cmdline=line)[:2] == (0, ["b"])


def test_modules_of_another_kernel(act1, tmp_path):
    assert dict(act1("modules", tmp_path, "", "load", "a"))["result"] == str(-errno.ENOENT)


# --- partitions ---------------------------------------------------------------------------------

ROOT_TYPE = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
VAR_TYPE = "4d21b016-b534-45c2-a9fb-5c16e091fd2d"


@pytest.fixture(name="disk")
def fixture_disk(loop_device):
    """A loop device with two partitions, whose table the kernel has read."""
    root_uuid = str(uuid.uuid4())
    path, device = loop_device("disk", 8 << 20)
    table = f"label: gpt\nsize=4096, type={ROOT_TYPE}, uuid={root_uuid}, name=root-a\nsize=2048, type={VAR_TYPE}\n"
    subprocess.run(["sfdisk", "--quiet", str(path)], input=table, text=True, check=True)
    if subprocess.run(["partx", "--update", device], check=False, capture_output=True).returncode != 0:
        pytest.skip("no partitions on loop devices here")
    # Where no udev and no devtmpfs make the nodes, the test does.
    for number in (1, 2):
        node = f"{device}p{number}"
        if not os.path.exists(node):
            major, minor = map(int, open(f"/sys/class/block/{os.path.basename(node)}/dev").read().split(":"))
            os.mknod(node, 0o060600, os.makedev(major, minor))
    yield device, root_uuid
    subprocess.run(["partx", "--delete", device], check=False, capture_output=True)


def test_gpt_find(act1, disk):
    device, root_uuid = disk
    found = dict(act1("gpt-uuid", root_uuid.upper()))
    assert found == {
        "result": "0", "device": f"{device}p1", "disk": device, "number": "1", "size": str(4096 * 512),
        "uuid": root_uuid, "type": ROOT_TYPE,
    }
    assert dict(act1("gpt-uuid", str(uuid.uuid4()))) == {"result": str(-errno.ENOENT)}
    found = dict(act1("gpt-type", device, VAR_TYPE.upper()))
    assert (found["device"], found["number"]) == (f"{device}p2", "2")
    assert dict(act1("gpt-type", device, str(uuid.uuid4()))) == {"result": str(-errno.ENOENT)}
    assert dict(act1("disk-of", f"{device}p2")) == {"result": "0", "disk": device}
    assert dict(act1("disk-of", device)) == {"result": "0", "disk": device}


def test_gpt_without_a_table(act1, loop_device):
    _, device = loop_device("blank", 1 << 20)
    assert dict(act1("gpt-type", device, VAR_TYPE)) == {"result": str(-errno.ENOENT)}


# --- verity, before the kernel is asked -----------------------------------------------------------

# enum verity_failure
UNREADABLE, SUPERBLOCK, ALGORITHM, DATA_SMALL, HASH_SMALL, MISMATCH, _, DEVICE_MAPPER = range(1, 9)
BLOCK = 4096
SALT = b"\xaa" * 32


def make_tree(directory, blocks=200):
    """Data, its hash tree as veritysetup would write it (two levels at most), and the root hash."""
    data = b"".join(bytes([i % 251]) * BLOCK for i in range(blocks))
    level = [sha256(SALT + data[i:i + BLOCK]).digest() for i in range(0, len(data), BLOCK)]
    levels = []
    while len(level) > 1:
        text = b"".join(level)
        level_blocks = [text[i:i + BLOCK].ljust(BLOCK, b"\0") for i in range(0, len(text), BLOCK)]
        levels.insert(0, b"".join(level_blocks))
        level = [sha256(SALT + block).digest() for block in level_blocks]
    superblock = struct.pack(
        "<8sII16s32sIIQH6x256s", b"verity", 1, 1, b"\x11" * 16, b"sha256", BLOCK, BLOCK, blocks, len(SALT), SALT
    )
    (directory / "data").write_bytes(data)
    (directory / "hash").write_bytes(superblock.ljust(BLOCK, b"\0") + b"".join(levels))
    return level[0].hex()


@pytest.fixture(name="verity")
def fixture_verity(act1, tmp_path):
    """A function that opens tmp_path's data and hash, and gives (result, failure, text)."""

    def run(root_hash):
        lines = dict(act1("verity", tmp_path / "data", tmp_path / "hash", root_hash))
        return int(lines["result"]), int(lines["failure"]), lines["text"]

    return run


def test_verity_tree_is_veritysetups(tmp_path):
    """The trees of these tests are what veritysetup makes."""
    if not shutil.which("veritysetup"):
        pytest.skip("no veritysetup")
    ours = make_tree(tmp_path)
    output = subprocess.run(
        ["veritysetup", "format", f"--salt={SALT.hex()}", "--uuid=" + "-".join(["1" * n for n in (8, 4, 4, 4, 12)]),
         str(tmp_path / "data"), str(tmp_path / "theirs")], capture_output=True, text=True, check=True,
    ).stdout
    assert ours in output
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / "hash").read_bytes()


def test_verity_wrong_root_hash_hc_58(verity, tmp_path):
    """hc-58: a root hash of another tree is found before the kernel is asked, and named."""
    root_hash = make_tree(tmp_path)
    wrong = ("0" if root_hash[0] != "0" else "1") + root_hash[1:]
    result, failure, text = verity(wrong)
    assert (result, failure) == (-errno.EKEYREJECTED, MISMATCH)
    assert "root hash is not that of the hash tree" in text
    # The right one gets past that check, and fails only where device-mapper cannot take files.
    if verity(root_hash)[0] != 0:
        assert verity(root_hash)[1] == DEVICE_MAPPER


@pytest.mark.parametrize("blocks", [1, 2, 128, 129, 200])
def test_verity_top_of_trees_of_all_heights(verity, tmp_path, blocks):
    root_hash = make_tree(tmp_path, blocks)
    assert verity(root_hash)[1] in (0, DEVICE_MAPPER)
    assert verity("00" * 32)[1] == MISMATCH


def test_verity_superblock_hc_57(verity, tmp_path):
    """hc-57: a hash partition without superblock, and one that claims too much, are named."""
    root_hash = make_tree(tmp_path)
    tree = (tmp_path / "hash").read_bytes()
    (tmp_path / "hash").write_bytes(b"\0" * len(tree))
    result, failure, text = verity(root_hash)
    assert (result, failure) == (-errno.EBADMSG, SUPERBLOCK)
    assert "superblock" in text and str(tmp_path / "hash") in text
    (tmp_path / "hash").write_bytes(tree[:8] + b"\7" + tree[9:])
    assert "version is not 1" in verity(root_hash)[2]
    (tmp_path / "hash").write_bytes(tree)
    result, failure, text = verity(root_hash + root_hash)
    assert (result, failure) == (-errno.EBADMSG, ALGORITHM)
    (tmp_path / "hash").write_bytes(tree[:-1])
    assert verity(root_hash)[:2] == (-errno.EFBIG, HASH_SMALL)
    (tmp_path / "hash").write_bytes(tree)
    os.truncate(tmp_path / "data", 200 * BLOCK - 1)
    result, failure, text = verity(root_hash)
    assert (result, failure) == (-errno.EFBIG, DATA_SMALL)
    assert str(200 * BLOCK) in text


def test_verity_missing_device(verity, tmp_path):
    root_hash = make_tree(tmp_path)
    (tmp_path / "data").unlink()
    result, failure, text = verity(root_hash)
    assert (result, failure) == (-errno.ENOENT, UNREADABLE)
    assert "data: No such file" in text

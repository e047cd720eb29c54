# SPDX-License-Identifier: MIT OR Apache-2.0
"""The finished image, read from outside: no VM and nothing of the build's.

What the product promises about its root is proved on the bytes that are
shipped. The file system is read twice, by independent means: its inodes by the
small reader below (modes, owners, attributes: what an extraction could lose),
and the content of its files by fsck.erofs, which checks every block on the way.
Disk, initramfs and UKI are parsed here too.

ORLOP_IMAGE names another image directory; `make image` makes the default one.
"""

import hashlib
import json
import os
import re
import stat
import struct
import subprocess
import tarfile
import uuid
import zlib
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
IMAGE = Path(os.environ.get("ORLOP_IMAGE", TOP / "out/x86_64/image/plain"))

# Every program on the root of `plain`. A new one is a decision, and is made
# here as well as in image/variants/plain/files.
PROGRAMS = {
    "/usr/bin/containerd",
    "/usr/bin/containerd-shim-runc-v2",
    "/usr/bin/ctr",
    "/usr/bin/orlopctl",
    "/usr/libexec/orlop/orlop-console",
    "/usr/libexec/orlop/orlop-logd",
    "/usr/sbin/e2fsck",
    "/usr/sbin/init",
    "/usr/sbin/mke2fs",
    "/usr/sbin/runc",
}

SHELLS_AND_INTERPRETERS = re.compile(
    r"^(\[|r?bash|d?ash|sh|k?sh(93)?|mksh|zsh|fish|t?csh|busybox|toybox|sash|"
    r"python[\d.]*|perl[\d.]*|ruby[\d.]*|lua(jit|tex)?[\d.]*|tclsh[\d.]*|wish|expect|"
    r"node|nodejs|deno|qjs|php[\d.]*|guile[\d.]*|awk|[gmn]awk|sed|make|gdb|java|"
    r"env|xargs|find|vi|vim|nano|ed|ex|bc|dc|m4|openssl|socat|nc|ncat)$"
)
PACKAGE_MANAGERS = re.compile(
    r"^(dpkg.*|apt|apt-.*|aptitude|rpm.*|yum|dnf|zypper|apk|pacman|snap|flatpak|"
    r"pip[\d.]*|npm|gem|cargo|mmdebstrap|debootstrap)$"
)

ROOT_TYPE = uuid.UUID("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")
VERITY_TYPE = uuid.UUID("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5")
ESP_TYPE = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
VAR_TYPE = uuid.UUID("4d21b016-b534-45c2-a9fb-5c16e091fd2d")


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more).stdout


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- readers ----------------------------------------------------------------


class Inode:
    """What erofs stores about a file, apart from its content."""

    def __init__(self, mode, uid, gid, xattrs, size):
        self.mode, self.uid, self.gid, self.xattrs, self.size = mode, uid, gid, xattrs, size


class Erofs:
    """Reads the inodes and directories of an erofs image.

    Layout: Documentation/filesystems/erofs.rst. Directories are never
    compressed, so no decompressor is needed.
    """

    MAGIC = 0xE0F5E1E2

    def __init__(self, path):
        self.data = path.read_bytes()
        magic, _, _, block_bits, _, root, *_ = struct.unpack_from("<IIIBBHQ", self.data, 1024)
        assert magic == self.MAGIC, "not an erofs image"
        self.block = 1 << block_bits
        (self.meta,) = struct.unpack_from("<I", self.data, 1024 + 40)
        self.inodes = {}
        self._walk("", root)

    def _walk(self, path, nid):
        at = self.meta * self.block + nid * 32
        form, xattr_count, mode = struct.unpack_from("<HHH", self.data, at)
        extended, layout = form & 1, (form >> 1) & 7
        if extended:
            size, block, _, uid, gid = struct.unpack_from("<QIIII", self.data, at + 8)
            header = 64
        else:
            size, _, block, _, uid, gid = struct.unpack_from("<IIIIHH", self.data, at + 8)
            header = 32
        xattrs = 12 + 4 * (xattr_count - 1) if xattr_count else 0
        self.inodes[path or "/"] = Inode(mode, uid, gid, xattrs, size)
        if not stat.S_ISDIR(mode):
            return
        assert layout in (0, 2), f"{path}: directory in data layout {layout}"
        whole = size if layout == 0 else size - size % self.block
        content = self.data[block * self.block : block * self.block + whole]
        if layout == 2:  # the tail stands behind the inode
            content += self.data[at + header + xattrs : at + header + xattrs + size - whole]
        for start in range(0, size, self.block):
            chunk = content[start : start + self.block]
            count = struct.unpack_from("<H", chunk, 8)[0] // 12
            entries = [struct.unpack_from("<QHBB", chunk, i * 12) for i in range(count)]
            for i, (child, offset, _, _) in enumerate(entries):
                end = entries[i + 1][1] if i + 1 < count else len(chunk)
                name = chunk[offset:end].split(b"\0")[0].decode()
                if name not in (".", ".."):
                    self._walk(f"{path}/{name}", child)


class Gpt:
    """The partition table of a disk image, checksums verified."""

    def __init__(self, path):
        self.path = path
        with path.open("rb") as disk:
            disk.seek(512)
            header = disk.read(512)
            size = path.stat().st_size
            self._check(header)
            disk.seek(size - 512)
            self._check(disk.read(512))
            entries_lba, count, length, crc = struct.unpack_from("<QIII", header, 72)
            disk.seek(entries_lba * 512)
            table = disk.read(count * length)
            assert zlib.crc32(table) == crc, "GPT entries: checksum"
        self.partitions = {}
        for i in range(count):
            entry = table[i * length : (i + 1) * length]
            kind = uuid.UUID(bytes_le=entry[:16])
            if kind.int:
                first, last = struct.unpack_from("<QQ", entry, 32)
                name = entry[56:128].decode("utf-16-le").rstrip("\0")
                self.partitions[name] = {
                    "number": i + 1,
                    "type": kind,
                    "uuid": uuid.UUID(bytes_le=entry[16:32]),
                    "start": first * 512,
                    "size": (last - first + 1) * 512,
                }

    @staticmethod
    def _check(header):
        assert header[:8] == b"EFI PART", "no GPT header"
        size, crc = struct.unpack_from("<II", header, 12)
        assert zlib.crc32(header[:16] + bytes(4) + header[20:size]) == crc, "GPT header: checksum"

    def read(self, name, size):
        """The first bytes of a partition."""
        with self.path.open("rb") as disk:
            disk.seek(self.partitions[name]["start"])
            return disk.read(size)

    def is_zero(self, name, offset=0):
        """Whether a partition is all zeros from offset on."""
        partition = self.partitions[name]
        left = partition["size"] - offset
        zeros = bytes(1 << 20)
        with self.path.open("rb") as disk:
            disk.seek(partition["start"] + offset)
            while left:
                chunk = disk.read(min(left, len(zeros)))
                if not chunk or chunk != zeros[: len(chunk)]:
                    return False
                left -= len(chunk)
        return True


def read_cpio(data):
    """A newc archive as a list of (name, mode, mtime, uid, gid, content)."""
    at, entries = 0, []
    while True:
        assert data[at : at + 6] == b"070701", f"no cpio header at {at}"
        field = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110 : at + 110 + field[11] - 1].decode()
        start = (at + 110 + field[11] + 3) & ~3
        if name == "TRAILER!!!":
            return entries
        content = data[start : start + field[6]]
        entries.append((name, field[1], field[5], field[2], field[3], content))
        at = (start + field[6] + 3) & ~3


def read_pe_sections(data):
    """The sections of a PE program, by name, as long as they say they are."""
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    assert data[pe : pe + 4] == b"PE\0\0", "not a PE program"
    count, optional = struct.unpack_from("<H", data, pe + 6)[0], struct.unpack_from("<H", data, pe + 20)[0]
    sections = {}
    for i in range(count):
        at = pe + 24 + optional + 40 * i
        name = data[at : at + 8].rstrip(b"\0").decode()
        size, address, _, offset = struct.unpack_from("<IIII", data, at + 8)
        sections[name] = {"address": address, "size": size, "data": data[offset : offset + size]}
    return sections


def needed(path):
    """The interpreter and the libraries that an ELF file asks for."""
    text = run("readelf", "-lWd", path).decode()
    interpreter = re.search(r"program interpreter: (.*)\]", text)
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    return interpreter.group(1) if interpreter else None, libraries


# --- the image, read once ---------------------------------------------------


@pytest.fixture(scope="module")
def image():
    assert (IMAGE / "disk.img").exists(), f"{IMAGE}: no image there; make image"
    return IMAGE


@pytest.fixture(scope="module")
def erofs(image):
    return Erofs(image / "root.erofs")


@pytest.fixture(scope="module")
def tree(image, tmp_path_factory):
    """The root as a directory."""
    target = tmp_path_factory.mktemp("root") / "tree"
    run("fsck.erofs", f"--extract={target}", image / "root.erofs")
    return target


@pytest.fixture(scope="module")
def files(tree):
    """Every regular file on the root: its path there, and here."""
    found = {}
    for directory, _, names in os.walk(tree):
        for name in names:
            path = Path(directory) / name
            if not path.is_symlink():
                found["/" + str(path.relative_to(tree))] = path
    assert len(found) > 1000
    return found


@pytest.fixture(scope="module")
def gpt(image):
    return Gpt(image / "disk.img")


@pytest.fixture(scope="module")
def roothash(image):
    return (image / "roothash").read_text().strip()


@pytest.fixture(scope="module")
def initramfs(image):
    return read_cpio((image / "initrd.img").read_bytes())


def executables(erofs):
    return {
        path for path, inode in erofs.inodes.items() if stat.S_ISREG(inode.mode) and inode.mode & 0o111
    }


# --- what must not be on the root -------------------------------------------


def test_programs_are_those_decided_on(erofs, tree):
    """Whatever can be executed is a program from the list above or a shared library."""
    programs = set()
    for path in executables(erofs):
        if not re.match(r"^/usr/lib/[a-z0-9_]+-linux-gnu/[^/]+\.so[.0-9]*$", path):
            programs.add(path)
    assert programs == PROGRAMS


def test_programs_are_in_the_allow_list(erofs):
    listed = set()
    for line in (TOP / "image/variants/plain/files").read_text().splitlines():
        words = line.split("#")[0].split()
        if words and words[0] in ("deb", "orlop", "made"):
            listed.add(words[-1])
    assert PROGRAMS <= listed
    assert {path for path in executables(erofs) if "-linux-gnu/" not in path} <= listed


def test_no_shell_and_no_interpreter_by_name(erofs):
    named = [p for p in erofs.inodes if SHELLS_AND_INTERPRETERS.match(p.rsplit("/", 1)[-1])]
    assert named == []


def test_no_shell_by_content(erofs, files):
    """A shell under another name still says what it is."""
    for path in executables(erofs):
        content = files[path].read_bytes()
        for mark in (b"BusyBox v", b"GNU bash", b"Almquist", b"Toybox", b"PYTHONPATH", b"PERL5LIB"):
            assert mark not in content, f"{path} contains {mark!r}"


def test_no_script(files):
    """Nothing begins with #!, executable or not: nothing could run it."""
    scripts = []
    for path, file in files.items():
        with file.open("rb") as stream:
            if stream.read(2) == b"#!":
                scripts.append(path)
    assert scripts == []


def test_every_executable_is_elf(erofs, files):
    for path in executables(erofs):
        assert files[path].read_bytes()[:4] == b"\x7fELF", path


def test_no_setuid_and_no_file_capabilities(erofs):
    """Owner, modes and attributes as the kernel will see them."""
    for path, inode in erofs.inodes.items():
        assert not inode.mode & (stat.S_ISUID | stat.S_ISGID), f"{path}: setuid or setgid"
        assert inode.xattrs == 0, f"{path}: has extended attributes"
        assert (inode.uid, inode.gid) == (0, 0), f"{path}: owner {inode.uid}:{inode.gid}"


def test_nothing_is_writable_for_others(erofs):
    for path, inode in erofs.inodes.items():
        if not stat.S_ISLNK(inode.mode):
            assert not inode.mode & 0o022, f"{path}: mode {inode.mode:o}"


def test_only_files_directories_and_links(erofs):
    for path, inode in erofs.inodes.items():
        assert stat.S_IFMT(inode.mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK), path


def test_no_package_manager(erofs):
    for path in erofs.inodes:
        assert not PACKAGE_MANAGERS.match(path.rsplit("/", 1)[-1]), path
        assert not re.match(r"^/(var|usr)/lib/(dpkg|apt|rpm|pacman)(/|$)", path), path


def test_nothing_of_systemd_but_one_unit(erofs):
    assert {path for path in erofs.inodes if "systemd" in path} == {
        "/usr/lib/systemd",
        "/usr/lib/systemd/system",
        "/usr/lib/systemd/system/containerd.service",
    }


def test_mount_points_are_empty_directories(erofs):
    for path in ("/dev", "/etc", "/proc", "/run", "/sys", "/tmp", "/var"):
        assert stat.S_ISDIR(erofs.inodes[path].mode)
        assert not [p for p in erofs.inodes if p.startswith(path + "/")], path


# --- what must be there -----------------------------------------------------


def test_libraries_resolve(erofs, files, tree):
    """Each library that is asked for is where the dynamic linker looks without a cache."""
    wanted = set()
    for path in executables(erofs) | {p for p in files if re.search(r"\.so[.0-9]*$", p)}:
        interpreter, libraries = needed(files[path])
        if interpreter:
            assert os.path.realpath(tree / interpreter.lstrip("/")).startswith(str(tree))
            assert (tree / interpreter.lstrip("/")).exists(), f"{path} wants {interpreter}"
        for library in libraries:
            places = [tree / "usr/lib/x86_64-linux-gnu" / library, tree / "usr/lib" / library]
            assert any(place.exists() for place in places), f"{path} wants {library}"
            wanted.add(library)
    there = {Path(p).name for p in erofs.inodes if "-linux-gnu/" in p}
    there -= {os.path.basename(os.path.realpath(tree / f"usr/lib/x86_64-linux-gnu/{name}")) for name in wanted}
    assert there <= wanted | {"ld-linux-x86-64.so.2"}, "a library that nobody asks for"


def test_orlop_is_self_contained(files):
    for path in ("/usr/sbin/init", "/usr/libexec/orlop/orlop-logd", "/usr/libexec/orlop/orlop-console"):
        assert needed(files[path]) == (None, []), path


def test_links_lead_somewhere(erofs, tree):
    """Links on the root, and those of the factory /etc once they are in /etc."""
    for path, inode in erofs.inodes.items():
        if not stat.S_ISLNK(inode.mode):
            continue
        target = os.readlink(tree / path.lstrip("/"))
        base = os.path.dirname(path)
        if base.startswith("/usr/share/factory"):
            base = base[len("/usr/share/factory") :]
        resolved = os.path.normpath(os.path.join(base, target))
        if resolved.split("/")[1] in ("proc", "run"):
            continue
        assert (tree / resolved.lstrip("/")).exists(), f"{path} -> {target}"


def test_enabled_units_exist(tree):
    wants = tree / "usr/lib/orlop/units/multi-user.target.wants"
    assert {p.name for p in wants.iterdir()} == {"containerd.service", "hello.service", "orlop-console.service"}
    assert os.readlink(tree / "usr/lib/orlop/units/default.target") == "multi-user.target"


def test_modules_are_described(tree):
    (kernel,) = (tree / "usr/lib/modules").iterdir()
    listed = {line.split(":")[0] for line in (kernel / "modules.dep").read_text().splitlines()}
    there = {str(p.relative_to(kernel)) for p in (kernel / "kernel").rglob("*.ko*")}
    assert listed == there and len(there) > 500


def test_hello_image_is_sound(files, tmp_path):
    """Each blob has the digest that it is called by, down to the layer."""
    archive = tarfile.open(files["/usr/share/orlop/images/hello.tar"])

    def blob(descriptor):
        data = archive.extractfile("./blobs/" + descriptor["digest"].replace(":", "/")).read()
        assert "sha256:" + sha256(data) == descriptor["digest"] and len(data) == descriptor["size"]
        return data

    index = json.load(archive.extractfile("./index.json"))
    manifest = json.loads(blob(index["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    (layer,) = manifest["layers"]
    blob(layer)
    assert config["rootfs"]["diff_ids"] == [layer["digest"]]
    rootfs = tarfile.open(fileobj=archive.extractfile("./blobs/" + layer["digest"].replace(":", "/")))
    assert {"./bin/busybox", "./hello"} <= set(rootfs.getnames())


def test_manifest_tells_the_truth(image, erofs, files):
    listed = {}
    for line in (image / "manifest").read_text().splitlines():
        kind, mode, size, digest, path = line.split(" ")[:5]
        listed[path] = kind
        inode = erofs.inodes[path]
        assert kind == {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}[stat.S_IFMT(inode.mode)]
        if kind != "link":
            assert int(mode, 8) == stat.S_IMODE(inode.mode), path
        if kind == "file":
            assert int(size) == inode.size and digest == sha256(files[path].read_bytes()), path
    assert set(listed) | {"/"} == set(erofs.inodes)


# --- verity, disk, boot files -----------------------------------------------


def test_verity_holds(image, roothash, tmp_path):
    """The hash tree fits the root, and stops fitting when one bit changes."""
    verify = ["veritysetup", "verify", image / "root.erofs", image / "root.verity", roothash]
    assert subprocess.run(verify, capture_output=True).returncode == 0
    bad = tmp_path / "root.erofs"
    data = bytearray((image / "root.erofs").read_bytes())
    data[len(data) // 2] ^= 1
    bad.write_bytes(data)
    verify[2] = bad
    assert subprocess.run(verify, capture_output=True).returncode != 0


def test_partitions_follow_the_specification(gpt, roothash):
    """Discoverable Partitions Specification: types, and UUIDs from the root hash."""
    table = gpt.partitions
    assert [name for name in sorted(table, key=lambda n: table[n]["number"])] == [
        "esp", "root-a", "verity-a", "root-b", "verity-b", "state",
    ]  # fmt: skip
    kinds = {name: partition["type"] for name, partition in table.items()}
    assert kinds == {
        "esp": ESP_TYPE, "state": VAR_TYPE, "root-a": ROOT_TYPE, "root-b": ROOT_TYPE,
        "verity-a": VERITY_TYPE, "verity-b": VERITY_TYPE,
    }  # fmt: skip
    assert table["root-a"]["uuid"].hex == roothash[:32]
    assert table["verity-a"]["uuid"].hex == roothash[32:]
    assert len({partition["uuid"] for partition in table.values()}) == len(table)
    assert all(partition["start"] % (1 << 20) == 0 for partition in table.values())


def test_partitions_hold_the_root_and_nothing_else(image, gpt):
    for name, file in (("root-a", "root.erofs"), ("verity-a", "root.verity")):
        content = (image / file).read_bytes()
        assert gpt.read(name, len(content)) == content, name
        assert gpt.is_zero(name, len(content)), f"{name}: something behind its end"
    for name in ("root-b", "verity-b", "state"):
        assert gpt.is_zero(name), f"{name} is not empty"


def test_command_line_names_the_root(image, roothash):
    words = (image / "cmdline").read_text().split()
    assert words.count(f"roothash={roothash}") == 1
    assert [word for word in words if word.startswith("root")] == [f"roothash={roothash}"]


def test_uki_is_made_of_the_same_files(image, gpt, tmp_path):
    uki = (image / "uki.efi").read_bytes()
    sections = read_pe_sections(uki)
    assert sections[".linux"]["data"] == (image / "vmlinuz").read_bytes()
    assert sections[".initrd"]["data"] == (image / "initrd.img").read_bytes()
    assert sections[".cmdline"]["data"].decode() == (image / "cmdline").read_text().strip()
    assert sections[".osrel"]["data"].startswith(b"ID=orlop\n")
    end = 0
    for section in sorted(sections.values(), key=lambda s: s["address"]):
        assert section["address"] >= end, "sections overlap"
        end = section["address"] + section["size"]

    offset = gpt.partitions["esp"]["start"]
    on_disk = f"{image / 'disk.img'}@@{offset}"
    assert run("mcopy", "-n", "-i", on_disk, "::/EFI/BOOT/BOOTX64.EFI", "-") == uki
    listing = run("mdir", "-b", "-/", "-i", on_disk, "::").decode().split()
    assert [name for name in listing if not name.endswith("/")] == ["::/EFI/BOOT/BOOTX64.EFI"]


def test_initramfs_is_init_and_modules_only(initramfs, files):
    content = {name: data for name, mode, _, _, _, data in initramfs if stat.S_ISREG(mode)}
    directories = {name for name, mode, _, _, _, _ in initramfs if stat.S_ISDIR(mode)}
    assert len(content) + len(directories) == len(initramfs), "neither file nor directory"
    assert content.pop("init") == files["/usr/sbin/init"].read_bytes()
    for name, data in content.items():
        assert re.match(r"^usr/lib/modules/[^/]+/(modules\.(dep|alias|softdep|builtin)|kernel/.*\.ko)$", name)
        if ".ko" in name:
            assert data == run("xz", "-dc", files[f"/{name}.xz"]), name
    empty = {d for d in directories if not any(n.startswith(d + "/") for n in directories | set(content))}
    assert empty == {"dev", "proc", "run", "sys", "sysroot"}
    assert {(uid, gid) for _, _, _, uid, gid, _ in initramfs} == {(0, 0)}
    assert len({mtime for _, _, mtime, _, _, _ in initramfs}) == 1
    assert [name for name, *_ in initramfs] == sorted(name for name, *_ in initramfs)


def test_initramfs_modules_are_wanted_and_complete(initramfs):
    """Each module is listed or a dependency of one that is, and none is missing."""
    content = {name.split("/", 4)[-1]: data for name, mode, _, _, _, data in initramfs if stat.S_ISREG(mode)}

    def module(path):
        return re.sub(r"\.ko.*", "", path.rsplit("/", 1)[-1]).replace("-", "_")

    there = {module(name) for name in content if ".ko" in name}
    dependencies = {}
    for line in content["modules.dep"].decode().splitlines():
        name, _, rest = line.partition(":")
        dependencies[module(name)] = {module(path) for path in rest.split()}
    assert set(dependencies) == there
    listed = set()
    for line in (TOP / "image/variants/plain/initramfs-modules").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            listed.add(module(words[0]))
    needs = set()
    for name in there & listed:
        needs |= dependencies[name]
    assert needs <= there, "a dependency is missing"
    assert there <= listed | needs, "a module that nothing needs"
    assert {"virtio_blk", "dm_verity", "erofs"} <= there
    aliases = {line.split()[2] for line in content["modules.alias"].decode().splitlines()}
    assert aliases <= there and "virtio_blk" in aliases


def test_two_builds_give_the_same_bytes():
    done = subprocess.run(
        [TOP / "image/check-reproducible", "plain", "x86_64"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr

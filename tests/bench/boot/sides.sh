# The two sides of bench-boot as trees, initramfs and command line. Sourced by
# run and format-table.
# shellcheck shell=bash disable=SC2034 # what is set here is used there

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../../.." && pwd)
out=$top/out/bench/boot
image=$top/out/x86_64/image/plain
epoch=1767225600 # 2026-01-01, as the guest's clock

say() { printf 'bench-boot: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

manifest_sum() { awk -v path="$1" '$5 == path { print $4 }' "$image/manifest"; }

# Builds what is missing of Orlop's image and of the reference.
prepare_sides() {
	local containerd
	"$top/tools/install-packages" bench image qemu
	mkdir -p "$out"
	"$top/image/build" plain x86_64
	kernel=$(sed -n 's|^dir .* /usr/lib/modules/\([^/]*\)$|\1|p' "$image/manifest")
	containerd=$(manifest_sum /usr/bin/containerd)
	if [ -z "$kernel" ] || [ -z "$containerd" ]; then
		die "$image/manifest: no kernel or no containerd in it"
	fi
	reference=$("$here/systemd-reference" "$kernel $containerd")
}

# What follows roothash= on Orlop's own command line is on both.
common_cmdline() { sed 's/roothash=[^ ]* *//' "$image/cmdline"; }

unpack_orlop() {
	fsck.erofs --extract="$1" --overwrite --no-preserve-owner "$image/root.erofs" >/dev/null
}
cmdline_orlop() { common_cmdline; }

unpack_systemd() {
	local tree=$1 path
	tar -C "$tree" -xf "$reference/root.tar" --no-same-owner --exclude='./dev/*'
	[ -d "$tree/usr/lib/modules/$kernel" ] ||
		die "the archive has another kernel now than Orlop's image: image/build --refresh plain x86_64"
	for path in /usr/bin/containerd /usr/bin/containerd-shim-runc-v2 /usr/sbin/runc \
		/usr/lib/systemd/system/containerd.service; do
		[ "$(sha256sum <"$tree$path" | cut -d' ' -f1)" = "$(manifest_sum $path)" ] ||
			die "$path differs between the two sides: image/build --refresh plain x86_64"
	done
	# mmdebstrap empties it; an identity per boot is more work for systemd.
	echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
	# The same configuration of containerd, from the same bytes.
	mkdir -p "$tree/etc/containerd" "$tree.orlop"
	unpack_orlop "$tree.orlop"
	cp "$tree.orlop/usr/share/factory/etc/containerd/config.toml" "$tree/etc/containerd/"
	rm -rf "$tree.orlop"
}
cmdline_systemd() { echo "root=/dev/mapper/root rootfstype=erofs ro $(common_cmdline)"; }

initrd_of() { # SIDE
	case $1 in
	orlop) echo "$image/initrd.img" ;;
	systemd) echo "$reference/initrd.img" ;;
	esac
}

# prepare SIDE DIRECTORY: the instrumented tree, DIRECTORY/tree, and all that
# image/qemu --image wants beside the disk.
prepare() {
	local name=$1 dir=$2
	rm -rf "$dir"
	mkdir -p "$dir/tree"
	"unpack_$name" "$dir/tree"
	"$here/instrument" "$name" "$dir/tree" "$(initrd_of "$name")" "$dir/initrd.img" "$dir/work"
	cp "$image/vmlinux" "$dir/vmlinux"
	rm -rf "$dir/work"
}

# finish SIDE DIRECTORY: the disk and the command line, from root.erofs,
# root.verity and roothash.
finish() {
	"$here/make-disk" "$2"
	echo "roothash=$(<"$2/roothash") $("cmdline_$1")" >"$2/cmdline"
}

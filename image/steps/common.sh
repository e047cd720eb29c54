# What the steps of image/build share: how they speak, fail and name things.
# Sourced, never run. The build runs in one locale, with one umask and in one
# time zone, because the image is a function of its inputs and of nothing else.
# shellcheck shell=bash

export LC_ALL=C TZ=UTC
umask 022

say() { printf 'image: %s\n' "$*" >&2; }

die() {
	printf 'image: error: %s\n' "$*" >&2
	exit 1
}

# A missing tool is named together with the command that brings it.
require() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			die "$tool is not installed (tools/install-packages image)"
	done
}

# Lines of a data file that mean something: no comments, no empty ones.
# The files of a variant may be absent, which is the same as empty.
data_lines() {
	local file
	for file; do
		[ ! -f "$file" ] || sed -e 's/[[:space:]]*#.*$//' -e '/^[[:space:]]*$/d' "$file"
	done
}

# The same architecture has three names.
debian_arch() {
	case $1 in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) die "architecture $1: x86_64 or aarch64" ;;
	esac
}

# The kernel version of a tree: there is exactly one.
kernel_version() {
	local versions=("$1"/usr/lib/modules/*/)
	if [ ${#versions[@]} != 1 ] || [ ! -d "${versions[0]}" ]; then
		die "$1/usr/lib/modules: expected exactly one kernel"
	fi
	basename "${versions[0]}"
}

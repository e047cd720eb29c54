# Orlop's build. `make help` lists the targets.
#
# Everything that is made goes to out/ARCH/. A directory's sources are all its
# *.c files, so a new file needs no change here. The static libraries that
# Debian ships no archive of come from tools/static-libs, once, out of a cache.
#
#   ARCH=x86_64|aarch64   what to build for (default: this machine)
#   VARIANT=NAME          which image, a directory of image/variants/
#   TESTS=PATTERN         which tests of a suite
#   CI=true               warnings are errors
#   V=1                   show the commands
#   CFLAGS, LDFLAGS       added to the project's own

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables

VERSION := 0.1.0

HOST := $(shell uname -m)
ARCH ?= $(HOST)
VARIANT ?= plain
PREFIX ?= /usr
DESTDIR ?=
TESTS ?=
V ?=
export TESTS

ifeq ($(filter $(ARCH),x86_64 aarch64),)
$(error ARCH=$(ARCH) is not one of x86_64, aarch64)
endif

out := out/$(ARCH)
obj := $(out)/obj
bin := $(out)/bin
libs := $(out)/static-libs

tool_prefix := $(if $(filter-out $(HOST),$(ARCH)),$(ARCH)-linux-gnu-)
CC := $(tool_prefix)gcc
STRIP ?= $(tool_prefix)strip
build_packages := build $(if $(tool_prefix),cross)

# Build TARGETS, after the packages are there: a make of its own, on all cores.
build_now = +@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# Thin, as members of different directories may have the same name; renamed into
# place, as two makes may be at work in one tree.
make_archive = @ar rcs --thin $@.$$$$ $^; mv -f $@.$$$$ $@

quiet = $(if $(V),,@printf '  %-7s %s\n' $(1) '$(2)';)

# --- sources ---------------------------------------------------------------

orlop_dirs := lib init mount verity selinux supervisor
orlop_sources := $(foreach d,$(orlop_dirs),$(sort $(wildcard $(d)/*.c)))
logd_sources := $(sort $(wildcard lib/*.c) $(wildcard logd/*.c))
ctl_sources := $(sort $(wildcard ctl/*.c))
console_sources := $(sort $(wildcard console/*.c))
netconf_sources := $(sort $(wildcard netconf/*.c))
sources := $(sort $(orlop_sources) $(logd_sources) $(ctl_sources) $(console_sources) $(netconf_sources))

programs := $(bin)/orlop $(bin)/orlop-logd $(bin)/orlopctl $(bin)/orlop-console

# --- flags -----------------------------------------------------------------

warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla \
	-Wmissing-prototypes -Werror=format-security -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion $(if $(filter true,$(CI)),-Werror)

language := -std=gnu11 -D_GNU_SOURCE -I. -DORLOP_VERSION='"$(VERSION)"'

branch_protection_x86_64 := -fcf-protection
branch_protection_aarch64 := -mbranch-protection=standard

hardening := -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
	-fstack-clash-protection $(branch_protection_$(ARCH))

project_cflags := $(language) $(warnings) -Os -g $(hardening) -fno-strict-aliasing \
	-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=. \
	-isystem $(libs)/include

# Relative relocations packed (DT_RELR) save 60 KB, where the linker can.
relr := $(shell $(CC) -Wl,--help 2>/dev/null | grep -- '-z pack-relative-relocs' >/dev/null && \
	echo -Wl,-z,pack-relative-relocs)

# Sorted by name for the sake of memory: see _scratch_ and _table_ in lib/macros.h.
# A linker warning is an error: the one that a static glibc gives is about NSS,
# which PID 1 must not have (init/link_stubs.c).
project_ldflags := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code $(relr) \
	-Wl,--gc-sections,--as-needed,--build-id=sha1,--fatal-warnings -Wl,--sort-section=name

orlop_libraries := -L$(libs)/lib -lcryptsetup -ldevmapper -lmount -lblkid -luuid \
	-lselinux -lseccomp -lcap -ljson-c -lnettle -lm -lpthread

# --- programs --------------------------------------------------------------

.DEFAULT_GOAL := all
.PHONY: all
all: $(programs) $(if $(tool_prefix),,compile_commands.json) ## the programs, in out/ARCH/bin/

$(bin)/orlop: $(orlop_sources:%.c=$(obj)/%.o) $(libs) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
		-o $@ $(filter %.o,$^) $(orlop_libraries)

$(bin)/orlop-logd: $(logd_sources:%.c=$(obj)/%.o) $(libs) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
		-o $@ $(filter %.o,$^) -L$(libs)/lib -lcap

# Reads records as orlop-logd writes them: that comes out of the archive.
$(bin)/orlop-console: $(console_sources:%.c=$(obj)/%.o) $(obj)/orlop.a Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
		-o $@ $(filter %.o %.a,$^)

# Reads unit files as PID 1 does: what it needs of supervisor/ comes out of the archive.
$(bin)/orlopctl: $(ctl_sources:%.c=$(obj)/%.o) $(obj)/orlop.a $(libs) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
		-o $@ $(filter %.o %.a,$^) $(orlop_libraries)

$(obj)/%.o: %.c Makefile | $(libs)
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(project_cflags) $(CFLAGS) -MMD -MP -c -o $@ $<

# A symlink into the cache; the entry's date is that of its last use.
$(libs): tools/static-libs
	@mkdir -p $(@D)
	@missing=$$(tools/install-packages --list $(build_packages) | paste -sd' '); \
	if [ -n "$$missing" ]; then \
		echo "packages are missing (tools/install-packages $(build_packages)): $$missing" >&2; \
		exit 1; \
	fi
	@entry=$$(tools/static-libs $(ARCH)); ln -sfnT "$$entry" $@

# For editors and clang-tidy. Written by hand: no tool has to watch the build.
compile_commands.json: Makefile $(sources)
	@{ printf '['; separator=; for source in $(sources); do \
		printf '%s\n{"directory": "%s", "file": "%s", "command": "%s"}' "$$separator" \
			'$(CURDIR)' "$$source" \
			'$(subst ",\\\",cc $(subst ',,$(project_cflags))) -c '"$$source"; \
		separator=,; \
	done; printf '\n]\n'; } >$@

.PHONY: install
install: $(programs) ## into DESTDIR: init, modprobe, orlop-logd, orlopctl, units, man pages
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin sbin libexec/orlop lib/orlop/units)
	install -m 755 $(bin)/orlop $(DESTDIR)$(PREFIX)/sbin/init
	ln -sfn init $(DESTDIR)$(PREFIX)/sbin/modprobe
	install -m 755 $(bin)/orlop-logd $(DESTDIR)$(PREFIX)/libexec/orlop/orlop-logd
	install -m 755 $(bin)/orlopctl $(DESTDIR)$(PREFIX)/bin/orlopctl
	ln -sfn orlopctl $(DESTDIR)$(PREFIX)/bin/systemctl
	install -m 755 $(bin)/orlop-console $(DESTDIR)$(PREFIX)/libexec/orlop/orlop-console
	$(STRIP) $(addprefix $(DESTDIR)$(PREFIX)/,sbin/init libexec/orlop/orlop-logd \
		libexec/orlop/orlop-console bin/orlopctl)
	install -m 644 -D ctl/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/orlopctl
	ln -sfn orlopctl $(DESTDIR)$(PREFIX)/share/bash-completion/completions/systemctl
	install -m 644 $(wildcard units/*.*) $(DESTDIR)$(PREFIX)/lib/orlop/units
	ln -sfn multi-user.target $(DESTDIR)$(PREFIX)/lib/orlop/units/default.target
	for page in $(wildcard man/*.[1-9]); do \
		install -m 644 -D -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page; \
	done

# --- image -----------------------------------------------------------------

.PHONY: image run
image: ## the disk image VARIANT= in out/ARCH/image/VARIANT/
	@tools/install-packages $(build_packages) image
	$(build_now) all
	@image/build $(VARIANT) $(ARCH)

run: ## build everything and boot it in QEMU on this terminal
	@tools/install-packages $(build_packages) image qemu
	$(build_now) all
	@image/build $(VARIANT) $(ARCH)
	@image/qemu --image $(out)/image/$(VARIANT)

# --- tests -----------------------------------------------------------------
#
# Unit tests and fuzz targets run on this machine: host compiler, the shared
# libraries, sanitizers. All sources but the mains go into one archive, so that
# a program takes what it calls, and may bring its own of anything else.

test_out := out/$(HOST)
test_obj := $(test_out)/obj-test
test_sources := $(filter-out %/main.c init/link_stubs.c,$(sources))
test_archive := $(test_obj)/orlop.a
test_libraries := -lcryptsetup -ldevmapper -lmount -lblkid -luuid -lselinux -lseccomp -lcap \
	-ljson-c -lnettle -lm -lpthread
sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Sanitizers mislead -Wmaybe-uninitialized; the build of the programs has it.
test_cflags := $(language) -Wall -Wextra -Wshadow -Wvla -Werror=implicit-function-declaration \
	-Wno-maybe-uninitialized -O1 -g $(sanitizers) -ffunction-sections -fdata-sections
test_ldflags := $(sanitizers) -Wl,--gc-sections,--as-needed

unit_tests := $(patsubst tests/unit/%.c,$(test_out)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
fuzz_nouns := $(patsubst tests/fuzz/%/,%,$(sort $(dir $(wildcard tests/fuzz/*/fuzz_*.c))))
fuzz_targets := $(fuzz_nouns:%=$(test_out)/fuzz/%)

$(test_obj)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC,$< (test))gcc $(test_cflags) $(CFLAGS) -MMD -MP -c -o $@ $<

$(test_archive): $(test_sources:%.c=$(test_obj)/%.o)
	$(make_archive)

# A test adds to its link by lines "// LDFLAGS: ..." (--wrap=, mostly).
$(test_out)/unit/%: $(test_obj)/tests/unit/%.o $(test_obj)/tests/unit/filter.o $(test_archive)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)gcc $(test_ldflags) -o $@ $^ \
		$$(sed -n 's,^// LDFLAGS: *,,p' tests/unit/$*.c) -lcmocka $(test_libraries)

.SECONDEXPANSION:
$(test_out)/fuzz/%: $(test_obj)/tests/fuzz/replay.o $(test_archive) $$(wildcard tests/fuzz/$$*/*.c)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)gcc $(test_cflags) $(CFLAGS) $(test_ldflags) -o $@ \
		$(filter tests/fuzz/%.c,$^) $(filter %.o %.a,$^) $(test_libraries)

# Programs that the namespace tests call: the objects and flags that PID 1 has.
ns_programs := $(patsubst tests/ns/%.c,$(out)/tests/ns/%,$(sort $(wildcard tests/ns/*.c)))

$(obj)/orlop.a: $(filter-out %/main.o,$(sources:%.c=$(obj)/%.o))
	$(make_archive)

$(out)/tests/ns/%: $(obj)/tests/ns/%.o $(obj)/init/link_stubs.o $(obj)/orlop.a
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
		-o $@ $^ $(orlop_libraries)

# orlop as it is, with a guard in front of the allocator: it ends when PID 1 allocates in its loop.
allocation_guard := $(out)/tests/ns/orlop-allocation-guard
guarded := malloc calloc realloc free mmap sbrk loop_run act3_finish

$(allocation_guard): $(orlop_sources:%.c=$(obj)/%.o) $(obj)/tests/ns/guard/allocation_guard.o $(libs) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(project_cflags) $(CFLAGS) $(project_ldflags) $(LDFLAGS) \
		$(guarded:%=-Wl,--wrap=%) -o $@ $(filter %.o,$^) $(orlop_libraries)

# Kept, though only pattern rules name them.
.SECONDARY:

.PHONY: check check-full check-binary check-unit check-fuzz check-ns check-vm
check: ## every suite: binary, unit, fuzz, ns, vm
	@tests/check binary unit fuzz ns vm

check-full: ## the same, with what takes long
	@ORLOP_FULL=1 tests/check binary unit fuzz ns vm reproducible

check-binary: ## the programs are static, hardened and small enough
	@tools/install-packages build
	$(build_now) all
	@tests/check-binary

check-unit: ## unit tests (cmocka)
	@tools/install-packages build test
	$(build_now) unit-tests
	@tests/run-unit $(unit_tests)

check-fuzz: ## replay the fuzzers' corpus, with a sweep of mutations
	@tools/install-packages build test
	$(build_now) fuzz-targets
	@tests/run-fuzz $(fuzz_targets)

check-ns: ## PID 1 in namespaces, with real processes
	@tools/install-packages build test
	$(build_now) all ns-programs
	@tests/run-pytest ns

check-vm: ## whole images under QEMU
	@tools/install-packages build test image qemu
	$(build_now) all
	@image/build plain $(HOST)
	@image/build test $(HOST)
	@tests/run-pytest vm

.PHONY: check-reproducible
check-reproducible: ## two builds of the image give the same bytes
	@tools/install-packages build image
	@result='0 passed, 1 failed'; image/check-reproducible && result='1 passed, 0 failed' || true; \
		echo "check-reproducible: $$result"; [ "$${result%% *}" = 1 ]

.PHONY: unit-tests fuzz-targets ns-programs
ns-programs: $(ns_programs) $(allocation_guard)
unit-tests: $(unit_tests)
fuzz-targets: $(fuzz_targets)

# Real fuzzing: make fuzz-unit_parse FUZZ="-max_total_time=60". New inputs that
# reach new code land in the corpus.
fuzz_obj := $(test_out)/obj-fuzz
$(fuzz_obj)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC,$< (fuzz))clang $(test_cflags) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(fuzz_obj)/orlop.a: $(test_sources:%.c=$(fuzz_obj)/%.o)
	$(make_archive)

.PHONY: fuzz-packages
fuzz-packages:
	@tools/install-packages build test fuzz

fuzz-%: fuzz-packages ## fuzz one target with libFuzzer (FUZZ= its options)
	$(build_now) $(fuzz_obj)/orlop.a
	@clang $(test_cflags) -fsanitize=fuzzer $(test_ldflags) -o $(fuzz_obj)/$* \
		tests/fuzz/$*/*.c $(fuzz_obj)/orlop.a $(test_libraries)
	@mkdir -p tests/fuzz/$*/corpus
	cd $(fuzz_obj) && ./$* $(FUZZ) $(CURDIR)/tests/fuzz/$*/corpus

# --- benches ---------------------------------------------------------------
#
# A bench is tests/bench/NAME/run; it prints a table and writes out/bench/NAME.json.

benches := $(patsubst tests/bench/%/run,%,$(sort $(wildcard tests/bench/*/run)))

.PHONY: bench $(benches:%=bench-%)
bench: $(benches:%=bench-%) ## all benches, each also alone as bench-NAME
$(benches:%=bench-%): bench-%:
	@tools/install-packages build image qemu bench
	@mkdir -p out/bench
	@tests/bench/$*/run

# --- the rest --------------------------------------------------------------

.PHONY: lint format clean help
lint: ## formatting, static analysis, include arrows, shell scripts, man pages
	@tools/install-packages build lint
	$(build_now) $(libs) compile_commands.json
	@tools/lint

format: ## lay all C out as make lint wants it
	@tools/install-packages lint
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean: ## remove out/ (the cache of libraries and packages stays)
	rm -rf out compile_commands.json

help: ## this list
	@echo 'make [TARGET...] [ARCH=$(ARCH)] [VARIANT=$(VARIANT)] [TESTS=PATTERN] [CI=true] [V=1]'
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		sed 's/^fuzz-%/fuzz-NAME/' | expand -t 20 | sed 's/^/  /'
	@echo '  benches: $(benches)'

-include $(shell find $(obj) $(test_obj) $(fuzz_obj) -name '*.d' 2>/dev/null)

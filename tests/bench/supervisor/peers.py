# SPDX-License-Identifier: MIT OR Apache-2.0
"""How each supervisor is told to run the services: as somebody who knows it would do it in a container.

A peer is a class with the files that it reads, the shell lines that set its root up, and its command. Nobody
has a logger for each service, but in the flood, where each has its own for the one service that prints.

  s6       s6-svscan as PID 1. "run" is the service's program itself, without an interpreter before it, and
           there is no "finish". s6-supervise waits a second before each restart, whatever the service did.
  runit    runsvdir as PID 1, "run" as with s6. A service that ran for less than a second waits for the second to be over.
  finit    finit as PID 1 with nothing but the services.
  systemd  systemd --system as PID 1 with units that have no default dependencies, no generators, no journal.
           RestartSec=0.
  orlop    container mode, the same units as systemd, RestartSec=0.
"""

FLOOD = 4000  # a place that no service has


def write_run_links(count):
    """svc-N/run: a link to the program, which takes its number from where it is started."""
    return (f'mkdir -p run/scan; i=1; while [ $i -le {count} ]; do mkdir run/scan/svc-$i; '
            "ln -s /b/stamp run/scan/svc-$i/run; i=$((i+1)); done\n")


class Peer:
    """@count services, and the flood if @flood."""

    floor_s = 0  # a restart does not come earlier after a start than this

    def __init__(self, count, flood=False):
        self.count = count
        self.flood = flood

    def units(self):
        return {}

    def setup(self):
        return ""


def unit_files(count, flood, description, service):
    """The same for systemd and Orlop: services, and a target that wants them all."""
    names = [f"svc-{i}.service" for i in range(1, count + 1)]
    files = {
        name: f"[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\nExecStart=/b/stamp {i}\n"
              f"Restart=always\nRestartSec=0\n{service}"
        for i, name in enumerate(names, 1)
    }
    if flood:
        names.append("flood.service")
        files["flood.service"] = ("[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/b/stamp flood\n"
                                  "StandardOutput=journal\nStandardError=null\n")
    files["bench.target"] = (f"[Unit]\nDescription={description}\nDefaultDependencies=no\n"
                             + "".join(f"Wants={name}\n" for name in names))
    return files


QUIET = "StandardOutput=null\nStandardError=null\n"


class Orlop(Peer):
    name = "orlop"
    command = "/orlop/orlop orlop.unit=bench.target"

    def units(self):
        files = unit_files(self.count, self.flood, "bench", QUIET)
        if self.flood:
            files["bench.target"] += "Wants=orlop-logd.service\n"
        return files


class Systemd(Peer):
    name = "systemd"
    command = ("/usr/bin/env container=bench /usr/lib/systemd/systemd --system --unit=bench.target "
               "--log-target=null --show-status=no")

    def units(self):
        files = unit_files(self.count, self.flood, "bench", QUIET)
        if self.flood:
            files["bench.target"] += "Wants=systemd-journald.service\nAfter=systemd-journald.service\n"
        return files

    def setup(self):
        lines = ("mkdir -p etc/systemd/system; mv etc/orlop/units/*.service etc/orlop/units/*.target etc/systemd/system/\n"
                 "rm -f etc/systemd/system/orlop-logd.service\n"
                 "for d in system-generators system-environment-generators; do"
                 " mount -t tmpfs tmpfs usr/lib/systemd/$d; done\n"
                 "echo 0123456789abcdef0123456789abcdef >etc/machine-id\n")
        if self.flood:
            lines += ("for f in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do"
                      " cp $UNITS/$f etc/systemd/system/; done\n"
                      "printf '[Journal]\\nStorage=volatile\\nRateLimitIntervalSec=0\\nForwardToSyslog=no\\n'"
                      " >etc/systemd/journald.conf\n"
                      # Its sandbox needs what a container may not have; the work is the same.
                      "sed -i -E '/^(Protect|Private|Restrict|SystemCall|MemoryDeny|LockPers|NoNewPriv|CapabilityB"
                      "|OOMScore|WatchdogSec|DeviceAllow|IPAddressDeny)/d' etc/systemd/system/systemd-journald.service\n")
        return lines


class S6(Peer):
    name = "s6"
    command = "/usr/bin/s6-svscan -c 2000 /run/scan"
    floor_s = 1

    def setup(self):
        lines = write_run_links(self.count)
        if self.flood:
            lines += ("mkdir -p run/scan/flood/log var/log/flood\n"
                      "printf '#!/bin/sh\\nexec /b/stamp flood\\n' >run/scan/flood/run\n"
                      "printf '#!/bin/sh\\nexec s6-log n3 s4000000 /var/log/flood\\n' >run/scan/flood/log/run\n"
                      "chmod 755 run/scan/flood/run run/scan/flood/log/run\n")
        return lines


class Runit(Peer):
    name = "runit"
    command = "/usr/bin/runsvdir -P /run/scan"
    floor_s = 1

    def setup(self):
        lines = write_run_links(self.count)
        if self.flood:
            lines += ("mkdir -p run/scan/flood/log var/log/flood; printf 's4000000\\nn3\\n' >var/log/flood/config\n"
                      "printf '#!/bin/sh\\nexec /b/stamp flood\\n' >run/scan/flood/run\n"
                      "printf '#!/bin/sh\\nexec svlogd /var/log/flood\\n' >run/scan/flood/log/run\n"
                      "chmod 755 run/scan/flood/run run/scan/flood/log/run\n")
        return lines


class Finit(Peer):
    name = "finit"
    command = "/usr/sbin/finit"

    def setup(self):
        lines = "".join(f"service [S123456789] name:svc-{i} :{i} /b/stamp {i} -- svc-{i}\n"
                        for i in range(1, self.count + 1))
        if self.flood:
            lines += "service [S123456789] name:flood :4000 log:/var/log/flood,size:4M,count:3 /b/stamp flood -- flood\n"
        return (f"mkdir -p etc/finit.d root var/run; cat >etc/finit.conf <<'END'\nrunlevel 2\n{lines}END\n")


PEERS = (Orlop, S6, Runit, Finit, Systemd)

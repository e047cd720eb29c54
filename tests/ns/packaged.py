# SPDX-License-Identifier: MIT OR Apache-2.0
"""Services of Debian packages: their unit files as they are shipped, and what installing makes besides.

The programs are the machine's own, as the root of a test has its /usr; accounts and settings are copied.
"""
import re
from pathlib import Path

import pytest

DIRECTORIES = (Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))

# What daemons find on any machine, beyond what container.py makes.
MACHINE = r"""
mkdir -p home root boot sys var/lib var/log var/spool var/tmp var/cache
ln -s /run var/run
chmod 700 root
chmod 1777 tmp var/tmp
printf '127.0.0.1 localhost\n' >etc/hosts
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
"""


def units(package, *names):
    """The unit files @names, unmodified. The test is skipped where @package is not installed."""
    found = {}
    for name in names:
        path = next((directory / name for directory in DIRECTORIES if (directory / name).exists()), None)
        if path is None:
            pytest.skip(f"the package {package} is not installed")
        found[name] = path.read_text()
    return found


def need(package, *paths):
    """Skips the test where @package, which brings the files @paths, is not installed."""
    if not all(Path(path).exists() for path in paths):
        pytest.skip(f"the package {package} is not installed")


def installed(users=(), groups=(), files=()):
    """What installing made on this machine, as a setup script: accounts, files and directories in /etc."""
    return "\n".join([
        MACHINE,
        *(f"grep '^{name}:' /etc/passwd >>etc/passwd" for name in users),
        *(f"grep '^{name}:' /etc/group >>etc/group" for name in groups),
        *(f"cp -R --parents {path} ." for path in files),
        "",
    ])


def account(database, name):
    """The number of @name in the machine's /etc/@database (passwd or group)."""
    return int(re.search(rf"^{name}:[^:]*:(\d+):", Path("/etc", database).read_text(), re.MULTILINE)[1])

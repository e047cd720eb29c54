# SPDX-License-Identifier: MIT OR Apache-2.0
"""What every pytest suite shares.

- The closing line `check-SUITE: N passed, N failed[, N skipped]`, which
  tests/check collects and CI reads.
- The marker `full`: a test that takes long runs only with ORLOP_FULL=1
  (make check-full). TESTS=NAME does not override it.
"""

import os

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "full: takes long; runs in make check-full only")


def pytest_collection_modifyitems(config, items):
    if os.environ.get("ORLOP_FULL"):
        return
    skip = pytest.mark.skip(reason="takes long: make check-full")
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(skip)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """After pytest's own summary, so that the line is the last one."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    suite = os.environ.get("ORLOP_SUITE")
    if reporter is None or suite is None or config.option.collectonly:
        return
    count = {name: len(reporter.stats.get(name, [])) for name in ("passed", "skipped")}
    # An error in a fixture or while collecting is a failure like any other.
    failed = len(reporter.stats.get("failed", [])) + len(reporter.stats.get("error", []))
    line = f"check-{suite}: {count['passed']} passed, {failed} failed"
    if count["skipped"]:
        line += f", {count['skipped']} skipped"
    print(line, flush=True)

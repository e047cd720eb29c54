# SPDX-License-Identifier: MIT OR Apache-2.0
"""The product as it is shipped: what a person sees when it boots, and that it goes down again."""

import re


def test_plain_image_boots_to_a_container_and_powers_off_hc_14(boot):
    """The container's output, each phase with its time, the total, the banner; then the power button."""
    vm = boot(variant="plain", append='orlop.banner="Ctrl-A X leaves QEMU"')
    up = vm.wait_for(r"^orlop: up in (\d+\.\d) s: kernel (\d+\.\d), init (\d+\.\d), (.*)$")
    vm.wait_for("^Ctrl-A X leaves QEMU")
    console = vm.console

    assert re.search("Hello from a container on Orlop$", console, re.MULTILINE)
    for phase in ("api-mounts", "modules", "root-device", "root-mount", "init", "switch-root", "cgroups", "etc", "state"):
        assert re.search(rf"^orlop:   {phase} +\d+\.\d{{3}} s", console, re.MULTILINE), phase
    for unit in ("containerd.service", "hello.service"):
        assert re.search(rf"^orlop:   {unit} +\d+\.\d{{3}} s  ready$", console, re.MULTILINE), unit
    # The parts of the total are rounded each for itself.
    parts = [float(up[2]), float(up[3])] + [float(part.rsplit(" ", 1)[1]) for part in up[4].split(", ")]
    assert abs(sum(parts) - float(up[1])) <= 0.1 * (len(parts) + 1)
    assert "containerd.service" in up[4]
    # Calm: nothing on the way was worth a warning, and no line stands there twice.
    assert not re.search(r"warning|error|fatal|FAILED|Kernel panic", console), "a calm boot has none of these words"
    lines = [line for line in console.splitlines() if line.startswith("orlop: ")]
    assert len([line for line in lines if "containerd.service" in line and line.endswith("ready")]) == 1

    console = vm.power_button()
    assert "power button: power-off" in console
    assert not re.search("could not be let go of|still mounted|is still there", console)

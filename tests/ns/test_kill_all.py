# SPDX-License-Identifier: MIT OR Apache-2.0
"""The last signals of act 3. The script becomes the driver with exec, which is then PID 1 and parent of all."""
import pytest

TERM, KILL = 15, 9

# Waits until process $1 runs the program named $2 (its comm), which is after it set up its signals.
AWAIT = """
await() { while [ "$(cat /proc/$1/comm)" != "$2" ]; do :; done; }
"""


def processes(result):
    """Names of the processes that were left, but PID 1 itself."""
    names = [line.split(" ", 1)[1] for line in result.stdout.splitlines() if line.startswith("process ")]
    names.remove("mount_driver")
    return sorted(names)


def test_term_ends_all(namespace):
    """Many ordinary processes, one of them stopped: all gone after SIGTERM, and none is a zombie."""
    result = namespace(
        AWAIT + f"""
        for i in $(seq 200); do sleep 1000 & done
        await $! sleep
        kill -STOP $!
        exec "$D" kill {TERM} 60000 0 then processes
        """
    )
    assert result["result"] == "0", str(result)
    assert processes(result) == []


def test_ignored_term_hc_35(namespace):
    """hc-35: a process that ignores SIGTERM is counted, waited for no longer than said, and falls to SIGKILL."""
    result = namespace(
        AWAIT + f"""
        (trap '' TERM; exec sleep 1000) &
        await $! sleep
        exec "$D" kill {TERM} 300 0 then processes then kill {KILL} 60000 0 then processes
        """
    )
    assert result.stdout.startswith("result 1\n")
    assert result["result"] == "0", str(result)
    assert result.stdout.count("process sleep") == 1


def test_storage_daemon_is_spared_hc_84(namespace):
    """hc-84: root's process whose name begins with '@' lives on; the same name under another user does not help."""
    result = namespace(
        AWAIT + f"""
        bash -c 'exec -a @storage sleep 1000' &
        await $! sleep
        setpriv --reuid 65534 --clear-groups bash -c 'exec -a @fake tail -f /dev/null' &
        await $! tail
        exec "$D" kill {KILL} 60000 0 then processes
        """
    )
    assert result["result"] == "0", str(result)
    assert processes(result) == ["sleep"]


def test_spared_pid(namespace):
    """The reboot monitor is not killed by those that it watches over."""
    result = namespace(
        AWAIT + f"""
        tail -f /dev/null &
        spared=$!
        sleep 1000 &
        await $spared tail
        exec "$D" kill {KILL} 60000 $spared then processes
        """
    )
    assert result["result"] == "0", str(result)
    assert processes(result) == ["tail"]


def test_fork_storm_hc_80(namespace):
    """Processes that fork while they are being killed: the next list has the new ones, until none is left."""
    result = namespace(
        AWAIT + f"""
        for i in 1 2 3 4; do
            bash -c 'f() {{ sleep 0.05; f & f & wait; }}; trap "f &" TERM; f' &
        done
        await $! bash
        exec "$D" kill {TERM} 200 0 then kill {KILL} 60000 0 then processes
        """
    )
    assert result["result"] == "0", str(result)
    assert processes(result) == []


def test_deep_tree_leaves_no_zombies_hc_3(namespace):
    """hc-3: orphans of those that died are reaped as well."""
    result = namespace(
        AWAIT + f"""
        bash -c 'for i in $(seq 50); do (sleep 1000 & sleep 1000 & wait) & done; wait' &
        await $! bash
        exec "$D" kill {KILL} 60000 0 then processes
        """
    )
    assert result["result"] == "0", str(result)
    assert processes(result) == []


@pytest.mark.full
def test_process_that_cannot_be_looked_at_hc_80(namespace):
    """hc-80: reading about a process hangs; the child that does it is replaced, and kills it without a look."""
    result = namespace(
        AWAIT + f"""
        sleep 1000 &
        await $! sleep
        # strace is our parent here, and spared.
        sh -c 'exec strace -f -qq -o /dev/null -P cmdline -e inject=openat:delay_enter=8s \\
            "$D" kill {KILL} 60000 $$ then processes'
        """
    )
    assert "cannot be looked at" in result.log, str(result)
    assert "process sleep" not in result.stdout

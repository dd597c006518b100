"""The loop beside what is one for the whole process: wake-up descriptor, pytest-xdist."""

import asyncio
import signal
import socket
import textwrap
import threading

import pytest

from support import child
from support.turns import one_turn


def wakeup_fd() -> int:
    """The wake-up descriptor of this process, left as it is."""
    current = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(current, warn_on_full_buffer=False)
    return current


@pytest.fixture
def descriptor():
    """A descriptor that may be the process's wake-up descriptor, and is so during the test."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        before = signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
        yield ours.fileno()
        signal.set_wakeup_fd(before)


@pytest.mark.rondel_only("asyncio takes it over for good, where it handles signals")
def test_wakeup_fd_is_the_loops_only_while_it_runs(loop, descriptor):
    seen = []
    loop.call_soon(lambda: seen.append(wakeup_fd()))
    assert wakeup_fd() == descriptor
    one_turn(loop)
    assert wakeup_fd() == descriptor
    assert seen[0] not in {descriptor, -1}


@pytest.mark.rondel_only("asyncio takes it over for good, where it handles signals")
@pytest.mark.parametrize("leaving", [KeyboardInterrupt, SystemExit])
def test_wakeup_fd_is_put_back_by_a_run_that_is_left(loop, descriptor, leaving):
    def leave():
        raise leaving

    loop.call_soon(leave)
    with pytest.raises(leaving):
        loop.run_forever()
    assert wakeup_fd() == descriptor


def test_loop_in_another_thread_leaves_the_wakeup_fd_alone(loop, descriptor):
    seen = []
    running, go_on = threading.Event(), threading.Event()

    def run():
        running.set()
        go_on.wait(30)
        loop.stop()

    loop.call_soon(run)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running.wait(30)
    seen.append(wakeup_fd())
    go_on.set()
    thread.join()
    assert [*seen, wakeup_fd()] == [descriptor, descriptor]


def test_two_loops_in_turn_put_the_wakeup_fd_back_each(new_loop, descriptor):
    for _ in range(2):
        loop = new_loop()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    assert wakeup_fd() == descriptor


SUITE = """
    import asyncio, pytest
    from support.loops import new_loop

    @pytest.mark.parametrize("n", range(8))
    def test_loop(n):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            assert runner.run(asyncio.sleep(0.001, n)) == n
"""


def test_pytest_xdist_runs_loops_in_its_workers(loop_kind, tmp_path):
    pytest.importorskip("xdist")
    (tmp_path / "test_loops.py").write_text(textwrap.dedent(SUITE))
    source = """
        import sys, pytest
        if __name__ == "__main__":
            sys.exit(pytest.main(["-q", "-n", "2", "-p", "no:cacheprovider", sys.argv[1]]))
    """
    done = child.run(loop_kind, source, str(tmp_path), env={"PYTEST_ADDOPTS": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout

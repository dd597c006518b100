"""Ctrl-C gets through while Python is busy and while the executor ends (cpython#111358)."""

import asyncio
import threading

import pytest

from support import child
from support.marks import rondel_only_before
from support.turns import turns

EXECUTOR = """
    import asyncio, gc, threading
    from support.loops import new_loop

    started, released = threading.Event(), threading.Event()
    # So that a loop that waits for the work fails the test instead of hanging it.
    watchdog = threading.Timer(20, released.set)
    watchdog.daemon = True
    watchdog.start()

    def work():
        started.set()
        released.wait()

    async def main():
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, work)
        await asyncio.to_thread(started.wait)

    class Announcing(threading.Thread):
        def start(self):
            super().start()
            print("ready", flush=True)

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())
            # The next thread is the one that waits for the executor.
            threading.Thread = Announcing
    except KeyboardInterrupt:
        pass
    gc.collect()
    print("stuck" if released.is_set() else "interrupted")
    released.set()
"""

BUSY = """
    import asyncio
    from support.loops import new_loop

    def spin():
        print("ready", flush=True)
        while True:
            pass

    loop = new_loop()
    loop.{schedule}
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("interrupted", loop.is_running())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
"""

TASK = """
    import asyncio
    from support.loops import new_loop

    async def spin():
        print("ready", flush=True)
        while True:
            await asyncio.sleep(0)

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(spin())
    except KeyboardInterrupt:
        print("interrupted")
"""

HANDLER = """
    import signal
    from support.loops import new_loop

    def leave():
        print("in the handler")
        raise KeyboardInterrupt

    loop = new_loop()
    loop.add_signal_handler(signal.SIGINT, leave)
    loop.call_soon(lambda: print("ready", flush=True))
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("interrupted", loop.is_running())
    loop.close()
"""

THREAD = """
    import os
    import signal
    import threading
    from support.loops import new_loop

    # Not by join: interrupted, it takes the thread for ended before Python 3.13. Nor by an event:
    # it sleeps on if the signal comes just before it sleeps. A pipe hears of the signal, too.
    ended, end = os.pipe()
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end)

    def run():
        loop.run_forever()
        os.write(end, b"x")

    def wait():
        while os.read(ended, 1) != b"x":
            pass

    loop = new_loop()
    loop.call_soon(lambda: print("ready", flush=True))
    try:
        threading.Thread(target=run).start()
        wait()
    except KeyboardInterrupt:
        print("interrupted", loop.is_running())
    loop.call_soon_threadsafe(loop.stop)
    wait()
    loop.close()
"""


def test_ctrl_c_in_the_shutdown_of_the_executor_does_not_wait_for_its_work(loop_kind):
    assert child.interrupt(loop_kind, EXECUTOR) == (0, "interrupted\n", "")


@rondel_only_before((3, 13), "asyncio has no timeout in 3.11, and waits on in 3.12")
async def test_shutdown_of_the_executor_keeps_its_timeout(loop):
    gate = threading.Event()
    future = loop.run_in_executor(None, gate.wait, 30)
    try:
        with pytest.warns(RuntimeWarning, match="did not finishing joining its threads within 0.0"):
            await loop.shutdown_default_executor(timeout=0.01)
        assert not future.done()
    finally:
        gate.set()
    await future


@rondel_only_before((3, 13), "asyncio joins the executor's threads, and the loop stands still")
async def test_cancelled_shutdown_of_the_executor_does_not_block_the_loop(loop):
    gate = threading.Event()
    watchdog = threading.Timer(20, gate.set)
    watchdog.start()
    future = loop.run_in_executor(None, gate.wait, 30)
    task = asyncio.create_task(loop.shutdown_default_executor())
    await turns(2)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert not gate.is_set(), "it waited for the work"
    assert not future.done()
    watchdog.cancel()
    gate.set()
    await future


@pytest.mark.parametrize("schedule", ["call_soon(spin)", "call_later(0, spin)"])
def test_ctrl_c_in_a_callback_that_never_ends(loop_kind, schedule):
    source = BUSY.replace("{schedule}", schedule)
    assert child.interrupt(loop_kind, source) == (0, "interrupted False\n", "")


def test_ctrl_c_in_a_task_that_never_ends(loop_kind):
    assert child.interrupt(loop_kind, TASK) == (0, "interrupted\n", "")


def test_ctrl_c_that_a_handler_of_the_loop_raises_leaves_the_loop(loop_kind):
    out = "in the handler\ninterrupted False\n"
    assert child.interrupt(loop_kind, HANDLER) == (0, out, "")


def test_ctrl_c_reaches_the_main_thread_while_the_loop_runs_in_another(loop_kind):
    assert child.interrupt(loop_kind, THREAD) == (0, "interrupted True\n", "")

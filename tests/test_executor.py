"""run_in_executor, the default executor and its shut-down."""

import asyncio
import concurrent.futures
import sys
import threading

import pytest

from support import child
from support.marks import rondel_only_before

SECONDS = 30  # how long a thread waits in a test that has failed


async def test_runs_in_another_thread(loop):
    thread, result = await loop.run_in_executor(
        None, lambda *args: (threading.current_thread(), args), 1, "two"
    )
    assert thread is not threading.current_thread()
    assert thread.name.startswith("asyncio_")
    assert result == (1, "two")


async def test_what_the_function_raises(loop):
    with pytest.raises(ZeroDivisionError):
        await loop.run_in_executor(None, lambda: 1 / 0)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (LookupError, LookupError),
        (KeyboardInterrupt, KeyboardInterrupt),
        (TimeoutError, TimeoutError),
        (concurrent.futures.TimeoutError, asyncio.TimeoutError),
        (concurrent.futures.CancelledError, asyncio.CancelledError),
        (concurrent.futures.InvalidStateError, asyncio.InvalidStateError),
    ],
)
async def test_which_exception_becomes_which(loop, raised, seen, debug):
    loop.set_debug(debug)

    def work():
        raise raised("said")

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = loop.run_in_executor(pool, work)
        await asyncio.wait([future])
        error = future.exception()
    assert type(error) is seen
    assert error.args == ("said",)
    assert not future.cancelled()


async def test_work_that_the_pool_gives_up(loop):
    """The pool cancels it: so is who waits for it."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    gate = threading.Event()
    first = loop.run_in_executor(pool, gate.wait, SECONDS)
    second = loop.run_in_executor(pool, int)
    pool.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(asyncio.CancelledError):
        await second
    assert second.cancelled()
    gate.set()
    assert await first


async def test_a_pool_that_is_shut_down(loop):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert await loop.run_in_executor(pool, int) == 0
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        loop.run_in_executor(pool, int)


async def test_a_pool_of_ones_own_class(loop):
    class Pool(concurrent.futures.ThreadPoolExecutor):
        def submit(self, function, /, *args):
            return super().submit(lambda: ("own", function(*args)))

    with Pool(1) as pool:
        assert await loop.run_in_executor(pool, int, "7") == ("own", 7)


async def test_an_executor_that_gives_a_future_of_the_loop(loop):
    class Here(concurrent.futures.Executor):
        def submit(self, function, /, *args):
            future = loop.create_future()
            future.set_result(function(*args))
            return future

    assert await loop.run_in_executor(Here(), int, "7") == 7


async def test_an_executor_that_gives_futures_of_ones_own_class(loop):
    class Mine(concurrent.futures.Future):
        def result(self, timeout=None):
            return ["mine", super().result(timeout)]

    class Here(concurrent.futures.Executor):
        def submit(self, function, /, *args):
            future = Mine()
            future.set_result(function(*args))
            return future

    assert await loop.run_in_executor(Here(), int, "7") == ["mine", 7]


async def test_many_at_once(loop):
    def work(n):
        return n * n

    results = await asyncio.gather(*(loop.run_in_executor(None, work, n) for n in range(500)))
    assert results == [n * n for n in range(500)]


async def test_ones_own_executor(loop):
    with concurrent.futures.ThreadPoolExecutor(1, "mine") as pool:
        assert (await loop.run_in_executor(pool, threading.current_thread)).name == "mine_0"


async def test_default_executor(loop):
    pool = concurrent.futures.ThreadPoolExecutor(1, "default")
    loop.set_default_executor(pool)
    assert (await loop.run_in_executor(None, threading.current_thread)).name == "default_0"
    assert (await asyncio.to_thread(threading.current_thread)).name == "default_0"


async def test_default_executor_of_the_wrong_type(loop):
    for wrong in (None, 7, object()):
        with pytest.raises(TypeError, match="executor must be ThreadPoolExecutor instance"):
            loop.set_default_executor(wrong)


async def test_cancelling_the_waiter_of_work_that_has_not_started(loop):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    loop.set_default_executor(pool)
    gate = threading.Event()
    seen = []
    first = loop.run_in_executor(None, gate.wait)
    second = loop.run_in_executor(None, seen.append, "ran")
    second.cancel()
    await asyncio.sleep(0)
    gate.set()
    await first
    await loop.shutdown_default_executor()
    assert second.cancelled()
    assert seen == []


async def test_cancelling_the_waiter_of_work_that_runs(loop):
    gate, started, seen = threading.Event(), asyncio.Event(), []

    def work():
        loop.call_soon_threadsafe(started.set)
        gate.wait(SECONDS)
        seen.append("ran on")

    future = loop.run_in_executor(None, work)
    await started.wait()
    future.cancel()
    gate.set()
    await loop.shutdown_default_executor()
    assert future.cancelled()
    assert seen == ["ran on"]


async def test_shutdown_waits_for_the_work(loop):
    seen = []
    gate = threading.Event()
    future = loop.run_in_executor(None, lambda: (gate.wait(SECONDS), seen.append("done")))
    loop.call_later(0.001, gate.set)
    await loop.shutdown_default_executor()
    assert seen == ["done"]
    await future


@pytest.mark.skipif(sys.version_info < (3, 12), reason="came with 3.12")
@rondel_only_before((3, 13), "asyncio waits for the work first, and then not always warns")
async def test_shutdown_waits_no_longer_than_its_timeout(loop):
    gate = threading.Event()
    future = loop.run_in_executor(None, gate.wait, SECONDS)
    with pytest.warns(RuntimeWarning, match="executor did not finish"):
        await loop.shutdown_default_executor(timeout=0.001)
    gate.set()
    assert await future


async def test_shutdown_refuses_more_work(loop):
    await loop.run_in_executor(None, int)
    await loop.shutdown_default_executor()
    with pytest.raises(RuntimeError, match="Executor shutdown has been called"):
        loop.run_in_executor(None, int)
    with pytest.raises(RuntimeError, match="Executor shutdown has been called"):
        await asyncio.to_thread(int)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert await loop.run_in_executor(pool, int) == 0


async def test_shutdown_of_nothing(loop):
    await loop.shutdown_default_executor()
    await loop.shutdown_default_executor()


def test_close_does_not_wait(loop):
    gate = threading.Event()
    threads = []

    async def main():
        started = asyncio.Event()

        def work():
            threads.append(threading.current_thread())
            loop.call_soon_threadsafe(started.set)
            gate.wait(SECONDS)

        loop.run_in_executor(None, work)
        await started.wait()

    loop.run_until_complete(main())
    loop.close()
    assert threads[0].is_alive()
    gate.set()
    threads[0].join()


def test_work_that_ends_after_the_loop_is_closed_raises_nowhere(loop_kind):
    source = """
        import asyncio, sys, threading
        from support.loops import new_loop
        threading.excepthook = lambda args: print("thread:", args)
        sys.unraisablehook = lambda args: print("unraisable:", args)
        gate = threading.Event()
        loop = new_loop()
        async def main():
            started = asyncio.Event()
            def work():
                loop.call_soon_threadsafe(started.set)
                gate.wait()
            loop.run_in_executor(None, work)
            await started.wait()
        loop.run_until_complete(main())
        loop.close()
        del loop
        gate.set()
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()
        print("end")
    """
    assert child.output(loop_kind, source) == "end\n"


async def test_a_process_pool(loop):
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        assert await loop.run_in_executor(pool, pow, 3, 4) == 81

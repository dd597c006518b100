"""anyio on its asyncio backend, whose option `loop_factory` gives the loop: tasks, threads, files.

Real: anyio's own run(), task groups, cancel scopes and worker threads.
"""

import asyncio
import contextlib
import threading

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from support import loops


def test_the_loop_is_the_one_asked_for(anyio_run, loop_kind):
    """Real: what anyio.run() hands to the loop's factory, and what it gives back."""

    async def main():
        return type(asyncio.get_running_loop())

    assert anyio_run(main) is loops.loop_class(loop_kind)


def test_task_groups(anyio_run):
    """Real: children that start, fail, and end each other."""

    async def main():
        ended = []

        async def started(value, *, task_status):
            task_status.started(value)
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(value)

        async def fails():
            await anyio.sleep(0)
            raise LookupError("mine")

        with pytest.raises(ExceptionGroup) as caught:
            async with anyio.create_task_group() as group:
                assert [await group.start(started, n) for n in range(50)] == list(range(50))
                group.start_soon(fails)
        assert isinstance(caught.value.exceptions[0], LookupError)
        assert sorted(ended) == list(range(50))

    anyio_run(main)


def test_cancel_scopes(anyio_run):
    """Real: timeouts, shields, and cancellation that comes again until the scope is left."""

    async def main():
        with pytest.raises(TimeoutError), anyio.fail_after(0.01):
            await anyio.sleep_forever()
        with anyio.move_on_after(0.01) as outer:
            with contextlib.suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep_forever()
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            for _ in range(3):
                with contextlib.suppress(anyio.get_cancelled_exc_class()):
                    await anyio.sleep_forever()
            await anyio.sleep_forever()
        assert outer.cancelled_caught
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.lowlevel.checkpoint()
        assert scope.cancelled_caught

    anyio_run(main)


def test_memory_streams_and_locks(anyio_run):
    """Real: a bounded stream between many tasks, a limiter, a condition."""

    async def main():
        send, receive = anyio.create_memory_object_stream[int](3)
        got = []
        limiter = anyio.CapacityLimiter(2)

        async def produce(stream, start):
            async with stream:
                for n in range(start, start + 100):
                    await stream.send(n)

        async def consume(stream):
            async with stream:
                async for item in stream:
                    async with limiter:
                        assert limiter.borrowed_tokens <= 2
                        got.append(item)

        async with anyio.create_task_group() as group, send, receive:
            for n in range(5):
                group.start_soon(produce, send.clone(), n * 100)
                group.start_soon(consume, receive.clone())
        assert sorted(got) == list(range(500))

        condition, ready = anyio.Condition(), []

        async def wait():
            async with condition:
                while not ready:
                    await condition.wait()

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            async with condition:
                ready.append(True)
                condition.notify_all()

    anyio_run(main)


def test_threads(anyio_run, anyio_options):
    """Real: worker threads that call the loop; a loop in a thread, called from this one."""

    async def main():
        def work(n):
            assert threading.current_thread() is not threading.main_thread()
            return anyio.from_thread.run(double, n) + anyio.from_thread.run_sync(int, "1")

        async def double(n):
            await anyio.sleep(0)
            return 2 * n

        results = {}

        async def collect(n):
            results[n] = await anyio.to_thread.run_sync(work, n)

        async with anyio.create_task_group() as group:
            for n in range(50):
                group.start_soon(collect, n)
        assert results == {n: 2 * n + 1 for n in range(50)}

    anyio_run(main)

    portal = anyio.from_thread.start_blocking_portal("asyncio", anyio_options)
    with portal as portal:
        futures = [portal.start_task_soon(anyio.sleep, 0) for _ in range(50)]
        assert [future.result() for future in futures] == [None] * 50
        endless = portal.start_task_soon(anyio.sleep_forever)
        assert endless.cancel()
        with pytest.raises(LookupError):
            portal.call(lambda: {}["nothing"])


def test_files(anyio_run, tmp_path):
    """Real: a file and paths, through threads."""

    async def main():
        path = anyio.Path(tmp_path) / "file"
        async with await anyio.open_file(path, "w") as file:
            await file.write("one\ntwo\n")
        assert await path.read_text() == "one\ntwo\n"
        async with await anyio.open_file(path) as file:
            assert [line async for line in file] == ["one\n", "two\n"]
        await path.unlink()
        assert not await path.exists()

    anyio_run(main)

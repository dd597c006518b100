"""Cancellations that meet their result in the same turn: one of the two wins, nothing is lost."""

import asyncio

import pytest

from support.turns import turns


async def outcome(task):
    """The task's result, or "cancelled"."""
    try:
        return await task
    except asyncio.CancelledError:
        return "cancelled"


RACES = pytest.mark.parametrize("cancel_first", [True, False], ids=["cancel first", "result first"])


def race(cancel_first, cancel, resolve):
    """Call both in this turn, in the order asked for."""
    for call in (cancel, resolve) if cancel_first else (resolve, cancel):
        call()


def settle(future, result):
    if not future.done():
        future.set_result(result)


@RACES
async def test_await(loop, cancel_first):
    future = loop.create_future()

    async def main():
        return await future

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, lambda: settle(future, "result"))
    assert await outcome(task) == "cancelled"
    assert future.cancelled() is cancel_first


@RACES
async def test_wait_for(loop, cancel_first):
    future = loop.create_future()
    task = asyncio.create_task(asyncio.wait_for(future, 3600))
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, lambda: settle(future, "result"))
    assert await outcome(task) == ("cancelled" if task.cancelled() else "result")
    assert future.done()


@RACES
async def test_timeout(loop, cancel_first):
    future = loop.create_future()

    async def main():
        async with asyncio.timeout(3600):
            return await future

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, lambda: settle(future, "result"))
    assert await outcome(task) == "cancelled"
    assert task.cancelling() == 1


@RACES
async def test_a_timeout_that_expires_as_the_result_comes(loop, cancel_first):
    future = loop.create_future()
    limit = asyncio.timeout(None)

    async def main():
        try:
            async with limit:
                return await future
        except TimeoutError:
            return "timeout"

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    race(
        cancel_first,
        lambda: limit.reschedule(loop.time()),
        lambda: loop.call_soon(settle, future, "result"),
    )
    expected = await task
    assert expected in ("result", "timeout")
    assert (expected == "timeout") is limit.expired()
    assert task.cancelling() == 0


@RACES
async def test_gather(loop, cancel_first):
    future = loop.create_future()
    gathering = asyncio.gather(future, return_exceptions=True)

    async def main():
        return await gathering

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, lambda: settle(future, "result"))
    assert await outcome(task) == "cancelled"
    assert gathering.done()


@RACES
async def test_queue_get_loses_no_item(loop, cancel_first):
    queue = asyncio.Queue()
    task = asyncio.create_task(queue.get())
    other = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, lambda: queue.put_nowait("item"))
    got = await outcome(task)
    if got == "cancelled":
        assert await other == "item"
    else:
        other.cancel()
        assert (got, queue.qsize()) == ("item", 0)


@RACES
async def test_queue_put_loses_no_place(loop, cancel_first):
    queue = asyncio.Queue(1)
    queue.put_nowait(0)
    task = asyncio.create_task(queue.put(1))
    other = asyncio.create_task(queue.put(2))
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, queue.get_nowait)
    assert await outcome(task) in ("cancelled", None)
    assert await queue.get() == (2 if task.cancelled() else 1)
    if not task.cancelled():
        assert await queue.get() == 2
    await other


@RACES
@pytest.mark.parametrize("kind", [asyncio.Lock, asyncio.Semaphore], ids=["lock", "semaphore"])
async def test_lock_and_semaphore_are_handed_on(loop, cancel_first, kind):
    lock = kind()
    await lock.acquire()
    first = asyncio.create_task(lock.acquire())
    second = asyncio.create_task(lock.acquire())
    await asyncio.sleep(0)
    race(cancel_first, first.cancel, lock.release)
    if await outcome(first) is True:
        assert not second.done()
        lock.release()
    assert await second is True
    assert lock.locked()
    lock.release()
    assert not lock.locked()


@RACES
async def test_condition_is_left_with_its_lock_free(loop, cancel_first):
    condition = asyncio.Condition()

    async def wait():
        async with condition:
            await condition.wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    async with condition:
        race(cancel_first, task.cancel, condition.notify)
    assert await outcome(task) in ("cancelled", None)
    assert not condition.locked()


@RACES
async def test_event(loop, cancel_first):
    event = asyncio.Event()
    task = asyncio.create_task(event.wait())
    await asyncio.sleep(0)
    race(cancel_first, task.cancel, event.set)
    assert await outcome(task) in ("cancelled", True)
    assert await event.wait()


async def test_task_group_whose_child_fails_as_it_is_cancelled(loop):
    trigger = loop.create_future()

    async def child():
        await trigger
        raise ValueError("child")

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(child())

    task = asyncio.create_task(main())
    await turns(2)
    trigger.set_result(None)
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except ExceptionGroup as group:
        assert [str(error) for error in group.exceptions] == ["child"]
    except asyncio.CancelledError:
        assert task.cancelled()
    assert task.done()


async def test_shield_keeps_the_result_that_comes_as_the_outer_is_cancelled(loop):
    inner = loop.create_future()

    async def main():
        return await asyncio.shield(inner)

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    task.cancel()
    inner.set_result("kept")
    assert await outcome(task) == "cancelled"
    assert inner.result() == "kept"


async def test_a_cancelled_sleep_leaves_no_timer_behind(loop):
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(1000)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    done, pending = await asyncio.wait(tasks)
    assert not pending
    assert all(task.cancelled() for task in done)


async def test_cancelling_the_task_that_runs(loop):
    async def main():
        asyncio.current_task().cancel()
        assert (await asyncio.sleep(0)) is None

    task = asyncio.create_task(main())
    assert await outcome(task) == "cancelled"


async def test_uncancel(loop):
    async def main():
        try:
            await loop.create_future()
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
            await asyncio.sleep(0)
            return "went on"

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "went on"
    assert not task.cancelled()

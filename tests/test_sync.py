"""asyncio's locks, queues and their kin, in ordinary use."""

import asyncio

import pytest


async def test_queue_between_producers_and_consumers(loop):
    queue = asyncio.Queue(3)
    got = []

    async def produce(start):
        for n in range(start, start + 50):
            await queue.put(n)

    async def consume():
        while True:
            got.append(await queue.get())
            await asyncio.sleep(0)
            queue.task_done()

    consumers = [asyncio.create_task(consume()) for _ in range(4)]
    await asyncio.gather(*(produce(100 * n) for n in range(3)))
    await queue.join()
    for consumer in consumers:
        consumer.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)
    assert sorted(got) == sorted(100 * m + n for m in range(3) for n in range(50))


async def test_semaphore_bounds_what_runs(loop):
    semaphore = asyncio.BoundedSemaphore(3)
    running = most = 0

    async def work():
        nonlocal running, most
        async with semaphore:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.0001)
            running -= 1

    await asyncio.gather(*(work() for _ in range(50)))
    assert most == 3
    with pytest.raises(ValueError, match="released too many times"):
        semaphore.release()


async def test_lock_is_fair(loop):
    lock = asyncio.Lock()
    order = []

    async def work(n):
        async with lock:
            order.append(n)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(n) for n in range(20)))
    assert order == list(range(20))


async def test_event_wakes_all(loop):
    event = asyncio.Event()
    waiting = [asyncio.create_task(event.wait()) for _ in range(10)]
    await asyncio.sleep(0)
    event.set()
    assert await asyncio.gather(*waiting) == [True] * 10


async def test_condition(loop):
    condition = asyncio.Condition()
    items = []

    async def take():
        async with condition:
            await condition.wait_for(lambda: items)
            return items.pop()

    taking = [asyncio.create_task(take()) for _ in range(3)]
    for n in range(3):
        async with condition:
            items.append(n)
            condition.notify()
        await asyncio.sleep(0)
    assert sorted(await asyncio.gather(*taking)) == [0, 1, 2]


async def test_barrier(loop):
    barrier = asyncio.Barrier(5)
    assert sorted(await asyncio.gather(*(barrier.wait() for _ in range(5)))) == list(range(5))


async def test_priority_queue(loop):
    queue = asyncio.PriorityQueue()
    for n in (3, 1, 2):
        queue.put_nowait(n)
    assert [await queue.get() for _ in range(3)] == [1, 2, 3]

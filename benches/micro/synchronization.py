"""Queues and locks between tasks."""

import asyncio
from time import perf_counter

from benches.micro.registry import benchmark


@benchmark("Queue of 10, a producer and a consumer", 50_000)
async def queue(count: int) -> float:
    queue: asyncio.Queue[int] = asyncio.Queue(maxsize=10)

    async def produce() -> None:
        for number in range(count):
            await queue.put(number)

    async def consume() -> None:
        for _ in range(count):
            await queue.get()

    began = perf_counter()
    await asyncio.gather(produce(), consume())
    return perf_counter() - began


@benchmark("Semaphore of 10, taken by every task", 20_000)
async def semaphore(count: int) -> float:
    semaphore = asyncio.Semaphore(10)

    async def work() -> None:
        async with semaphore:
            await asyncio.sleep(0)

    began = perf_counter()
    await asyncio.gather(*(work() for _ in range(count)))
    return perf_counter() - began

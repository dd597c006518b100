"""Tasks and futures."""

import asyncio
from time import perf_counter

from benches.micro.registry import benchmark

YIELDING_TASKS = 100
SLEEP = 0.01  # seconds


@benchmark("sleep(0), 100 tasks take turns", 100_000, headline=True)
async def switch(count: int) -> float:
    async def yielding() -> None:
        for _ in range(count // YIELDING_TASKS):
            await asyncio.sleep(0)

    began = perf_counter()
    await asyncio.gather(*(yielding() for _ in range(YIELDING_TASKS)))
    return perf_counter() - began


@benchmark("tasks made, run and gathered", 50_000, headline=True)
async def spawn(count: int) -> float:
    async def one() -> int:
        return 1

    began = perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return perf_counter() - began


@benchmark("10,000 tasks sleep 10 ms each", 10_000)
async def sleepers(count: int) -> float:
    async def sleep() -> None:
        await asyncio.sleep(SLEEP)

    began = perf_counter()
    await asyncio.gather(*(sleep() for _ in range(count)))
    return perf_counter() - began


@benchmark("two tasks wake each other by futures", 100_000)
async def ping_pong(count: int) -> float:
    loop = asyncio.get_running_loop()
    ball = [loop.create_future(), loop.create_future()]

    async def play(mine: int) -> None:
        for _ in range(count // 2):
            await ball[mine]
            ball[mine] = loop.create_future()
            ball[1 - mine].set_result(None)

    began = perf_counter()
    players = asyncio.gather(play(0), play(1))
    ball[0].set_result(None)
    await players
    return perf_counter() - began


@benchmark("wait_for, of a coroutine that yields once", 20_000)
async def wait_for(count: int) -> float:
    async def yielding() -> None:
        await asyncio.sleep(0)

    began = perf_counter()
    for _ in range(count):
        await asyncio.wait_for(yielding(), 10)
    return perf_counter() - began

"""Timers."""

import asyncio
import random
from time import perf_counter

from benches.micro.callbacks import nothing
from benches.micro.registry import benchmark

SPREAD = 0.02  # seconds in which all timers fire


@benchmark("call_later, timers that fire within 20 ms", 50_000)
async def fire(count: int) -> float:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    dice = random.Random(1)
    delays = [dice.random() * SPREAD for _ in range(count)]
    left = count

    def fired() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set_result(None)

    began = perf_counter()
    for delay in delays:
        loop.call_later(delay, fired)
    await done
    return perf_counter() - began


@benchmark("call_later, timers that are cancelled", 100_000)
async def cancel(count: int) -> float:
    loop = asyncio.get_running_loop()
    began = perf_counter()
    for _ in range(count):
        loop.call_later(30, nothing).cancel()
    await asyncio.sleep(0)
    return perf_counter() - began

"""Callbacks that run as soon as they can."""

import asyncio
import threading
from time import perf_counter

from benches.micro.registry import benchmark


def nothing() -> None:
    pass


@benchmark("call_soon, a chain: each callback schedules the next", 100_000, headline=True)
async def chain(count: int) -> float:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = count

    def step() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    began = perf_counter()
    loop.call_soon(step)
    await done
    return perf_counter() - began


@benchmark("call_soon, a fan: all are scheduled at once", 100_000)
async def fan(count: int) -> float:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    began = perf_counter()
    for _ in range(count):
        loop.call_soon(nothing)
    loop.call_soon(done.set_result, None)
    await done
    return perf_counter() - began


@benchmark("call_soon_threadsafe, from another thread", 50_000)
async def threadsafe(count: int) -> float:
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def schedule() -> None:
        for _ in range(count):
            loop.call_soon_threadsafe(nothing)
        loop.call_soon_threadsafe(done.set_result, None)

    thread = threading.Thread(target=schedule)
    began = perf_counter()
    thread.start()
    await done
    took = perf_counter() - began
    thread.join()
    return took

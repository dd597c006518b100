"""Callbacks that run as soon as they can."""

import asyncio
import contextlib
import contextvars
import itertools
import threading

from rondel_guard import Countdown

from benches.guard.scenarios.registry import scenario

BATCH = 1000


def nothing(*_arguments):
    pass


def chain_of(schedule):
    """Each callback schedules the next one by `schedule(callback)`."""

    async def run(count):
        left = Countdown(count)
        done = asyncio.get_running_loop().create_future()

        def step(*_arguments):
            if left.step():
                done.set_result(None)
            else:
                schedule(step)

        schedule(step)
        await done

    return run


@scenario("call_soon-chain", "a callback that schedules the next one", 1000)
@contextlib.asynccontextmanager
async def chain():
    loop = asyncio.get_running_loop()
    yield chain_of(loop.call_soon)


@scenario("call_soon-arguments", "the same with two arguments and a context", 1000)
@contextlib.asynccontextmanager
async def arguments():
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    yield chain_of(lambda step: loop.call_soon(step, None, True, context=context))


@scenario("call_soon-fan", "one of a thousand callbacks, scheduled at once", 1000)
@contextlib.asynccontextmanager
async def fan():
    loop = asyncio.get_running_loop()

    async def run(count):
        for _ in range(count // BATCH):
            done = loop.create_future()
            for _ in itertools.repeat(None, BATCH):
                loop.call_soon(nothing)
            loop.call_soon(done.set_result, None)
            await done

    yield run


@scenario(
    "call_soon_threadsafe",
    "a callback from another thread, while the loop is busy",
    1000,
    threads=True,
)
@contextlib.asynccontextmanager
async def threadsafe():
    loop = asyncio.get_running_loop()
    go, scheduled = threading.Semaphore(0), threading.Semaphore(0)
    over = threading.Event()

    def schedule():
        while go.acquire() and not over.is_set():
            for _ in itertools.repeat(None, BATCH):
                loop.call_soon_threadsafe(nothing)
            scheduled.release()

    async def run(count):
        for _ in range(count // BATCH):
            # The loop's thread stands still meanwhile, so that the two never run side by side.
            go.release()
            scheduled.acquire()
            done = loop.create_future()
            loop.call_soon(done.set_result, None)
            await done

    thread = threading.Thread(target=schedule)
    thread.start()
    try:
        yield run
    finally:
        over.set()
        go.release()
        thread.join()

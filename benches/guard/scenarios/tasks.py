"""Tasks and futures."""

import asyncio
import contextlib
import itertools

from rondel_guard import Countdown

from benches.guard.scenarios.registry import scenario

TASKS = 10


@scenario("sleep(0)", "a task gives way to nine others", 1000)
@contextlib.asynccontextmanager
async def switch():
    async def yielding(count):
        for _ in itertools.repeat(None, count):
            await asyncio.sleep(0)

    async def run(count):
        await asyncio.gather(*(yielding(count // TASKS) for _ in range(TASKS)))

    yield run


@scenario("task", "a task made, run, and awaited", 1000)
@contextlib.asynccontextmanager
async def spawn():
    loop = asyncio.get_running_loop()

    async def one():
        pass

    async def run(count):
        for _ in itertools.repeat(None, count):
            await loop.create_task(one())

    yield run


@scenario("future", "a task wakes another by a future, and waits for its own", 1000)
@contextlib.asynccontextmanager
async def ping_pong():
    loop = asyncio.get_running_loop()

    async def run(count):
        ball = [loop.create_future(), loop.create_future()]

        async def play(mine):
            for _ in itertools.repeat(None, count // 2):
                await ball[mine]
                ball[mine] = loop.create_future()
                ball[1 - mine].set_result(None)

        players = asyncio.gather(play(0), play(1))
        ball[0].set_result(None)
        await players

    yield run


@scenario("queue", "an item goes through a Queue of 10, from task to task", 1000)
@contextlib.asynccontextmanager
async def queue():
    queue = asyncio.Queue(maxsize=10)

    async def produce(count):
        for _ in itertools.repeat(None, count):
            await queue.put(None)

    async def run(count):
        producer = asyncio.get_running_loop().create_task(produce(count))
        left = Countdown(count)
        while True:
            await queue.get()
            if left.step():
                break
        await producer

    yield run

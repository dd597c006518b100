"""Timers, among a thousand others that wait."""

import asyncio
import contextlib
import itertools
import random

from rondel_guard import Countdown

from benches.guard.scenarios.callbacks import nothing
from benches.guard.scenarios.registry import scenario

WAITING = 1000
FAR = 100_000.0  # seconds
BATCH = 50


def far_away(loop):
    dice = random.Random(1)
    return [loop.call_later(FAR * (1 + dice.random()), nothing) for _ in range(WAITING)]


@scenario("timer-fires", "call_at, and its callback runs; fifty of them are due at once", 1000)
@contextlib.asynccontextmanager
async def fires():
    loop = asyncio.get_running_loop()
    others = far_away(loop)
    # All are due: which of them are, must not depend on how fast this is.
    dice = random.Random(2)
    due = [loop.time() - dice.random() for _ in range(BATCH)]

    async def run(count):
        for _ in range(count // BATCH):
            left = Countdown(BATCH)
            done = loop.create_future()

            def fired(left=left, done=done):
                if left.step():
                    done.set_result(None)

            for when in due:
                loop.call_at(when, fired)
            await done

    yield run
    for timer in others:
        timer.cancel()


@scenario("timer-cancelled", "call_later, and its cancel", 1000)
@contextlib.asynccontextmanager
async def cancelled():
    loop = asyncio.get_running_loop()
    others = far_away(loop)

    async def run(count):
        for _ in range(count // BATCH):
            for _ in itertools.repeat(None, BATCH):
                # As a timeout of the usual length would: later than those that wait.
                loop.call_later(3 * FAR, nothing).cancel()
            await asyncio.sleep(0)

    yield run
    for timer in others:
        timer.cancel()

"""Work in other threads, and calls from there."""

import asyncio
import random
import time

from soak.actor import Actor, check
from soak.problems import DeliberateError
from soak.world import World


async def jobs(world: World, rng: random.Random) -> None:
    number = rng.getrandbits(32)

    def work() -> int:
        time.sleep(number % 5 / 1000)
        if number % 3 == 0:
            raise DeliberateError
        return number

    try:
        came = await (
            asyncio.to_thread(work) if number % 2 else world.loop.run_in_executor(None, work)
        )
        check(came == number and number % 3 != 0, f"{came} came in place of {number}")
    except DeliberateError:
        check(number % 3 == 0, "an error came from nowhere")


async def calls_from_a_thread(world: World, rng: random.Random) -> None:
    """They arrive whole and in order, whatever the loop does."""
    count = rng.randint(1, 50)
    came: list[int] = []
    whole = asyncio.Event()

    def call() -> None:
        for number in range(count):
            world.loop.call_soon_threadsafe(came.append, number)
        world.loop.call_soon_threadsafe(whole.set)

    calling = world.loop.run_in_executor(None, call)
    await whole.wait()
    await calling
    check(came == list(range(count)), f"{came} came of {count}")


ACTORS = (Actor("executor", jobs, 3), Actor("calls from a thread", calls_from_a_thread, 2))

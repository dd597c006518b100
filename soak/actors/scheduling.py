"""Timers, tasks, cancellation, signals."""

import asyncio
import itertools
import random
import signal

from soak.actor import Actor, check
from soak.problems import DeliberateError
from soak.world import World


async def timers(world: World, rng: random.Random) -> None:
    """They come in order, and those that were cancelled do not come."""
    start = world.loop.time()
    came: list[float] = []
    delays = [rng.uniform(0, 0.05) for _ in range(rng.randint(1, 20))]
    done = world.loop.create_future()
    handles = {delay: world.loop.call_at(start + delay, came.append, delay) for delay in delays}
    gone = rng.sample(delays, len(delays) // 3)
    for delay in gone:
        handles[delay].cancel()
    last = world.loop.call_at(start + 0.06, lambda: done.done() or done.set_result(None))
    try:
        await done
    finally:
        for handle in (*handles.values(), last):
            handle.cancel()
    check(came == sorted(set(delays) - set(gone)), f"{came} came of {delays} without {gone}")
    check(world.loop.time() >= start + 0.05, "a timer came too early")


async def timeouts(_: World, rng: random.Random) -> None:
    never = asyncio.get_running_loop().create_future()
    delay = rng.uniform(0, 0.02)
    try:
        if rng.random() < 0.5:
            await asyncio.wait_for(never, delay)
        else:
            async with asyncio.timeout(delay):
                await never
    except TimeoutError:
        check(never.cancelled(), "the future went on after its timeout")
        return
    check(False, "no timeout came")


async def group(_: World, rng: random.Random) -> None:
    """A group of tasks of which one fails: the others are cancelled."""
    error = DeliberateError()

    async def fail(delay: float) -> None:
        await asyncio.sleep(delay)
        raise error

    try:
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(asyncio.sleep(3600)) for _ in range(rng.randint(1, 5))]
            tasks.create_task(fail(rng.choice((0, 0.01))))
    except* DeliberateError as caught:
        check(caught.exceptions == (error,), f"{caught.exceptions} came")
    check(all(task.cancelled() for task in others), "a task outlived its group")


async def chain(_: World, rng: random.Random) -> None:
    """Many short tasks that hand a value on through queues."""
    queues = [asyncio.Queue[int](1) for _ in range(rng.randint(2, 10))]

    async def hand_on(a: asyncio.Queue[int], b: asyncio.Queue[int]) -> None:
        await b.put(await a.get() + 1)

    async with asyncio.TaskGroup() as tasks:
        for a, b in itertools.pairwise(queues):
            tasks.create_task(hand_on(a, b))
        await queues[0].put(0)
        check(await queues[-1].get() == len(queues) - 1, "a value went astray")


async def callback_that_raises(world: World, _: random.Random) -> None:
    error = DeliberateError()

    def fail() -> None:
        raise error

    world.loop.call_soon(fail)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    check(error.reported == 1, f"the exception handler was called {error.reported} times")


async def signals(world: World, _: random.Random) -> None:
    """Two at once would take each other's handler away."""
    if world.loop in _busy:
        return
    _busy.add(world.loop)
    came = asyncio.Event()
    world.loop.add_signal_handler(signal.SIGUSR1, came.set)
    try:
        signal.raise_signal(signal.SIGUSR1)
        await came.wait()
    finally:
        check(world.loop.remove_signal_handler(signal.SIGUSR1), "the handler had gone")
        _busy.discard(world.loop)


_busy: set[asyncio.AbstractEventLoop] = set()

ACTORS = (
    Actor("timers", timers, 3),
    Actor("timeouts", timeouts, 3),
    Actor("group that fails", group, 2),
    Actor("chain of tasks", chain, 2),
    Actor("callback that raises", callback_that_raises, 1),
    Actor("signals", signals, 1),
)

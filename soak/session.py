"""Runs actors at random, so many at once, for so long; then ends everything and looks around."""

import asyncio
import io
import pathlib
import random
import time
import traceback
from collections.abc import Callable
from typing import Any

from soak import udp, ways
from soak.actor import Actor
from soak.leftovers import open_descriptors
from soak.memory import Memory
from soak.servers import Obedient
from soak.settings import Settings
from soak.world import World

# The share of actors that are cancelled at a random moment.
CANCELLED = 0.15

Event = dict[str, Any]


class LeftError(Exception):
    """Something is left that keeps the run from its end."""


class Session:
    """One run. What it finds goes to `tell` (a problem) and to `show` (how far it is)."""

    def __init__(
        self,
        settings: Settings,
        actors: list[Actor],
        tell: Callable[[str], None],
        show: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._actors = [actor for actor in actors if actor.stock or not settings.stock]
        self._tell = tell
        self._show = show
        self._rng = random.Random(settings.seed)
        self._started = time.monotonic()
        self._number = 0
        self.by_actor = dict.fromkeys((actor.name for actor in actors), 0)
        self.memory = Memory()
        self.most_descriptors = 0
        self.world: World | None = None

    async def run(self, folder: pathlib.Path) -> None:
        """From the first actor to the last."""
        world = self.world = World(self._settings, folder)
        chosen = ways.STOCK if self._settings.stock else ways.ALL
        world.ways = [await way(lambda: Obedient(world), folder) for way in chosen]
        world.udp = await udp.serve()
        showing = asyncio.ensure_future(self._show_each_second())
        slots = [asyncio.ensure_future(self._slot(world)) for _ in range(self._settings.at_once)]
        await asyncio.gather(*slots)
        try:
            async with asyncio.timeout(self._settings.patience):
                await world.quiet()
        except TimeoutError:
            raise LeftError(f"connections have not ended\n{_stacks(asyncio.all_tasks())}") from None
        for way in world.ways:
            await way.close()
        world.udp.close()
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)

    async def _slot(self, world: World) -> None:
        """One actor after the other until the time is over; at least one."""
        end = time.monotonic() + self._settings.seconds
        while True:
            self._number += 1
            rng = random.Random(f"{self._settings.seed}/{self._number}")
            (actor,) = rng.choices(self._actors, [actor.weight for actor in self._actors])
            await self._act(world, actor, rng, f"{actor.name} (number {self._number})")
            if time.monotonic() > end:
                return

    async def _act(self, world: World, actor: Actor, rng: random.Random, name: str) -> None:
        limit = self._settings.patience
        cancelled = rng.random() < CANCELLED
        patience = rng.expovariate(100) if cancelled else limit
        task = asyncio.ensure_future(actor.run(world, rng))
        await asyncio.wait([task], timeout=patience)
        if not task.done():
            if not cancelled:
                self._tell(f"{name} did not end in {limit:g} s\n{_stacks([task])}")
            task.cancel()
            world.counts["cancelled"] += 1
            await asyncio.wait([task], timeout=limit)
            if not task.done():
                self._tell(
                    f"{name} did not end in {limit:g} s after it was cancelled\n{_stacks([task])}"
                )
                return
        world.counts["actors"] += 1
        self.by_actor[actor.name] += 1
        if not task.cancelled() and (error := task.exception()):
            self._tell(f"{name} failed:\n{''.join(traceback.format_exception(error))}")

    async def _show_each_second(self) -> None:
        while True:
            self._show(self.progress())
            await asyncio.sleep(1)

    def progress(self) -> Event:
        """Where the run stands."""
        assert self.world is not None
        counts = self.world.counts
        self.most_descriptors = max(self.most_descriptors, descriptors := open_descriptors())
        memory = self.memory.sample()
        return {
            "seconds": time.monotonic() - self._started,
            **{name: counts[name] for name in COUNTED},
            "by_actor": self.by_actor,
            "descriptors": descriptors,
            "most_descriptors": self.most_descriptors,
            "memory": memory,
            "most_memory": max(self.memory.samples),
        }


COUNTED = ("actors", "cancelled", "connections", "accepted", "datagrams", "children")


def _stacks(tasks) -> str:
    """Where each of these tasks waits."""
    text = io.StringIO()
    for task in tasks:
        task.print_stack(file=text)
    return text.getvalue()

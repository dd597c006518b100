"""What an actor is: one thing that a program does with a loop, from its start to its end."""

import asyncio
import dataclasses
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soak.world import World

# How a connection ends whose other end resets, aborts or leaves in the middle.
GONE = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError)


@dataclasses.dataclass(frozen=True)
class Actor:
    """Run with a source of chance of its own; whatever it raises is a problem.

    It may be cancelled at any time, and leaves nothing behind then either.
    """

    name: str
    run: Callable[["World", random.Random], Awaitable[None]]
    weight: float = 1  # how often, compared with others
    stock: bool = True  # whether asyncio's own loop is up to it


def check(holds: bool, what: str) -> None:
    """Fail the actor unless it holds."""
    if not holds:
        raise AssertionError(what)


def same(got: bytes, sent: bytes) -> None:
    """Fail the actor unless what came is what was sent."""
    if got != sent:
        pairs = zip(got, sent, strict=False)
        at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(got), len(sent)))
        raise AssertionError(f"{len(got)} bytes came of {len(sent)}, different from {at} on")


# Making new bytes of chance for each actor would take more time than all else.
_CHANCE = random.Random(0).randbytes(4 << 20)


def some_bytes(rng: random.Random, count: int) -> bytes:
    """So many bytes, at most 2 MiB, in which no part is like another."""
    start = rng.randrange(len(_CHANCE) // 2)
    return _CHANCE[start : start + count]

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


def check(holds: bool, what: str) -> None:
    """Fail the actor unless it holds."""
    if not holds:
        raise AssertionError(what)


def differs(got: bytes, sent: bytes) -> str:
    """Where two byte strings part."""
    at = next(
        (i for i, (a, b) in enumerate(zip(got, sent, strict=False)) if a != b),
        min(len(got), len(sent)),
    )
    return f"{len(got)} bytes came of {len(sent)}, different from {at} on"

"""How a scenario is made known.

A scenario prepares itself, then yields a coroutine function that does so many operations, again
and again. It takes care that an operation costs the same each time: nothing waits, nothing is
left to another process, and what it does itself allocates nothing.
"""

import contextlib
import dataclasses
from collections.abc import Awaitable, Callable

Run = Callable[[int], Awaitable[None]]
Prepare = Callable[[], contextlib.AbstractAsyncContextManager[Run]]


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    about: str  # what one operation is
    operations: int  # in each section
    prepare: Prepare
    threads: bool  # whether threads wait for each other: how often they do is nobody's to say


ALL: dict[str, Scenario] = {}


def scenario(
    name: str, about: str, operations: int, threads: bool = False
) -> Callable[[Prepare], Prepare]:
    """Registers the context manager below it."""

    def register(prepare: Prepare) -> Prepare:
        ALL[name] = Scenario(name, about, operations, prepare, threads)
        return prepare

    return register

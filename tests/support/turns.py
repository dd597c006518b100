"""Running a loop turn by turn."""

import asyncio
import time

from support.net import SECONDS


def one_turn(loop: asyncio.AbstractEventLoop) -> None:
    """Run exactly one turn, without waiting."""
    loop.stop()
    loop.run_forever()


async def turns(count: int) -> None:
    """Let this many turns of the running loop pass."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition) -> None:
    """Let turns pass until the condition holds.

    Only for states that nothing reports, of the peer's kernel or of another thread. Threads get
    their share of each turn, and after so many seconds the test fails rather than hang.
    """
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the awaited state did not come")
        time.sleep(0)
        await asyncio.sleep(0)

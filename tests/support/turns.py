"""Running a loop turn by turn."""

import asyncio


def one_turn(loop: asyncio.AbstractEventLoop) -> None:
    """Run exactly one turn, without waiting."""
    loop.stop()
    loop.run_forever()


async def turns(count: int) -> None:
    """Let this many turns of the running loop pass."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition, patience: int = 100_000) -> None:
    """Let turns pass until the condition holds.

    Only for states of the peer's kernel that nothing reports; the turns are many, so that the
    test fails in the end rather than hang.
    """
    for _ in range(patience):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("the awaited state did not come")

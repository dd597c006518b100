"""Children: what they say, how they end, and that nothing of them is left."""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from subprocess import DEVNULL, PIPE

from soak.actor import Actor, check, same, some_bytes
from soak.world import World


@contextlib.asynccontextmanager
async def child(world: World, *command: str, **how) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child, which ends with the block."""
    async with world.children:
        process = await asyncio.create_subprocess_exec(*command, **how)
        world.counts["children"] += 1
        try:
            yield process
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            # Not wait() alone, which waits for ever where output is left that nobody reads.
            await process.communicate()


async def cat(world: World, rng: random.Random) -> None:
    sent = some_bytes(rng, rng.choice((0, 100, 500_000)))
    async with child(world, "cat", stdin=PIPE, stdout=PIPE) as process:
        got, _ = await process.communicate(sent)
        same(got, sent)
        check(process.returncode == 0, f"cat ended by {process.returncode}")


async def exit_code(world: World, rng: random.Random) -> None:
    code = rng.randrange(256)
    async with child(world, "sh", "-c", f"echo {code} >&2; exit {code}", stderr=PIPE) as process:
        got = await process.stderr.read()
        check(got == f"{code}\n".encode(), f"{got!r} came in place of {code}")
        check(await process.wait() == code, f"ended by {process.returncode} in place of {code}")


async def killed(world: World, rng: random.Random) -> None:
    number = rng.choice((signal.SIGTERM, signal.SIGKILL, signal.SIGINT))
    async with child(world, "sleep", "3600", stdin=DEVNULL) as process:
        await asyncio.sleep(rng.choice((0, 0.01)))
        process.send_signal(number)
        check(await process.wait() == -number, f"ended by {process.returncode} after {number}")


ACTORS = (
    Actor("child that echoes", cat, 1, stock=False),
    Actor("child's exit code", exit_code, 1, stock=False),
    Actor("child killed", killed, 1, stock=False),
)

"""Hashes passwords beside a heartbeat: in the loop the heart stops, in threads it goes on.

    python examples/cpu_offload.py --passwords 8

A password hash is slow on purpose. Called in a coroutine it stops everything else; handed to a
thread with asyncio.to_thread it does not, because hashlib releases the interpreter lock while it
computes. The work itself takes the same time on every loop.
"""

import argparse
import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator

BEAT = 0.01  # seconds


def hash_password(password: str, rounds: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt of the earth", rounds).hex()


@contextlib.asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Notes the time of each beat, from the first to the end of the block."""
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(BEAT)

    heart = asyncio.create_task(beat())
    await asyncio.sleep(0)  # lets the first beat happen
    yield beats
    heart.cancel()


async def main(args: argparse.Namespace) -> None:
    passwords = [f"correct horse {number}" for number in range(args.passwords)]

    started = time.perf_counter()
    async with heartbeat() as beats:
        blocking = [hash_password(password, args.rounds) for password in passwords]
    print(f"in the loop: heartbeat {'went on' if len(beats) > 1 else 'stopped'}", end="; ")
    print(f"{time.perf_counter() - started:.2f} s")

    started = time.perf_counter()
    async with heartbeat() as beats:
        threaded = await asyncio.gather(
            *(asyncio.to_thread(hash_password, password, args.rounds) for password in passwords)
        )
    print(f"in threads: heartbeat {'went on' if len(beats) > 1 else 'stopped'}", end="; ")
    print(f"{time.perf_counter() - started:.2f} s")

    print(f"the same {len(passwords)} hashes: {'yes' if blocking == threaded else 'no'}")
    print(f"the last begins {threaded[-1][:16]}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passwords", type=int, default=8, help="how many to hash (8)")
    parser.add_argument("--rounds", type=int, default=200_000, help="of each hash (200000)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

"""Conversations by streams, over each way that there is."""

import asyncio
import hashlib
import random

from soak.actor import GONE, Actor, check, same, some_bytes
from soak.servers import reset
from soak.world import World


async def echo(world: World, rng: random.Random) -> None:
    async with world.conversation(rng.choice(world.ways), "echo") as (reader, writer):
        for _ in range(rng.randint(1, 8)):
            sent = some_bytes(rng, rng.choice((1, 100, 1024, 20_000)))
            writer.write(sent)
            await writer.drain()
            got = await reader.readexactly(len(sent))
            same(got, sent)


async def big(world: World, rng: random.Random) -> None:
    sent = some_bytes(rng, rng.randint(200_000, 2_000_000))
    async with world.conversation(rng.choice(world.ways), "echo") as (reader, writer):

        async def write() -> None:
            for start in range(0, len(sent), 300_000):
                writer.write(sent[start : start + 300_000])
                await writer.drain()

        got, _ = await asyncio.gather(reader.readexactly(len(sent)), write())
        same(got, sent)


async def slow_reader(world: World, rng: random.Random) -> None:
    count, seed = rng.randint(1, 400_000), rng.getrandbits(32)
    got = bytearray()
    async with world.conversation(rng.choice(world.ways), f"source {count} {seed}") as (reader, _):
        while data := await reader.read(rng.choice((10_000, 60_000))):
            got += data
            await asyncio.sleep(rng.choice((0, 0.005, 0.05)))
    sent = some_bytes(random.Random(seed), count)
    same(got, sent)


async def slow_server(world: World, rng: random.Random) -> None:
    sent = some_bytes(rng, rng.randint(1, 1_000_000))
    order = f"hold {rng.randint(0, 300)} {len(sent)}"
    async with world.conversation(rng.choice(world.ways), order) as (reader, writer):
        writer.write(sent)
        await writer.drain()
        check(await reader.readexactly(32) == hashlib.sha256(sent).digest(), "the digests differ")


async def half_close(world: World, rng: random.Random) -> None:
    way = rng.choice([way for way in world.ways if not way.encrypted])
    sent = some_bytes(rng, rng.randint(0, 100_000))
    async with world.conversation(way, "echo") as (reader, writer):
        writer.write(sent)
        writer.write_eof()
        got = await reader.read()
        same(got, sent)


async def reset_by_client(world: World, rng: random.Random) -> None:
    async with world.conversation(rng.choice(world.ways), "echo") as (reader, writer):
        for _ in range(rng.randint(0, 3)):
            writer.write(some_bytes(rng, rng.choice((1, 5_000, 300_000))))
            if rng.random() < 0.5:
                await reader.read(1000)
        ends = (lambda: reset(writer.transport), writer.transport.abort, writer.transport.close)
        rng.choice(ends)()
        await asyncio.sleep(0)
        # What was closed may wait for ever to send the rest: nobody reads what comes back.
        writer.transport.abort()


async def reset_by_server(world: World, rng: random.Random) -> None:
    count = rng.choice((0, 1, 20_000))
    async with world.conversation(rng.choice(world.ways), f"reset {count}") as (reader, writer):
        try:
            writer.write(bytes(count))
            await writer.drain()
            check(await reader.read() == b"", "data came, where none was sent")
        except GONE:
            pass


ACTORS = (
    Actor("stream echo", echo, 6),
    Actor("stream big", big, 1),
    Actor("stream slow reader", slow_reader, 2),
    Actor("stream slow server", slow_server, 2),
    Actor("stream half-close", half_close, 3),
    Actor("stream reset by client", reset_by_client, 4),
    Actor("stream reset by server", reset_by_server, 4),
)

"""Connections that turn to TLS on the way."""

import random

from soak import tls
from soak.actor import Actor, check, same, some_bytes
from soak.world import World


async def start_tls(world: World, rng: random.Random) -> None:
    way = rng.choice([way for way in world.ways if not way.encrypted])
    async with world.conversation(way, "upgrade") as (reader, writer):
        check(await reader.readline() == b"ready\n", "the server is not ready")
        await writer.start_tls(tls.client_context(), server_hostname=tls.NAME)
        for _ in range(rng.randint(1, 4)):
            sent = some_bytes(rng, rng.choice((1, 1000, 50_000)))
            writer.write(sent)
            await writer.drain()
            same(await reader.readexactly(len(sent)), sent)


ACTORS = (Actor("start TLS", start_tls, 2, stock=False),)

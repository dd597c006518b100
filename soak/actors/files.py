"""Files sent over transports and sockets."""

import asyncio
import hashlib
import random
import socket

from soak.actor import Actor, check, same
from soak.world import FILE, World


async def sendfile(world: World, rng: random.Random) -> None:
    offset, count = rng.randrange(FILE // 2), rng.randint(1, FILE // 2)
    order = f"hold {rng.choice((0, 50))} {count}"
    async with world.conversation(rng.choice(world.ways), order) as (reader, writer):
        with world.file.open("rb") as file:
            sent = await world.loop.sendfile(writer.transport, file, offset, count)
            check(sent == count, f"{sent} bytes were sent of {count}")
            file.seek(offset)
            digest = hashlib.sha256(file.read(count)).digest()
        check(await reader.readexactly(32) == digest, "the digests differ")


async def sock_sendfile(world: World, rng: random.Random) -> None:
    offset, count = rng.randrange(FILE // 2), rng.randint(1, FILE // 2)
    ours, theirs = socket.socketpair()
    with ours, theirs, world.file.open("rb") as file:
        ours.setblocking(False)
        theirs.setblocking(False)

        async def receive() -> bytes:
            got = bytearray()
            while len(got) < count:
                got += await world.loop.sock_recv(theirs, 65536)
            return got

        receiving = asyncio.ensure_future(receive())
        try:
            sent = await world.loop.sock_sendfile(ours, file, offset, count)
            check(sent == count, f"{sent} bytes were sent of {count}")
            got = await receiving
        finally:
            receiving.cancel()
            await asyncio.wait([receiving])
        file.seek(offset)
        same(got, file.read(count))


ACTORS = (Actor("sendfile", sendfile, 2), Actor("sock_sendfile", sock_sendfile, 1))

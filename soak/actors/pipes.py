"""Pipes, both ends on the loop."""

import asyncio
import os
import random

from soak.actor import Actor, same, some_bytes
from soak.world import World


class Writing(asyncio.streams.FlowControlMixin):
    """Flow control for a writer, and whether the end has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.lost = False

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.lost = True


async def through(world: World, rng: random.Random) -> None:
    sent = some_bytes(rng, rng.choice((0, 100, 300_000)))
    read_fd, write_fd = os.pipe()
    read_end, write_end = os.fdopen(read_fd, "rb", 0), os.fdopen(write_fd, "wb", 0)
    with read_end, write_end:
        reader = asyncio.StreamReader(loop=world.loop)
        reading, _ = await world.loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader, loop=world.loop), read_end
        )
        try:
            writing, protocol = await world.loop.connect_write_pipe(
                lambda: Writing(world.loop), write_end
            )
            world.made.update((reading, writing))
            writer = asyncio.StreamWriter(writing, protocol, None, world.loop)
            written = asyncio.ensure_future(_write(writer, sent))
            try:
                got = await reader.read()
                await written
                same(got, sent)
            finally:
                written.cancel()
                await asyncio.wait([written])
                if not protocol.lost:
                    writing.abort()
        finally:
            reading.close()


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    for start in range(0, len(data), 50_000):
        writer.write(data[start : start + 50_000])
        await writer.drain()
    writer.close()


ACTORS = (Actor("pipes", through, 2),)

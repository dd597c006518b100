"""The servers' end: takes one order a connection, its first line, and does what it says."""

import asyncio
import contextlib
import hashlib
import random
import socket
import struct

from soak import tls
from soak.actor import GONE, some_bytes
from soak.world import World

LINGER_0 = struct.pack("ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """End the connection so that the other end gets a RST, where the kind of socket has that."""
    sock = transport.get_extra_info("socket")
    if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.fileno() != -1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    transport.abort()


class Obedient(asyncio.StreamReaderProtocol):
    """Streams over any transport; `echo-protocol` hands the connection on to a plain protocol."""

    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__(asyncio.StreamReader(loop=world.loop), self._serve, loop=world.loop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._world.made.update((self, writer.transport))
        with self._world.serving():
            try:
                # Whoever leaves before it said what it wants gets nothing.
                if order := (await reader.readline()).decode().split():
                    await ORDERS[order[0]](reader, writer, *map(int, order[1:]))
            except GONE:
                writer.transport.abort()
            finally:
                writer.close()
                with contextlib.suppress(*GONE):
                    await writer.wait_closed()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, up to its end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _source(
    _: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int, seed: int
) -> None:
    """So many bytes of chance, in pieces of any size; then the end."""
    rng = random.Random(seed)
    data = memoryview(some_bytes(rng, count))
    while data:
        size = rng.choice((1, 100, 10_000, 200_000))
        writer.write(data[:size])
        data = data[size:]
        await writer.drain()


async def _hold(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: int, count: int
) -> None:
    """Read nothing for so many milliseconds, then so many bytes, and answer with their digest."""
    await asyncio.sleep(pause / 1000)
    writer.write(hashlib.sha256(await reader.readexactly(count)).digest())
    await writer.drain()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int) -> None:
    """Reset the connection once so many bytes have come."""
    await reader.readexactly(count)
    reset(writer.transport)


async def _upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak TLS from here on, and echo."""
    writer.write(b"ready\n")
    await writer.drain()
    await writer.start_tls(tls.server_context())
    await _echo(reader, writer)


ORDERS = {"upgrade": _upgrade, "echo": _echo, "source": _source, "hold": _hold, "reset": _reset}

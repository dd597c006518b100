"""Connections made, accepted and closed, both ends in the loop."""

import asyncio
import contextlib
import itertools

from benches.guard.scenarios import ends
from benches.guard.scenarios.registry import scenario


class Closing(asyncio.Protocol):
    def connection_made(self, transport):
        transport.close()


class Closed(asyncio.Protocol):
    def __init__(self):
        self.gone = asyncio.get_running_loop().create_future()

    def connection_lost(self, error):
        self.gone.set_result(None)


@scenario("connection", "made by create_connection, accepted by a server, closed by both", 50)
@contextlib.asynccontextmanager
async def connection():
    loop = asyncio.get_running_loop()
    listener = ends.tcp()
    server = await loop.create_server(Closing, sock=listener)
    host, port = listener.getsockname()

    async def run(count):
        for _ in itertools.repeat(None, count):
            transport, protocol = await loop.create_connection(Closed, host, port)
            await protocol.gone
            transport.close()

    yield run
    server.close()
    await asyncio.sleep(0)

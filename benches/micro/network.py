"""TCP with both ends in one loop."""

import asyncio
from time import perf_counter

from benches.micro.registry import benchmark

LINE = b"x" * 100 + b"\n"


class Closing(asyncio.Protocol):
    """Closes each connection as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class Closed(asyncio.Protocol):
    """Tells when its connection is gone."""

    def __init__(self) -> None:
        self.gone = asyncio.get_running_loop().create_future()

    def connection_lost(self, error: Exception | None) -> None:
        self.gone.set_result(None)


@benchmark("connections made, accepted and closed", 500, headline=True)
async def connect(count: int) -> float:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Closing, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    began = perf_counter()
    for _ in range(count):
        transport, protocol = await loop.create_connection(Closed, host, port)
        await protocol.gone
        transport.close()
    took = perf_counter() - began
    server.close()
    await server.wait_closed()
    return took


@benchmark("streams, a line of 100 bytes there and back", 5_000, headline=True)
async def lines(count: int) -> float:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    began = perf_counter()
    for _ in range(count):
        writer.write(LINE)
        await reader.readline()
    took = perf_counter() - began
    writer.close()
    server.close()
    await server.wait_closed()
    return took

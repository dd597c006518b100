"""TCP and Unix sockets with both ends in one loop."""

import asyncio
import tempfile
from time import perf_counter

from benches.micro.registry import benchmark
from benches.target import by

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


@benchmark("connections made, accepted and closed", 1_500, headline=True)
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


async def echo_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def there_and_back(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int
) -> float:
    began = perf_counter()
    for _ in range(count):
        writer.write(LINE)
        await reader.readline()
    took = perf_counter() - began
    writer.close()
    return took


@benchmark("streams, a line of 100 bytes there and back", 10_000, headline=True, target=by(1.1))
async def lines(count: int) -> float:
    server = await asyncio.start_server(echo_lines, "127.0.0.1", 0)
    took = await there_and_back(
        *await asyncio.open_connection(*server.sockets[0].getsockname()), count
    )
    server.close()
    await server.wait_closed()
    return took


@benchmark("Unix streams, a line of 100 bytes there and back", 10_000, target=by(1.1))
async def unix_lines(count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="rondel-bench-") as folder:
        path = f"{folder}/socket"
        server = await asyncio.start_unix_server(echo_lines, path)
        took = await there_and_back(*await asyncio.open_unix_connection(path), count)
        server.close()
        await server.wait_closed()
    return took

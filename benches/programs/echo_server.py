"""An echo server. usage: python -m benches.programs.echo_server LOOP protocol|streams

Listens on a free port of 127.0.0.1, prints its number on a line, serves until Ctrl-C.
"""

import asyncio
import sys
from typing import cast

from benches import loops

BACKLOG = 1024
READ = 256 * 1024  # bytes; more than a StreamReader holds


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(READ):
            writer.write(data)
            await writer.drain()
    except asyncio.CancelledError:
        # By Ctrl-C. 3.11 and 3.12 log a handler that ends as cancelled (StreamReaderProtocol).
        pass
    writer.close()


async def serve(mode: str) -> None:
    if mode == "streams":
        server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=BACKLOG)
    else:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()


def main(loop: str, mode: str) -> None:
    try:
        with asyncio.Runner(loop_factory=loops.factory(loop)) as runner:
            runner.run(serve(mode))
    except KeyboardInterrupt:
        pass  # that is how it is meant to end


if __name__ == "__main__":
    main(*sys.argv[1:])

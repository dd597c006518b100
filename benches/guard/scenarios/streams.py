"""Messages and their echoes, by streams."""

import asyncio
import contextlib

from benches.guard.scenarios import ends
from benches.guard.scenarios.ends import KB, MESSAGES
from benches.guard.scenarios.registry import scenario

READ = 256 * KB  # more than a StreamReader holds


def streams(name, about, size):
    @scenario(name, about, MESSAGES)
    @contextlib.asynccontextmanager
    async def echo():
        handlers = asyncio.Queue()

        async def serve(reader, writer):
            handlers.put_nowait((reader, writer))

        listener = ends.tcp()
        server = await asyncio.start_server(serve, sock=listener)
        peer = ends.connected(listener, size)
        reader, writer = await handlers.get()

        async def run(count):
            peer.begin(count)
            while True:
                data = await reader.read(READ)
                writer.write(data)
                await writer.drain()
                if peer.echoed(data):
                    break

        yield run
        writer.transport.abort()
        server.close()
        await asyncio.sleep(0)


streams("streams-1k", "echo of 1 KB, by StreamReader and StreamWriter", KB)
streams("streams-100k", "echo of 100 KB, by the same", 100 * KB)

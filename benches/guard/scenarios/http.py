"""Requests of `rondel.http`, over a connection that is kept alive."""

import asyncio
import contextlib
import select

from rondel_guard import Peer

from benches.guard.scenarios import ends
from benches.guard.scenarios.ends import HOST, KB, MESSAGES
from benches.guard.scenarios.registry import scenario
from rondel import http

# What nginx says of a file.
HEAD = """\
HTTP/1.1 200 OK\r
Server: nginx/1.22.1\r
Date: Sun, 22 Nov 2026 00:00:00 GMT\r
Content-Type: application/octet-stream\r
Content-Length: {}\r
Last-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r
Connection: keep-alive\r
ETag: "6920fd9e-400"\r
Accept-Ranges: bytes\r
\r
"""


def requests(name, about, size):
    @scenario(name, about, MESSAGES)
    @contextlib.asynccontextmanager
    async def get():
        loop = asyncio.get_running_loop()
        message = HEAD.format(size).encode() + bytes(size)

        async def fetch():
            async with session.get(url) as response:
                await response.read()

        async def run(count):
            for _ in range(count):
                loop.call_soon(peer.answer)  # it is there when the client has asked
                await fetch()

        with ends.tcp() as listener:
            url = f"http://{HOST}:{listener.getsockname()[1]}/1k"
            async with http.ClientSession() as session:
                first = asyncio.ensure_future(fetch())
                await until_readable(listener)
                with listener.accept()[0] as connection:
                    await until_readable(connection)
                    peer = Peer(connection.fileno(), size, message)
                peer.answer()
                await first
                yield run


async def until_readable(sock):
    while not select.select([sock], [], [], 0)[0]:
        await asyncio.sleep(0)


requests("http-1k", "GET of 1 KB, answered as nginx does", KB)

"""An HTTP server whose answers are all alike.

usage: python -m benches.programs.http_server LOOP SERVER, the latter a name of SERVERS

Listens on a free port of 127.0.0.1, prints its number on a line, serves until Ctrl-C.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

from benches import loops

BACKLOG = 1024
BODY = b'{"message": "Hello, world!"}'


async def application(scope: Any, _receive: Any, send: Any) -> None:
    """ASGI, with nothing between it and the server."""
    assert scope["type"] == "http"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def uvicorn(listener: socket.socket, http: str) -> None:
    import uvicorn

    # Without access log and lifespan; all else as it comes.
    config = uvicorn.Config(
        application, http=http, log_level="warning", access_log=False, lifespan="off"
    )
    await uvicorn.Server(config).serve([listener])


async def aiohttp(listener: socket.socket) -> None:
    from aiohttp import web

    async def handle(_request: web.Request) -> web.Response:
        return web.Response(body=BODY, content_type="application/json")

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


class Bare(asyncio.Protocol):
    """Knows of HTTP that a request without body ends with an empty line."""

    END = b"\r\n\r\n"
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *requests, self._rest = (self._rest + data).split(self.END)
        self._transport.write(self.ANSWER * len(requests))


async def bare(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Bare, sock=listener, backlog=BACKLOG)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()


SERVERS: dict[str, Callable[[socket.socket], Awaitable[None]]] = {
    "uvicorn, httptools": lambda listener: uvicorn(listener, "httptools"),
    "uvicorn, h11": lambda listener: uvicorn(listener, "h11"),
    "aiohttp": aiohttp,
    "bare protocol": bare,
}


async def serve(name: str) -> None:
    # It listens before its port is known: whoever connects meanwhile waits to be accepted.
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)
        await SERVERS[name](listener)


def main(loop: str, name: str) -> None:
    try:
        with asyncio.Runner(loop_factory=loops.factory(loop)) as runner:
            runner.run(serve(name))
    except KeyboardInterrupt:
        pass  # that is how it is meant to end


if __name__ == "__main__":
    main(*sys.argv[1:])

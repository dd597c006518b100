"""TLS with both ends in one loop: the client's work is measured as much as the server's.

`localhost.pem` is a key of 2048 bits and its own certificate, made by `openssl req -x509 -newkey
rsa:2048 -nodes -days 36500 -subj /CN=localhost`.
"""

import asyncio
import pathlib
import ssl
from time import perf_counter
from typing import cast

from benches.micro import wire
from benches.micro.registry import benchmark
from benches.model import MeasureError
from benches.target import BEST, by

CERTIFICATE = pathlib.Path(__file__).with_name("localhost.pem")
MARKER = b"this must not be seen on the wire"
HANDSHAKE_RECORD = b"\x16\x03"  # RFC 8446, section 5.1: its type, and the first byte of its version
PROVEN_WITHIN = 5.0  # seconds

_proven: set[type] = set()  # the loops of this process that encrypt


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and that of a client who believes anybody."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CERTIFICATE)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    return server, client


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Sender(asyncio.Protocol):
    """Sends a message `count` times, each when the one before has come back."""

    def __init__(self, message: bytes, count: int) -> None:
        self._message = message
        self._left = count
        self._got = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        self._transport.write(self._message)

    def data_received(self, data: bytes) -> None:
        self._got += len(data)
        if self._got < len(self._message):
            return
        self._got = 0
        self._left -= 1
        if self._left:
            self.send()
        else:
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed before the last message"))


async def prove() -> None:
    """Raises MeasureError when the running loop sends plaintext though it was given a context.

    Where both ends are such a loop's, nothing else would tell.
    """
    loop = asyncio.get_running_loop()
    if type(loop) in _proven:
        return
    of_server, of_client = contexts()
    server = await loop.create_server(Echo, "127.0.0.1", 0, ssl=of_server)
    between = wire.watch(server.sockets[0].getsockname()[1])
    transport, sender = await loop.create_connection(
        lambda: Sender(MARKER, 1), "127.0.0.1", between.port, ssl=of_client
    )
    sender.send()
    await asyncio.wait_for(sender.done, PROVEN_WITHIN)
    transport.close()
    server.close()
    for end, seen in zip(("client", "server"), between.seen, strict=True):
        if not seen.startswith(HANDSHAKE_RECORD) or MARKER in seen:
            reason = f"its {end} sends plaintext on a connection with an ssl.SSLContext"
            raise MeasureError(reason, "no TLS")
    _proven.add(type(loop))


async def echo(count: int, size: int) -> float:
    await prove()
    loop = asyncio.get_running_loop()
    of_server, of_client = contexts()
    server = await loop.create_server(Echo, "127.0.0.1", 0, ssl=of_server)
    host, port = server.sockets[0].getsockname()
    transport, sender = await loop.create_connection(
        lambda: Sender(b"x" * size, count), host, port, ssl=of_client
    )
    began = perf_counter()
    sender.send()
    await sender.done
    took = perf_counter() - began
    transport.close()
    server.close()
    return took


@benchmark("TLS echo, 1 KB", 5_000, target=by(1.2), headline=True)
async def echo_1k(count: int) -> float:
    return await echo(count, 1024)


@benchmark("TLS echo, 100 KB", 800, target=by(1.1))
async def echo_100k(count: int) -> float:
    return await echo(count, 100 * 1024)


class Greeter(asyncio.Protocol):
    """Sends a byte as soon as its side of the handshake is done."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(b"x")


class Greeted(asyncio.Protocol):
    """Knows by a byte that both sides are connected."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed before the handshake's end"))


@benchmark("TLS handshakes", 150, target=BEST)
async def handshakes(count: int) -> float:
    await prove()
    loop = asyncio.get_running_loop()
    of_server, of_client = contexts()
    server = await loop.create_server(Greeter, "127.0.0.1", 0, ssl=of_server)
    host, port = server.sockets[0].getsockname()
    began = perf_counter()
    for _ in range(count):
        transport, greeted = await loop.create_connection(Greeted, host, port, ssl=of_client)
        await greeted.done
        transport.abort()
    took = perf_counter() - began
    server.close()
    return took

"""An echo server. usage: python -m benches.programs.echo_server LOOP KIND PLACE

KIND is protocol, buffered, streams or sock; PLACE is tcp, udp (protocol alone), tls (not sock) or
unix:PATH. Listens on a free port of 127.0.0.1, or at PATH, prints its address as the load of the
bench wants it, serves until Ctrl-C.
"""

import asyncio
import pathlib
import socket
import ssl
import sys
from typing import cast

from benches import loops
from benches.settings import ROOT

BACKLOG = 1024
HOST = "127.0.0.1"
READ = 256 * 1024  # bytes; more than a StreamReader holds
BUFFER = 128 * 1024  # bytes; the largest message fits
CERTIFICATES = ROOT / "tests" / "certificates"


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class BufferedEcho(asyncio.BufferedProtocol):
    def __init__(self) -> None:
        self.view = memoryview(bytearray(BUFFER))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, hint: int) -> memoryview:
        return self.view

    def buffer_updated(self, length: int) -> None:
        # A copy: the transport may keep what it is given, and the buffer is filled again.
        self.transport.write(bytes(self.view[:length]))


class DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(data, address)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(READ):
            writer.write(data)
            await writer.drain()
    except asyncio.CancelledError:
        # By Ctrl-C. 3.11 and 3.12 log a handler that ends as cancelled (StreamReaderProtocol).
        pass
    except ConnectionResetError:
        pass  # how a client may leave
    writer.close()


async def serve_sockets(listener: socket.socket) -> None:
    """By the loop's methods for sockets; what is wrong in one connection ends all."""
    loop = asyncio.get_running_loop()
    failed = loop.create_future()

    async def echo_on(connection: socket.socket) -> None:
        try:
            with connection:
                while data := await loop.sock_recv(connection, READ):
                    await loop.sock_sendall(connection, data)
        except ConnectionError:
            pass  # how a client may leave
        except Exception as error:
            if not failed.done():
                failed.set_exception(error)

    async def accept() -> None:
        tasks = set()
        while True:
            connection, _ = await loop.sock_accept(listener)
            connection.setblocking(False)
            if connection.family == socket.AF_INET:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(echo_on(connection))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    accepting = loop.create_task(accept())
    await asyncio.wait([accepting, failed], return_when=asyncio.FIRST_COMPLETED)
    await (failed if failed.done() else accepting)


def tls(place: str) -> ssl.SSLContext | None:
    if place != "tls":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pathlib.Path(CERTIFICATES / "server.pem"))
    return context


async def serve(kind: str, place: str) -> None:
    loop = asyncio.get_running_loop()
    scheme, _, path = place.partition(":")
    if scheme == "udp":
        transport, _ = await loop.create_datagram_endpoint(DatagramEcho, local_addr=(HOST, 0))
        await forever(address("udp", transport.get_extra_info("socket")))
        return
    if kind == "sock":
        listener = socket.create_server((HOST, 0), backlog=BACKLOG)
        listener.setblocking(False)
        print(address("tcp", listener), flush=True)
        await serve_sockets(listener)
        return
    context = tls(place)
    protocol = BufferedEcho if kind == "buffered" else Echo
    server: asyncio.AbstractServer
    match kind == "streams", scheme == "unix":
        case True, True:
            server = await asyncio.start_unix_server(echo, path, backlog=BACKLOG, ssl=context)
        case True, False:
            server = await asyncio.start_server(echo, HOST, 0, backlog=BACKLOG, ssl=context)
        case False, True:
            server = await loop.create_unix_server(protocol, path, backlog=BACKLOG, ssl=context)
        case _:
            server = await loop.create_server(protocol, HOST, 0, backlog=BACKLOG, ssl=context)
    try:
        await forever(place if scheme == "unix" else address(scheme, server.sockets[0]))
    finally:
        server.close()


def address(scheme: str, sock: socket.socket) -> str:
    """As the load of the bench wants it."""
    trusted = f",{CERTIFICATES / 'ca.pem'}" if scheme == "tls" else ""
    return f"{scheme}:{HOST}:{sock.getsockname()[1]}{trusted}"


async def forever(address: str) -> None:
    print(address, flush=True)
    await asyncio.Event().wait()


def main(loop: str, kind: str, place: str) -> None:
    try:
        with asyncio.Runner(loop_factory=loops.factory(loop)) as runner:
            runner.run(serve(kind, place))
    except KeyboardInterrupt:
        pass  # that is how it is meant to end


if __name__ == "__main__":
    main(*sys.argv[1:])

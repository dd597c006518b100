"""Datagram endpoints of the loop under test, and a protocol that records what happens to them."""

import asyncio
import contextlib
import socket

from support.net import HOST, SECONDS
from support.turns import turns


class Recorder(asyncio.DatagramProtocol):
    """Keeps the events of one endpoint, the datagrams and the transport.

    Events are ("made",), ("datagram", bytes, address), ("error", exception), ("lost", exception),
    ("pause",), ("resume",).
    """

    def __init__(self) -> None:
        self.events: list[tuple] = []
        self.transport = None
        self.loop = asyncio.get_running_loop()
        self.lost = self.loop.create_future()
        self.waiting: list[tuple[str, int, asyncio.Future]] = []

    def note(self, *event) -> None:
        """Keep an event, and wake who waits for it."""
        self.events.append(event)
        for name, count, future in self.waiting:
            if len(self.all(name)) >= count and not future.done():
                future.set_result(None)

    def all(self, name: str) -> list[tuple]:
        """The events of this name, without it."""
        return [event[1:] for event in self.events if event[0] == name]

    async def had(self, name: str, count: int = 1) -> list[tuple]:
        """Wait until there were so many events of this name, and give them."""
        if len(self.all(name)) < count:
            future = self.loop.create_future()
            self.waiting.append((name, count, future))
            await future
        return self.all(name)

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.note("made")

    def datagram_received(self, data, addr) -> None:
        self.note("datagram", data, addr)

    def error_received(self, exc) -> None:
        self.note("error", exc)

    def connection_lost(self, exc) -> None:
        self.note("lost", exc)
        self.lost.set_result(exc)

    def pause_writing(self) -> None:
        self.note("pause")

    def resume_writing(self) -> None:
        self.note("resume")


@contextlib.asynccontextmanager
async def endpoint(factory=Recorder, **arguments):
    """A transport and its protocol; by default a UDP socket on a free port of the loopback."""
    if not arguments:
        arguments = {"local_addr": (HOST, 0)}
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(factory, **arguments)
    try:
        yield transport, protocol
    finally:
        if transport.get_extra_info("socket").fileno() != -1:
            transport.abort()
        await turns(3)


def udp_socket(family=socket.AF_INET, host=HOST) -> socket.socket:
    """A blocking UDP socket on a free port, with a time limit."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.settimeout(SECONDS)
    return sock


def name_of(transport):
    """The address that a transport is bound to."""
    return transport.get_extra_info("sockname")

"""Conversations by plain protocols, and protocols that raise."""

import asyncio
import random

from soak.actor import Actor, check, same, some_bytes
from soak.problems import DeliberateError
from soak.world import World


class Talker(asyncio.Protocol):
    """Sends its data, some at a time, and waits for as much to come back."""

    def __init__(self, sent: bytes, piece: int) -> None:
        self.sent = sent
        self.piece = piece
        self.got = bytearray()
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.at = 0
        self.paused = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(b"echo\n")
        self.send()

    def send(self) -> None:
        while self.at < len(self.sent) and not self.paused:
            self.transport.write(self.sent[self.at : self.at + self.piece])
            self.at += self.piece

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.send()

    def data_received(self, data: bytes) -> None:
        self.got += data
        if len(self.got) >= len(self.sent):
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if not self.lost.done():  # cancelled together with who waited for it
            self.lost.set_result(error)


class BufferedTalker(Talker, asyncio.BufferedProtocol):
    """The same, into a buffer of its own."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        # A view, as asyncio's TLS slices it, and would receive into the copy of a slice.
        self.buffer = memoryview(bytearray(5000))
        super().connection_made(transport)

    data_received = None

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def buffer_updated(self, count: int) -> None:
        Talker.data_received(self, self.buffer[:count])


class Raising(Talker):
    """Raises in one of its methods, once."""

    def __init__(self, sent: bytes, method: str) -> None:
        super().__init__(sent, 65536)
        self.error: DeliberateError | None = None
        setattr(self, method, self._raising(getattr(self, method)))

    def _raising(self, method):
        def call(*args):
            method(*args)
            if self.error is None:
                self.error = DeliberateError()
                raise self.error

        return call


async def talk(world: World, rng: random.Random) -> None:
    kind = rng.choice((Talker, BufferedTalker))
    sent = some_bytes(rng, rng.choice((1, 1000, 500_000)))
    transport, protocol = await world.connect(
        rng.choice(world.ways), lambda: kind(sent, rng.choice((len(sent), 3000)))
    )
    try:
        error = await protocol.lost
        check(error is None, f"the connection ended by {error!r}")
        same(protocol.got, sent)
    finally:
        transport.abort()


async def raising(world: World, rng: random.Random) -> None:
    method = rng.choice(
        ("connection_made", "data_received", "connection_lost", "pause_writing", "resume_writing")
    )
    sent = some_bytes(rng, rng.choice((10, 500_000)))
    # Under TLS, what connection_made raises fails the handshake.
    ways = [way for way in world.ways if not (way.encrypted and method == "connection_made")]
    transport, protocol = await world.connect(rng.choice(ways), lambda: Raising(sent, method))
    try:
        await protocol.lost
        # A turn later the handler has heard of what connection_lost raised.
        await asyncio.sleep(0)
        if protocol.error is not None:
            count = protocol.error.reported
            check(count == 1, f"{method} raised, and the handler was called {count} times")
        else:
            check(method in ("pause_writing", "resume_writing"), f"{method} was not called")
            same(protocol.got, sent)
    finally:
        transport.abort()


ACTORS = (
    Actor("protocol talk", talk, 5),
    Actor("protocol that raises", raising, 3),
)

"""Datagrams over UDP and Unix sockets."""

import asyncio
import contextlib
import random
import socket

from soak.actor import Actor, check, some_bytes
from soak.ways import HOST
from soak.world import World

# Nobody serves UDP on the port of tcpmux.
NOBODY = (HOST, 1)


class Inbox(asyncio.DatagramProtocol):
    """Keeps what comes from one address."""

    def __init__(self, expected: object) -> None:
        self.expected = expected
        self.came: asyncio.Queue[bytes] = asyncio.Queue()
        self.errors: asyncio.Queue[Exception] = asyncio.Queue()
        self.lost = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, address: object) -> None:
        # A port may be that of an endpoint that has gone, to which somebody still sends.
        if address == self.expected:
            self.came.put_nowait(data)

    def error_received(self, error: Exception) -> None:
        self.errors.put_nowait(error)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(error)


@contextlib.asynccontextmanager
async def endpoint(world: World, expected: object, **how):
    transport, inbox = await world.loop.create_datagram_endpoint(lambda: Inbox(expected), **how)
    world.made.update((transport, inbox))
    try:
        yield transport, inbox
        transport.close()
        error = await inbox.lost
        check(error is None, f"the endpoint ended by {error!r}")
    finally:
        transport.abort()


async def udp(world: World, rng: random.Random) -> None:
    server = world.udp.get_extra_info("sockname")
    connected = rng.random() < 0.5
    how = {"remote_addr": server} if connected else {"local_addr": (HOST, 0)}
    # More at once would fill the server's buffer faster than it can empty it.
    async with world.senders, endpoint(world, server, **how) as (transport, inbox):
        for number in range(rng.randint(1, 10)):
            sent = bytes([number]) + some_bytes(rng, rng.choice((0, 500, 8000)))
            while True:
                transport.sendto(sent, None if connected else server)
                try:
                    # The kernel drops what finds no room; not all at once may try again.
                    async with asyncio.timeout(rng.uniform(0.05, 1)):
                        # What was sent twice is answered twice.
                        while (got := await inbox.came.get())[0] != number:
                            pass
                    break
                except TimeoutError:
                    world.counts["datagrams sent again"] += 1
            check(got == sent, f"{len(got)} bytes came of {len(sent)}")
            world.counts["datagrams"] += 1
        check(inbox.errors.empty(), "error_received was called")


async def nobody_there(world: World, _: random.Random) -> None:
    async with endpoint(world, NOBODY, remote_addr=NOBODY) as (transport, inbox):
        transport.sendto(b"anybody there?")
        world.counts["datagrams"] += 1
        error = await inbox.errors.get()
        check(isinstance(error, ConnectionRefusedError), f"{error!r} came")


async def unix(world: World, rng: random.Random) -> None:
    """None gets lost here: whoever sends too much waits."""
    path = world.folder / f"datagrams-{rng.getrandbits(64)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(str(path))
        try:
            async with (
                endpoint(world, None, sock=theirs) as (_, inbox),
                endpoint(world, None, remote_addr=str(path), family=socket.AF_UNIX) as (sender, _),
            ):
                sent = [some_bytes(rng, rng.choice((1, 8000))) for _ in range(rng.randint(1, 40))]
                for data in sent:
                    sender.sendto(data)
                got = [await inbox.came.get() for _ in sent]
                world.counts["datagrams"] += len(got)
                check(got == sent, "the datagrams differ")
        finally:
            path.unlink()


ACTORS = (
    Actor("UDP", udp, 4),
    Actor("UDP to nobody", nobody_there, 1),
    Actor("Unix datagrams", unix, 2),
)

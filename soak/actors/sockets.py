"""Sockets and descriptors without a transport."""

import contextlib
import random
import socket

from soak.actor import GONE, Actor, check, same, some_bytes
from soak.servers import LINGER_0
from soak.ways import HOST
from soak.world import World


async def calls(world: World, rng: random.Random) -> None:
    """Both ends by `sock_*`."""
    with socket.socket() as listener, socket.socket() as ours:
        listener.setblocking(False)
        listener.bind((HOST, 0))
        listener.listen()
        ours.setblocking(False)
        await world.loop.sock_connect(ours, listener.getsockname())
        world.counts["connections"] += 1
        theirs, _ = await world.loop.sock_accept(listener)
        with theirs:
            sent = some_bytes(rng, rng.choice((1, 20_000)))
            await world.loop.sock_sendall(ours, sent)
            got, buffer = bytearray(), bytearray(4096)
            while len(got) < len(sent):
                count = await world.loop.sock_recv_into(theirs, buffer)
                got += buffer[:count]
            same(got, sent)
            if rng.random() < 0.5:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
                ours.close()
            else:
                ours.shutdown(socket.SHUT_WR)
            with contextlib.suppress(*GONE):
                check(
                    await world.loop.sock_recv(theirs, 1) == b"", "data came, where none was sent"
                )


async def watched(world: World, rng: random.Random) -> None:
    """A pair of sockets by `add_reader` and `add_writer`."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        sent = some_bytes(rng, rng.choice((1, 300_000)))
        left, got, whole = memoryview(sent), bytearray(), world.loop.create_future()

        def write() -> None:
            nonlocal left
            left = left[ours.send(left) :]
            if not left:
                world.loop.remove_writer(ours)

        def read() -> None:
            got.extend(theirs.recv(65536))
            if len(got) == len(sent) and not whole.done():
                whole.set_result(None)

        try:
            world.loop.add_writer(ours, write)
            world.loop.add_reader(theirs, read)
            await whole
        finally:
            world.loop.remove_writer(ours)
            world.loop.remove_reader(theirs)
        same(got, sent)


ACTORS = (Actor("socket calls", calls, 3), Actor("watched sockets", watched, 2))

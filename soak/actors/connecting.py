"""Connections that do not come about, and servers that come and go."""

import asyncio
import random
import socket

from soak.actor import GONE, Actor, check
from soak.ways import HOST
from soak.world import World


async def refused(world: World, _: random.Random) -> None:
    with socket.socket() as sock:
        # Bound and not listening: nobody else can have this port.
        sock.bind((HOST, 0))
        try:
            await world.loop.create_connection(asyncio.Protocol, *sock.getsockname())
        except ConnectionRefusedError:
            return
        check(False, "connected to a port where nobody listens")


async def cancelled_connect(world: World, rng: random.Random) -> None:
    connecting = asyncio.ensure_future(rng.choice(world.ways).connect(asyncio.Protocol))

    def drop(_: object) -> None:
        if not connecting.cancelled():
            world.counts["connections"] += 1
            connecting.result()[0].abort()

    connecting.add_done_callback(drop)
    try:
        for _ in range(rng.randint(0, 4)):
            await asyncio.sleep(0)
    finally:
        connecting.cancel()
    await asyncio.wait([connecting])


async def server_that_goes(world: World, rng: random.Random) -> None:
    served: list[asyncio.Task] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        try:
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
        except GONE:
            pass
        finally:
            writer.close()

    # Started within the block that closes it: asyncio forgets a server whose start is cancelled.
    server = await asyncio.start_server(serve, HOST, 0, start_serving=False)
    address = server.sockets[0].getsockname()

    async def visit() -> None:
        try:
            reader, writer = await asyncio.open_connection(*address)
        except OSError:
            return  # the server went first
        world.counts["connections"] += 1
        try:
            writer.write(b"hello")
            await reader.read(5)
        except GONE:
            pass
        finally:
            writer.transport.abort()

    visits: list[asyncio.Future] = []
    try:
        await server.start_serving()
        visits += [asyncio.ensure_future(visit()) for _ in range(rng.randint(1, 4))]
        await asyncio.sleep(rng.choice((0, 0.002, 0.01)))
        server.close()
        await asyncio.gather(*visits)
    finally:
        server.close()
        for task in visits:
            task.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await server.wait_closed()
        await asyncio.gather(*served, return_exceptions=True)


async def look_up(world: World, rng: random.Random) -> None:
    name = rng.choice(("localhost", HOST))
    found = await world.loop.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
    check(len(found) > 0, f"{name} was not found")


ACTORS = (
    Actor("connect refused", refused, 2),
    Actor("connect cancelled", cancelled_connect, 2),
    Actor("server that goes", server_that_goes, 1, stock=False),
    Actor("look up a name", look_up, 1),
)

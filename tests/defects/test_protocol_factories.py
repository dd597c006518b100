"""A class, a callable object, a method or a partial may make the protocol (python-osc#69)."""

import asyncio
import functools

import pytest

from support import datagrams, unix
from support.net import HOST, listening, tcp_pair
from support.pipes import pipe
from support.protocols import Recorder
from support.servers import client_of
from support.unix import bound


class Maker:
    """Makes protocols when it is called; also false in a test of its truth, as a factory may be."""

    def __call__(self):
        return Recorder()

    def method(self):
        return Recorder()

    def __bool__(self):
        return False


FACTORIES = {
    "class": lambda: Recorder,
    "callable object": Maker,
    "method": lambda: Maker().method,
    "partial": lambda: functools.partial(Recorder, None),
    "instance it made before": lambda: functools.partial(lambda made: made, Recorder()),
}

each_factory = pytest.mark.parametrize("kind", FACTORIES)


@each_factory
async def test_create_connection_takes_any_callable(loop, kind):
    with listening() as listener:
        factory = FACTORIES[kind]()
        transport, protocol = await loop.create_connection(factory, *listener.getsockname())
        assert type(protocol) is Recorder
        transport.abort()
        await protocol.lost


def told_factory(kind, made):
    """A factory of this kind; its protocols put themselves into this queue."""

    class Told(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            made.put_nowait(self)

    return {
        "class": Told,
        "callable object": type("Maker", (), {"__call__": lambda self: Told()})(),
        "method": type("Maker", (), {"method": lambda self: Told()})().method,
        "partial": functools.partial(Told, None),
        "instance it made before": functools.partial(lambda made: made, Told()),
    }[kind]


@each_factory
async def test_create_server_takes_any_callable(loop, kind):
    made = asyncio.Queue()
    server = await loop.create_server(told_factory(kind, made), HOST, 0)
    with client_of(server):
        protocol = await made.get()
    await protocol.lost
    server.close()
    await server.wait_closed()


@each_factory
async def test_create_unix_server_takes_any_callable(loop, socket_path, kind):
    made = asyncio.Queue()
    server = await loop.create_unix_server(told_factory(kind, made), socket_path)
    with unix.client_of(socket_path):
        protocol = await made.get()
    await protocol.lost
    server.close()
    await server.wait_closed()


@each_factory
async def test_create_unix_connection_takes_any_callable(loop, socket_path, kind):
    with bound(socket_path) as listener:
        listener.listen()
        factory = FACTORIES[kind]()
        transport, protocol = await loop.create_unix_connection(factory, socket_path)
        assert type(protocol) is Recorder
        transport.abort()
        await protocol.lost


@each_factory
async def test_create_datagram_endpoint_takes_any_callable(loop, kind):
    """Where the report came from."""
    factory = {
        "class": datagrams.Recorder,
        "callable object": type("Maker", (), {"__call__": lambda self: datagrams.Recorder()})(),
        "method": type("Maker", (), {"method": lambda self: datagrams.Recorder()})().method,
        "partial": functools.partial(datagrams.Recorder),
        "instance it made before": functools.partial(lambda made: made, datagrams.Recorder()),
    }[kind]
    async with datagrams.endpoint(factory, local_addr=(HOST, 0)) as (_transport, protocol):
        assert type(protocol) is datagrams.Recorder
        assert protocol.events == [("made",)]


@each_factory
@pytest.mark.parametrize("method", ["connect_read_pipe", "connect_write_pipe"])
async def test_pipes_take_any_callable(loop, method, kind):
    ends = pipe()
    ours, theirs = ends if method == "connect_read_pipe" else reversed(ends)
    with theirs:
        transport, protocol = await getattr(loop, method)(FACTORIES[kind](), ours)
        assert type(protocol) is Recorder
        transport.close()
        await protocol.lost


@each_factory
async def test_connect_accepted_socket_takes_any_callable(loop, kind):
    ours, peer = tcp_pair()
    _transport, protocol = await loop.connect_accepted_socket(FACTORIES[kind](), ours)
    assert type(protocol) is Recorder
    peer.close()
    await protocol.lost

"""A class, a callable object, a method or a partial may make the protocol (python-osc#69)."""

import asyncio
import functools

import pytest

from support.net import HOST, listening, tcp_pair
from support.protocols import Recorder
from support.servers import client_of


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


@each_factory
async def test_create_server_takes_any_callable(loop, kind):
    made = asyncio.Queue()

    class Told(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            made.put_nowait(self)

    factory = {
        "class": Told,
        "callable object": type("Maker", (), {"__call__": lambda self: Told()})(),
        "method": type("Maker", (), {"method": lambda self: Told()})().method,
        "partial": functools.partial(Told, None),
        "instance it made before": functools.partial(lambda made: made, Told()),
    }[kind]
    server = await loop.create_server(factory, HOST, 0)
    with client_of(server):
        protocol = await made.get()
    await protocol.lost
    server.close()
    await server.wait_closed()


@each_factory
async def test_connect_accepted_socket_takes_any_callable(loop, kind):
    ours, peer = tcp_pair()
    _transport, protocol = await loop.connect_accepted_socket(FACTORIES[kind](), ours)
    assert type(protocol) is Recorder
    peer.close()
    await protocol.lost

"""Connections as a server accepts them, and protocols that fail at it."""

import asyncio
import os
import socket

import pytest

from support.net import HOST, receive_all
from support.protocols import Recorder
from support.servers import Accepting, client_of
from support.turns import turns


@pytest.fixture
def accepting():
    return Accepting()


async def test_many_connections(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    clients = [client_of(server) for _ in range(100)]
    protocols = await accepting.connections(100)
    for n, client in enumerate(clients):
        client.send(b"%d" % n)
        client.close()
    await asyncio.gather(*(protocol.lost for protocol in protocols))
    assert {bytes(protocol.data) for protocol in protocols} == {b"%d" % n for n in range(100)}
    server.close()
    await server.wait_closed()


async def test_connection_made_that_raises(loop, problems):
    class Failing(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            raise ValueError("made")

    protocols = []
    server = await loop.create_server(lambda: protocols.append(Failing()) or protocols[-1], HOST, 0)
    client = client_of(server)
    while not protocols:
        await turns(1)
    await protocols[0].made
    context = problems.take_one()
    assert set(context) == {"message", "exception", "handle"}
    client.send(b"goes on")
    assert await protocols[0].received(7) == b"goes on"
    client.close()
    await protocols[0].lost
    server.close()
    await server.wait_closed()


class FailingOnce(Accepting):
    """A protocol factory that raises at its first call."""

    def __call__(self):
        if not self.made:
            self.made.append(None)
            raise ValueError("the first one")
        return super().__call__()


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_a_factory_that_raises_costs_that_connection_alone(loop, problems):
    loop.set_debug(True)  # without it asyncio says nothing
    loop.slow_callback_duration = 60
    factory = FailingOnce()
    server = await loop.create_server(factory, HOST, 0)
    with client_of(server), client_of(server) as second:
        while len(factory.made) < 2:
            await turns(1)
        context = problems.take_one()
        assert context["message"] == "Error on transport creation for incoming connection"
        assert str(context["exception"]) == "the first one"
        second.send(b"fine")
        assert await factory.made[1].received(4) == b"fine"
    await factory.made[1].lost
    server.close()
    await server.wait_closed()


@pytest.mark.rondel_only("asyncio says nothing, and leaves the connection to the garbage collector")
async def test_a_factory_that_raises_closes_its_connection(loop, problems):
    factory = FailingOnce()
    server = await loop.create_server(factory, HOST, 0)
    with client_of(server) as client:
        while not factory.made:
            await turns(1)
        assert str(problems.take_one()["exception"]) == "the first one"
        assert receive_all(client) == b""
    server.close()
    await server.wait_closed()


@pytest.mark.rondel_only("asyncio's server waits for the transports that failed")
async def test_a_protocol_that_is_none_costs_its_connection_alone(loop, problems):
    """The next one may get its descriptor before the transport is collected."""
    recorder = Recorder()
    protocols = [None, None, recorder]
    server = await loop.create_server(lambda: protocols.pop(0), HOST, 0)
    for _ in range(2):
        with client_of(server):
            while not problems.contexts:
                await turns(1)
            assert isinstance(problems.take_one()["exception"], AttributeError)
    with client_of(server) as client:
        client.send(b"fine")
        assert await recorder.received(4) == b"fine"
    await recorder.lost
    server.close()
    await server.wait_closed()


async def test_a_connection_that_is_gone_before_it_is_accepted(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    for _ in range(3):
        client = client_of(server)
        client.send(b"hello")
        client.close()
    for protocol in await accepting.connections(3):
        await protocol.lost
        assert protocol.events == [("made",), ("data", b"hello"), ("eof",), ("lost", None)]
    server.close()
    await server.wait_closed()


# --- The accepted socket --------------------------------------------------------------------------


@pytest.fixture
def default_timeout():
    """Sockets that Python makes have a time limit of their own."""
    socket.setdefaulttimeout(5)
    yield
    socket.setdefaulttimeout(None)


def check(sock, listener):
    """What `socket.accept` gives, made non-blocking."""
    assert sock.gettimeout() == 0
    assert not os.get_blocking(sock.fileno())
    assert not os.get_inheritable(sock.fileno())
    assert (sock.family, sock.type, sock.proto) == (listener.family, listener.type, listener.proto)
    assert type(sock.family) is socket.AddressFamily
    assert type(sock.type) is socket.SocketKind


async def test_it_is_non_blocking_and_not_inherited(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    with client_of(server) as client:
        (protocol,) = await accepting.connections()
        check(protocol.transport.get_extra_info("socket"), server.sockets[0])
        assert protocol.transport.get_extra_info("peername") == client.getsockname()
    await protocol.lost
    server.close()
    await server.wait_closed()


async def test_it_is_so_whatever_the_default_timeout(loop, accepting, default_timeout):
    server = await loop.create_server(accepting, HOST, 0)
    with client_of(server):
        (protocol,) = await accepting.connections()
        check(protocol.transport.get_extra_info("socket"), server.sockets[0])
    await protocol.lost
    server.close()
    await server.wait_closed()


async def test_its_peer_over_ipv6(loop, accepting):
    try:
        server = await loop.create_server(accepting, "::1", 0)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with socket.create_connection(server.sockets[0].getsockname()[:2]) as client:
        (protocol,) = await accepting.connections()
        check(protocol.transport.get_extra_info("socket"), server.sockets[0])
        assert protocol.transport.get_extra_info("peername") == client.getsockname()
        assert len(client.getsockname()) == 4
    await protocol.lost
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("name", ["", "file", "\0abstract"])
async def test_its_peer_on_a_unix_socket(loop, accepting, socket_folder, socket_path, name):
    server = await loop.create_unix_server(accepting, socket_path)
    with socket.socket(socket.AF_UNIX) as client:
        if name:
            client.bind(str(socket_folder / name) if name == "file" else f"{name}-{os.getpid()}")
        client.connect(socket_path)
        (protocol,) = await accepting.connections()
        check(protocol.transport.get_extra_info("socket"), server.sockets[0])
        assert protocol.transport.get_extra_info("peername") == client.getsockname()
    await protocol.lost
    server.close()
    await server.wait_closed()


async def test_names_are_known_after_the_end(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    with client_of(server) as client:
        (protocol,) = await accepting.connections()
        ours, theirs = client.getpeername(), client.getsockname()
    await protocol.lost
    await turns(1)
    transport = protocol.transport
    assert transport.get_extra_info("sockname") == ours
    assert transport.get_extra_info("peername") == theirs
    assert transport.get_extra_info("socket").fileno() == -1
    server.close()
    await server.wait_closed()

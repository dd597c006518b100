"""The socket object of a connection, which few programs look at, and who listens to its making."""

import asyncio
import resource
import socket

import pytest

from support import child
from support.loops import loop_class
from support.net import HOST, connected, listening, watch_connects
from support.protocols import Recorder
from support.servers import Accepting

NAMES = ("socket", "sockname", "peername")


@pytest.fixture
def listener():
    with listening() as sock:
        yield sock


async def test_names_of_both_ends(loop):
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    address = server.sockets[0].getsockname()
    transport, protocol = await loop.create_connection(Recorder, *address)
    [other] = await accepting.connections(1)
    names = [end.get_extra_info(name) for end in (transport, other.transport) for name in NAMES[1:]]
    ours = transport.get_extra_info("socket").getsockname()
    assert names == [ours, address, address, ours]
    transport.close()
    await asyncio.gather(protocol.lost, other.lost)
    server.close()


async def test_one_object_each_time(loop):
    async with connected() as (transport, _, peer):
        sock = transport.get_extra_info("socket")
        assert transport.get_extra_info("socket") is sock
        assert (sock.family, sock.type, sock.gettimeout()) == (peer.family, socket.SOCK_STREAM, 0)
        assert sock.getsockname() == peer.getpeername() == transport.get_extra_info("sockname")


async def test_the_default_of_what_is_not_known(loop):
    async with connected() as (transport, _, _):
        assert transport.get_extra_info("ssl_object") is None
        assert transport.get_extra_info("ssl_object", 1) == 1
        assert transport.get_extra_info(name="peername", default=1) == transport._extra["peername"]
        assert transport.get_extra_info(("no", "text"), 1) == 1
        for args in ((), ("peername", 1, 2)):
            with pytest.raises(TypeError):
                transport.get_extra_info(*args)
        with pytest.raises(TypeError):
            transport.get_extra_info("peername", nonsense=1)


@pytest.mark.parametrize("asked_before", [False, True])
async def test_after_the_end(loop, listener, asked_before):
    transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
    known = [transport.get_extra_info(name) for name in NAMES[1:]]
    if asked_before:
        transport.get_extra_info("socket")
    transport.close()
    await protocol.lost
    await asyncio.sleep(0)
    assert [transport.get_extra_info(name) for name in NAMES[1:]] == known
    sock = transport.get_extra_info("socket")
    assert (sock.fileno(), sock.family, sock.type) == (-1, listener.family, socket.SOCK_STREAM)


@pytest.mark.rondel_only("asyncio's transport goes on with a descriptor that is closed")
async def test_a_socket_that_its_taker_closes_stays_open(loop, listener):
    """The transport closes it at its own end."""
    transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
    fd = transport.get_extra_info("socket").fileno()
    transport._sock.close()
    transport.write(b"still open")
    peer, _ = listener.accept()
    with peer:
        assert peer.recv(10) == b"still open"
        transport.close()
        await protocol.lost
        assert peer.recv(1) == b""
    assert transport.get_extra_info("socket").fileno() == -1 != fd


async def test_an_heir_that_connects_its_own_way(loop, listener, monkeypatch):
    connects = []
    watch_connects(loop, monkeypatch, connects.append)
    transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
    assert connects == [listener.getsockname()]
    transport.close()
    await protocol.lost


async def test_connections_that_a_program_forbids(loop, listener, monkeypatch):
    """As packages do that keep tests off the network."""

    def connect(sock, address):
        raise PermissionError("no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PermissionError, match="no network"):
        await loop.create_connection(Recorder, *listener.getsockname())


def test_transports_of_an_heirs_making(loop_kind):
    """A loop that makes them its own way is asked, at both ends, and given socket objects."""
    made = []

    class Heir(loop_class(loop_kind)):
        def _make_socket_transport(self, sock, *args, **options):
            made.append(type(sock))
            return super()._make_socket_transport(sock, *args, **options)

    async def connect():
        loop = asyncio.get_running_loop()
        accepting = Accepting()
        server = await loop.create_server(accepting, HOST, 0)
        transport, _ = await loop.create_connection(Recorder, *server.sockets[0].getsockname())
        [other] = await accepting.connections(1)
        transport.close()
        await other.lost
        server.close()

    heir = Heir()
    heir.run_until_complete(connect())
    heir.close()
    assert made == [socket.socket] * 2


def test_audit_hooks_hear_of_each_connection(loop_kind):
    """In a process of its own, as a hook stays."""
    heard = "socket.__new__\nsocket.connect\nsocket.__new__\nat once: 1\nat once: 1\nrefused\n"
    assert child.output(loop_kind, AUDITED) == heard


AUDITED = """
import asyncio, socket, sys
from support.loops import new_loop

refuse = listens = False

def hook(event, args):
    if listens and event in ("socket.__new__", "socket.connect"):
        if refuse:
            raise PermissionError("refused")
        print(event)

async def main():
    global listens, refuse
    loop = asyncio.get_running_loop()
    accepted = loop.create_future()

    class Server(asyncio.Protocol):
        def connection_made(self, transport):
            accepted.set_result(transport)

    server = await loop.create_server(Server, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    sys.addaudithook(hook)
    listens = True
    transport, _ = await loop.create_connection(asyncio.Protocol, *address)
    for end in transport, await accepted:
        sock = end.get_extra_info("socket")
        print("at once:", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        end.close()
    refuse = True
    try:
        await loop.create_connection(asyncio.Protocol, *address)
    except PermissionError as error:
        print(error)
    server.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

loop = new_loop()
loop.run_until_complete(main())
loop.close()
"""


async def test_the_socket_of_a_closed_connection_needs_no_descriptor(loop):
    async with connected(Recorder) as (transport, protocol, _):
        transport.abort()
        await protocol.lost
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            assert transport.get_extra_info("socket").fileno() == -1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

"""The life of a transport, call by call."""

import asyncio
import socket

import pytest

from support.net import connected, listening, tcp_pair, wait_readable
from support.protocols import Recorder
from support.turns import turns


async def test_made_then_reading_then_the_waiter_wakes(loop):
    """Three calls of call_soon in this order, and data comes only when all three have run."""
    seen = []

    class Told(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            seen.append("made")
            # Behind what the transport scheduled: reading starts, the waiter wakes.
            loop.call_soon(lambda: seen.append(("started", transport.is_reading())))

        def data_received(self, data):
            seen.append("data")
            super().data_received(data)

    ours, peer = tcp_pair()
    with peer:
        peer.send(b"early")
        wait_readable(ours)
        transport, protocol = await loop.create_connection(Told, sock=ours)
        seen.append("returned")
        await protocol.received(5)
        assert seen.index("made") < seen.index("returned")
        assert seen.index("made") < seen.index(("started", True)) < seen.index("data")
        assert seen[:2] == ["made", ("started", True)] or seen[:2] == ["made", "returned"]
        transport.abort()
        await protocol.lost


async def test_closing_in_connection_made_never_starts_reading(loop):
    class Sudden(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.close()

    ours, peer = tcp_pair()
    with peer:
        peer.send(b"never read")
        wait_readable(ours)
        _transport, protocol = await loop.create_connection(Sudden, sock=ours)
        await protocol.lost
        await turns(3)
        assert protocol.names == ["made", "lost"]


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_connection_lost_is_a_callback_of_its_own(loop, how):
    """Not inside close or abort, whoever calls them: not even data_received."""
    inside = []

    class Closing(Recorder):
        def data_received(self, data):
            getattr(self.transport, how)()
            inside.append(list(self.names))
            super().data_received(data)

        def connection_lost(self, exc):
            super().connection_lost(exc)
            inside.append(list(self.names))

    async with connected(Closing) as (_transport, protocol, peer):
        peer.send(b".")
        assert await protocol.lost is None
    assert inside == [["made"], ["made", "data", "lost"]]


async def test_socket_of_a_transport_is_there_for_options_dup_and_fileno(loop):
    async with connected() as (transport, protocol, peer):
        sock = transport.get_extra_info("socket")
        assert type(sock) is asyncio.trsock.TransportSocket
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.fileno() >= 0
        with sock.dup() as dup:
            dup.setblocking(True)
            dup.sendall(b"through the dup")
            assert peer.recv(100) == b"through the dup"
            dup.setblocking(False)
        transport.write(b"and by itself")
        assert peer.recv(100) == b"and by itself"
        peer.sendall(b"alive")
        assert await protocol.received(5) == b"alive"


async def test_data_before_the_end_comes_before_connection_lost_although_paused(loop):
    """What came before EOF waits for resume_reading; connection_lost waits for it."""
    with listening() as listener:
        transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
        peer, _ = listener.accept()
        transport.pause_reading()
        peer.sendall(b"last words")
        peer.close()
        await turns(5)
        assert protocol.names == ["made"]
        transport.resume_reading()
        await protocol.lost
        assert protocol.names == ["made", "data", "eof", "lost"]
        assert protocol.data == b"last words"

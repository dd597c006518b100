"""The life of a TCP transport: the order of its calls, what it tells, how it closes."""

import asyncio
import gc
import re
import socket
import warnings
from asyncio.trsock import TransportSocket

import pytest

from support.net import connected, receive_all, receive_exactly, tcp_pair, wait_readable
from support.protocols import Recorder
from support.turns import turns


async def test_made_comes_by_call_soon_before_the_connection_is_returned(loop):
    seen = []

    class Ordered(Recorder):
        def connection_made(self, transport):
            seen.append("made")
            loop.call_soon(seen.append, "soon after made")
            super().connection_made(transport)

    def factory():
        seen.append("factory")
        loop.call_soon(seen.append, "soon after factory")
        return Ordered()

    async with connected(factory) as (transport, protocol, _):
        seen.append("returned")
        assert protocol.transport is transport
        assert isinstance(transport, asyncio.Transport)
    assert seen == ["factory", "soon after factory", "made", "soon after made", "returned"]


async def test_data_comes_after_made_and_not_in_its_turn(loop):
    ours, peer = tcp_pair()
    peer.send(b"early")
    wait_readable(ours)
    transport, protocol = await loop.create_connection(Recorder, sock=ours)
    assert protocol.names == ["made"]
    await asyncio.sleep(0)
    assert protocol.events[1:] == [("data", b"early")]
    assert type(protocol.events[1][1]) is bytes
    transport.close()
    peer.close()
    await protocol.lost


async def test_one_read_a_turn(loop):
    async with connected() as (transport, protocol, peer):
        transport.pause_reading()
        peer.setblocking(False)
        size = 0
        try:
            while True:
                size += peer.send(bytes(65536))
        except BlockingIOError:
            pass
        transport.resume_reading()
        while len(protocol.data) < size:
            before = len(protocol.events)
            await asyncio.sleep(0)
            assert len(protocol.events) <= before + 1


async def test_close(loop):
    seen = []
    async with connected() as (transport, protocol, peer):
        loop.call_soon(seen.append, "before")
        transport.close()
        protocol.lost.add_done_callback(lambda _: seen.append("lost"))
        loop.call_soon(seen.append, "after")
        assert transport.is_closing()
        assert protocol.names == ["made"], "not inside close()"
        await asyncio.sleep(0)
        assert protocol.events[1:] == [("lost", None)]
        assert receive_all(peer) == b""
        await asyncio.sleep(0)
    assert seen == ["before", "after", "lost"]


@pytest.mark.parametrize("ways", ["cc", "aa", "ca", "ac"])
async def test_closing_twice_loses_once(loop, ways):
    async with connected() as (transport, protocol, _):
        for way in ways:
            transport.close() if way == "c" else transport.abort()
        await turns(3)
        transport.close()
        transport.abort()
        await turns(3)
        assert protocol.events == [("made",), ("lost", None)]


async def test_close_sends_what_is_queued(loop):
    data = bytes(range(256)) * 20_000
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.write(data)
        assert transport.get_write_buffer_size() > 0
        transport.close()
        assert transport.is_closing()
        await turns(3)
        assert not protocol.lost.done()
        assert await asyncio.to_thread(receive_all, peer) == data
        assert await protocol.lost is None


async def test_abort_drops_what_is_queued(loop):
    async with connected(small_buffers=True) as (transport, protocol, _):
        transport.write(bytes(5_000_000))
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert await protocol.lost is None
        assert transport.is_closing()


@pytest.mark.rondel_only("asyncio's raises AttributeError")
async def test_abort_after_the_end_does_nothing(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(1_000_000))
        transport.close()
        await asyncio.to_thread(receive_all, peer)
        await protocol.lost
        transport.abort()
        transport.close()
        await turns(3)
    assert protocol.names == ["made", "pause", "resume", "lost"]


async def test_nothing_comes_after_close(loop):
    async with connected() as (transport, protocol, peer):
        peer.send(b"too late")
        wait_readable(transport.get_extra_info("socket"))
        transport.close()
        await protocol.lost
        await turns(2)
    assert protocol.names == ["made", "lost"]


async def test_the_descriptor_is_open_during_connection_lost(loop):
    class Looking(Recorder):
        def connection_lost(self, exc):
            sock = self.transport.get_extra_info("socket")
            self.found = sock.fileno(), sock.getsockname()
            super().connection_lost(exc)

    async with connected(Looking) as (transport, protocol, _):
        sock = transport.get_extra_info("socket")
        expected = sock.fileno(), sock.getsockname()
        transport.close()
        await protocol.lost
        assert protocol.found == expected
        await asyncio.sleep(0)
        assert sock.fileno() == -1


async def test_extra_info(loop):
    async with connected() as (transport, protocol, peer):
        sock = transport.get_extra_info("socket")
        assert type(sock) is TransportSocket
        assert transport.get_extra_info("sockname") == sock.getsockname() == peer.getpeername()
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert transport.get_extra_info("nothing") is None
        assert transport.get_extra_info("nothing", 7) == 7
        assert transport.get_extra_info("sslcontext") is None
        transport.close()
        await protocol.lost
        assert transport.get_extra_info("peername") == peer.getsockname()


async def test_the_socket_may_be_used(loop):
    async with connected() as (transport, _, peer):
        sock = transport.get_extra_info("socket")
        assert sock.family == socket.AF_INET
        assert sock.type == socket.SOCK_STREAM
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.gettimeout() == 0
        with sock.dup() as dup:
            assert dup.fileno() != sock.fileno()
            dup.send(b"through the dup")
        assert receive_exactly(peer, 15) == b"through the dup"
        transport.write(b"and on")
        assert receive_exactly(peer, 6) == b"and on"


async def test_set_protocol(loop):
    async with connected() as (transport, first, peer):
        peer.send(b"1")
        await first.received(1)
        second = Recorder()
        second.transport = transport
        assert transport.get_protocol() is first
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        peer.send(b"2")
        await second.received(1)
        peer.close()
        await second.lost
    assert first.events == [("made",), ("data", b"1")]
    assert second.events == [("data", b"2"), ("eof",), ("lost", None)]


async def test_a_transport_that_nobody_holds_lives(loop):
    got = loop.create_future()

    class Forgetful(asyncio.Protocol):
        def data_received(self, data):
            got.set_result(data)

        def connection_lost(self, exc):
            lost.set_result(exc)

    lost = loop.create_future()
    ours, peer = tcp_pair()
    with peer:
        await loop.create_connection(Forgetful, sock=ours)
        del ours
        gc.collect()
        await asyncio.sleep(0)
        gc.collect()
        peer.send(b"still there")
        assert await got == b"still there"
    assert await lost is None


async def test_a_transport_that_writes_and_nobody_holds_lives(loop):
    data = bytes(3_000_000)
    ours, peer = tcp_pair()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    transport.pause_reading()
    transport.write(data)
    transport.close()
    del transport, _, ours
    gc.collect()
    assert len(await asyncio.to_thread(receive_all, peer)) == len(data)
    peer.close()
    await turns(2)


async def test_attributes_may_be_set(loop):
    async with connected() as (transport, _, _peer):
        transport.user = "somebody"
        assert transport.user == "somebody"


async def test_repr(loop):
    async with connected(small_buffers=True) as (transport, protocol, _):
        number = transport.get_extra_info("socket").fileno()
        assert re.fullmatch(
            rf"<\w+ fd={number} read=polling write=<idle, bufsize=0>>", repr(transport)
        )
        transport.pause_reading()
        transport.write(bytes(5_000_000))
        assert re.search(r"read=idle write=<polling, bufsize=\d{6,7}>>$", repr(transport))
        transport.close()
        assert "closing" in repr(transport)
        transport.abort()
        await protocol.lost
        await asyncio.sleep(0)
        assert "closed" in repr(transport)


async def test_a_transport_left_open_warns(loop, log):
    ours, peer = tcp_pair()
    transport, protocol = await loop.create_connection(asyncio.Protocol, sock=ours)
    transport.pause_reading()
    del ours, protocol
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del transport
        gc.collect()
    messages = [str(warning.message) for warning in caught]
    assert len([m for m in messages if re.match("unclosed transport <.* fd=", m)]) == 1
    assert receive_all(peer) == b"", "and it closes"
    peer.close()

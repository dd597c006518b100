"""Peers that vanish or do not read, in each state of a connection, on TCP and Unix sockets."""

import asyncio
import contextlib
import socket
import time

import pytest

from support.net import (
    listening,
    receive_all,
    receive_exactly,
    reset,
    reset_by,
    wait_hangup,
)
from support.protocols import Recorder
from support.turns import turns
from support.unix import bound

MUCH = 3_000_000
GONE = (ConnectionResetError, BrokenPipeError)


@pytest.fixture(params=["tcp", "unix"])
def listener(request, socket_path):
    """A listening socket of either family."""
    sock = listening() if request.param == "tcp" else bound(socket_path)
    with sock:
        sock.listen()
        yield sock


def connecting(loop, listener):
    """A coroutine that connects to it."""
    address = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return loop.create_unix_connection(Recorder, address)
    return loop.create_connection(Recorder, *address)


# --- Resets ---------------------------------------------------------------------------------------


async def test_nobody_listens_any_more(loop, listener):
    coroutine = connecting(loop, listener)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        await coroutine


async def test_a_listener_that_closes_before_it_accepts(loop, listener):
    # This turn connects; by the next the kernel has taken the connection back.
    task = asyncio.create_task(connecting(loop, listener))
    await turns(1)
    listener.close()
    try:
        _transport, protocol = await task
    except ConnectionError:
        return
    assert isinstance(await protocol.lost, GONE)
    assert protocol.names == ["made", "lost"]


async def test_a_reset_between_connecting_and_connection_made(loop, listener):
    listener.setblocking(False)
    accepting = asyncio.create_task(loop.sock_accept(listener))
    task = asyncio.create_task(connecting(loop, listener))
    peer, _ = await accepting
    if peer.family == socket.AF_UNIX:
        # It resets only what it has not read.
        transport, protocol = await task
        transport.pause_reading()
        reset_by(peer, transport)
        transport.resume_reading()
    else:
        reset(peer)
        _transport, protocol = await task
    assert isinstance(await protocol.lost, ConnectionResetError)
    assert protocol.names == ["made", "lost"]


async def test_while_we_write(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(MUCH))
        receive_exactly(peer, 100_000)
        await turns(2)
        reset(peer)
        assert isinstance(await protocol.lost, GONE)
        assert transport.get_write_buffer_size() == 0
        transport.write(b"after the end")
    assert protocol.names == ["made", "pause", "lost"]


async def test_while_we_close(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(MUCH))
        transport.close()
        await turns(2)
        assert not protocol.lost.done()
        reset(peer)
        assert isinstance(await protocol.lost, GONE)
    assert protocol.names == ["made", "pause", "lost"]


async def test_after_our_end(loop, connect):
    async with connect() as (transport, protocol, peer):
        transport.write(b"unread")
        transport.write_eof()
        await turns(2)
        reset(peer)
        assert isinstance(await protocol.lost, ConnectionResetError)
    assert protocol.names == ["made", "lost"]


async def test_after_our_end_that_waits_behind_much(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(MUCH))
        transport.write_eof()
        reset(peer)
        assert isinstance(await protocol.lost, GONE)
    assert protocol.names == ["made", "pause", "lost"]


async def test_after_the_peers_end(loop, connect):
    async with connect(lambda: Recorder(keep_open=True)) as (transport, protocol, peer):
        peer.shutdown(socket.SHUT_WR)
        await protocol.eof
        reset_by(peer, transport)
        # Nothing is read any more: the next writes tell.
        while not protocol.lost.done():
            transport.write(b".")
            await asyncio.sleep(0)
        assert isinstance(protocol.lost.result(), GONE)
    assert protocol.names == ["made", "eof", "lost"]


async def test_after_both_ends(loop, connect):
    async with connect(lambda: Recorder(keep_open=True)) as (transport, protocol, peer):
        transport.write(b"unread")
        transport.write_eof()
        peer.shutdown(socket.SHUT_WR)
        await protocol.eof
        reset(peer)
        transport.close()
        assert await protocol.lost is None
    assert protocol.names == ["made", "eof", "lost"]


async def test_while_reading_is_paused(loop, connect):
    async with connect() as (transport, protocol, peer):
        transport.pause_reading()
        peer.send(b"kept")
        reset_by(peer, transport)
        wait_hangup(transport.get_extra_info("socket"))
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert isinstance(await protocol.lost, ConnectionResetError)
    assert protocol.data == b"kept"


async def test_in_data_received(loop, connect):
    class Answering(Recorder):
        def data_received(self, data):
            super().data_received(data)
            reset_by(peer, self.transport)
            wait_hangup(self.transport.get_extra_info("socket"))
            self.transport.write(b"to nobody")

    async with connect(Answering) as (_, protocol, peer):
        peer.send(b"hello")
        assert isinstance(await protocol.lost, GONE)
    assert protocol.names == ["made", "data", "lost"]


# --- Peers that do not read -----------------------------------------------------------------------


async def test_a_full_buffer_does_not_spin_and_all_arrives(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        data = bytes(range(256)) * 10_000
        transport.write(data)
        await turns(2)
        before = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - before < 0.1, "processor time, not time on the clock"
        assert transport.get_write_buffer_size() > 0
        assert protocol.names == ["made", "pause"]
        transport.close()
        assert await asyncio.to_thread(receive_all, peer) == data
        assert await protocol.lost is None
    assert protocol.names == ["made", "pause", "resume", "lost"]


async def test_a_peer_that_never_reads_is_given_up_by_abort(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(MUCH))
        transport.close()
        await turns(5)
        assert protocol.names == ["made", "pause"]
        assert transport.get_write_buffer_size() > 0
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        assert await protocol.lost is None
        assert len(receive_all(peer)) < MUCH


async def test_a_peer_that_never_reads_is_still_heard(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(MUCH))
        peer.send(b"first")
        assert await protocol.received(5) == b"first"
        transport.write(bytes(MUCH))
        peer.send(b"second")
        assert await protocol.received(11) == b"firstsecond"
        transport.abort()
        assert await protocol.lost is None
    assert protocol.names.count("pause") == 1


async def test_a_reader_that_never_reads_pauses_the_transport(loop, connect):
    """What comes then stays with the kernel, and at last with the peer."""
    reader = asyncio.StreamReader(limit=1024)

    def factory():
        return asyncio.StreamReaderProtocol(reader)

    async with connect(factory, small_buffers=True) as (transport, _protocol, peer):
        peer.setblocking(False)
        sent = 0
        while transport.is_reading():
            sent += peer.send(bytes(1024))
            await asyncio.sleep(0)
        full = False
        while not full:
            try:
                sent += peer.send(bytes(65536))
            except BlockingIOError:
                full = True
        await turns(3)
        peer.shutdown(socket.SHUT_WR)
        assert len(await reader.read()) == sent


@contextlib.asynccontextmanager
async def draining_writer(loop, connect):
    """A reader and a writer that has written more than the system takes, its drain(), the peer."""
    reader = asyncio.StreamReader()

    def factory():
        return asyncio.StreamReaderProtocol(reader)

    async with connect(factory, small_buffers=True) as (transport, protocol, peer):
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        writer.write(bytes(MUCH))
        yield reader, writer, asyncio.create_task(writer.drain()), peer


async def test_drain_waits_for_a_peer_that_does_not_read(loop, connect):
    async with draining_writer(loop, connect) as (_reader, writer, draining, peer):
        await turns(5)
        assert not draining.done()
        reading = asyncio.create_task(asyncio.to_thread(receive_all, peer))
        await draining
        writer.close()
        assert len(await reading) == MUCH
        await writer.wait_closed()


async def test_drain_fails_when_such_a_peer_vanishes(loop, connect):
    async with draining_writer(loop, connect) as (reader, writer, draining, peer):
        await turns(2)
        reset(peer)
        with pytest.raises(GONE):
            await draining
        with pytest.raises(GONE):
            await reader.read()
        writer.close()
        with pytest.raises(GONE):
            await writer.wait_closed()

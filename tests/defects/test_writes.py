"""Writes leave at once, and none is lost at close (uvloop#631)."""

import asyncio
import socket

import pytest

from support.net import connected, listening, receive_all, receive_exactly, tcp_pair
from support.protocols import Recorder


async def test_write_is_not_delayed_by_a_turn(loop):
    """The peer has the data before the callback that wrote it returns to the loop."""
    async with connected() as (transport, _protocol, peer):
        for n in range(3):
            transport.write(b"first %d" % n)
            assert receive_exactly(peer, 7) == b"first %d" % n
            transport.writelines([b"second", b" %d" % n])
            assert receive_exactly(peer, 8) == b"second %d" % n


async def test_stream_write_is_not_delayed_by_a_turn(loop):
    ours, peer = tcp_pair()
    _reader, writer = await asyncio.open_connection(sock=ours)
    with peer:
        writer.write(b"at once")
        assert receive_exactly(peer, 7) == b"at once"
        writer.close()
    await writer.wait_closed()


async def test_answer_leaves_inside_data_received(loop):
    answers = []

    class Echo(Recorder):
        def data_received(self, data):
            self.transport.write(data)
            answers.append(receive_exactly(peer, len(data)))
            super().data_received(data)

    async with connected(Echo) as (_transport, protocol, peer):
        peer.sendall(b"question")
        await protocol.received(8)
    assert answers == [b"question"]


@pytest.mark.parametrize("size", [1, 100_000, 8_000_000])
async def test_write_before_close_is_not_lost(loop, size):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        transport.write(data)
        transport.close()
        transport.write(b"after close: dropped" if size == 1 else b"")
        received = await asyncio.to_thread(receive_all, peer)
        assert received.startswith(data)
        await protocol.lost


async def test_write_before_write_eof_and_close_is_not_lost(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        data = b"e" * 3_000_000
        transport.write(data)
        transport.write_eof()
        transport.close()
        assert await asyncio.to_thread(receive_all, peer) == data
        await protocol.lost


async def test_write_is_not_lost_when_the_main_task_ends_after_close(loop):
    """`wait_closed` is all that a program needs to await."""
    ours, peer = tcp_pair(65536)
    _reader, writer = await asyncio.open_connection(sock=ours)
    data = b"w" * 3_000_000
    writer.write(data)
    writer.close()
    received = loop.run_in_executor(None, receive_all, peer)
    await writer.wait_closed()
    assert await received == data
    peer.close()


async def test_small_writes_before_close_arrive_in_order(loop):
    async with connected() as (transport, protocol, peer):
        parts = [b"%08d" % n for n in range(8_000)]
        for part in parts:
            transport.write(part)
        transport.close()
        assert await asyncio.to_thread(receive_all, peer) == b"".join(parts)
        await protocol.lost


async def test_nagle_does_not_hold_small_writes_back(loop):
    with listening() as listener:
        transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        transport.abort()
        await protocol.lost

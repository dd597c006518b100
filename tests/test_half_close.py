"""The end of one direction: eof_received, write_eof, and connections that stay half open."""

import asyncio
import time

import pytest

from support.net import connected, receive_all, receive_exactly, reset, wait_readable
from support.protocols import Recorder
from support.turns import turns


@pytest.mark.parametrize("keep_open", [None, False, 0])
async def test_the_peers_end_closes(loop, keep_open):
    async with connected(lambda: Recorder(keep_open)) as (transport, protocol, peer):
        peer.send(b"last")
        peer.close()
        assert await protocol.lost is None
        assert transport.is_closing()
    assert protocol.events == [("made",), ("data", b"last"), ("eof",), ("lost", None)]


async def test_eof_received_true_keeps_it_open(loop):
    async with connected(lambda: Recorder(keep_open=True)) as (transport, protocol, peer):
        peer.send(b"question")
        peer.shutdown(1)
        await protocol.eof
        assert not transport.is_closing()
        await turns(3)
        assert protocol.names == ["made", "data", "eof"], "once"
        transport.write(b"answer")
        assert receive_exactly(peer, 6) == b"answer"
        transport.close()
        assert await protocol.lost is None
        assert receive_all(peer) == b""


async def test_a_half_open_connection_does_not_spin(loop):
    async with connected(lambda: Recorder(keep_open=True)) as (_transport, protocol, peer):
        peer.shutdown(1)
        await protocol.eof
        before = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - before < 0.1, "processor time, not time on the clock"
        assert protocol.names == ["made", "eof"]


async def test_a_half_open_connection_that_is_reset_is_lost_at_the_next_write(loop):
    async with connected(lambda: Recorder(keep_open=True)) as (transport, protocol, peer):
        peer.shutdown(1)
        await protocol.eof
        reset(peer)
        while not protocol.lost.done():
            transport.write(b".")
            await asyncio.sleep(0)
        assert isinstance(protocol.lost.result(), (ConnectionResetError, BrokenPipeError))


async def test_write_eof(loop):
    async with connected() as (transport, protocol, peer):
        assert transport.can_write_eof()
        transport.write(b"all of it")
        transport.write_eof()
        transport.write_eof()
        assert receive_all(peer) == b"all of it"
        assert not transport.is_closing()
        peer.send(b"still read")
        assert await protocol.received(10) == b"still read"
        peer.close()
        assert await protocol.lost is None


async def test_write_eof_comes_behind_what_is_queued(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(2_000_000))
        transport.write_eof()
        assert transport.get_write_buffer_size() > 0
        assert len(await asyncio.to_thread(receive_all, peer)) == 2_000_000
        assert not transport.is_closing()
        assert protocol.names == ["made", "pause", "resume"]


async def test_close_behind_write_eof(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(2_000_000))
        transport.write_eof()
        transport.close()
        assert len(await asyncio.to_thread(receive_all, peer)) == 2_000_000
        assert await protocol.lost is None


async def test_no_writing_after_write_eof(loop):
    async with connected() as (transport, _, _peer):
        transport.write_eof()
        with pytest.raises(RuntimeError, match=r"Cannot call write\(\) after write_eof\(\)"):
            transport.write(b"more")
        assert not transport.is_closing()


@pytest.mark.rondel_only("in 3.11 it is write() that refuses")
async def test_no_writelines_after_write_eof(loop):
    async with connected() as (transport, _, _peer):
        transport.write_eof()
        with pytest.raises(
            RuntimeError, match=r"Cannot call write(lines)?\(\) after write_eof\(\)"
        ):
            transport.writelines([b"more"])


async def test_write_eof_after_close_does_nothing(loop):
    async with connected() as (transport, protocol, _):
        transport.close()
        transport.write_eof()
        await protocol.lost
        transport.write_eof()


async def test_both_ends(loop):
    async with connected(lambda: Recorder(keep_open=True)) as (transport, protocol, peer):
        transport.write_eof()
        assert receive_all(peer) == b""
        peer.send(b"bye")
        peer.shutdown(1)
        await protocol.eof
        assert not transport.is_closing()
        transport.close()
        assert await protocol.lost is None
    assert protocol.events == [("made",), ("data", b"bye"), ("eof",), ("lost", None)]


async def test_an_end_without_data(loop):
    async with connected() as (transport, protocol, peer):
        peer.close()
        wait_readable(transport.get_extra_info("socket"))
        await protocol.lost
    assert protocol.events == [("made",), ("eof",), ("lost", None)]

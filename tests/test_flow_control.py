"""Back-pressure: reading paused and resumed, the water marks, writing paused and resumed."""

import asyncio
import math
import sys
import time

import pytest

from support.net import connected, receive_all, receive_exactly, reset, wait_hangup, wait_readable
from support.protocols import Recorder
from support.tls import tls_connected
from support.turns import turns


async def test_pause_and_resume_reading(loop):
    async with connected() as (transport, protocol, peer):
        assert transport.is_reading()
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        peer.send(b"waits")
        wait_readable(transport.get_extra_info("socket"))
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        assert protocol.names == ["made"], "not inside resume_reading"
        assert await protocol.received(5) == b"waits"


async def test_pausing_in_the_turn_in_which_data_is_ready(loop):
    async with connected() as (transport, protocol, peer):
        peer.send(b"waits")
        wait_readable(transport.get_extra_info("socket"))
        loop.call_soon(transport.pause_reading)
        await turns(2)
        assert protocol.names == ["made"]


async def test_pausing_in_connection_made(loop):
    class Paused(Recorder):
        def connection_made(self, transport):
            transport.pause_reading()
            super().connection_made(transport)

    async with connected(Paused) as (transport, protocol, peer):
        peer.send(b"waits")
        wait_readable(transport.get_extra_info("socket"))
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert await protocol.received(5) == b"waits"


async def test_pausing_in_data_received(loop):
    class OneAtATime(Recorder):
        def data_received(self, data):
            self.transport.pause_reading()
            loop.call_soon(self.transport.resume_reading)
            super().data_received(data)

    async with connected(OneAtATime) as (_, protocol, peer):
        for n in range(10):
            peer.send(b"%d" % n)
            assert await protocol.received(n + 1) == b"0123456789"[: n + 1]


async def test_the_end_comes_after_resuming(loop):
    async with connected() as (transport, protocol, peer):
        transport.pause_reading()
        peer.send(b"last")
        peer.close()
        wait_readable(transport.get_extra_info("socket"))
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert await protocol.lost is None
    assert protocol.events[1:] == [("data", b"last"), ("eof",), ("lost", None)]


async def test_reading_cannot_be_resumed_after_close(loop):
    async with connected() as (transport, protocol, _peer):
        transport.pause_reading()
        transport.close()
        transport.resume_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        await protocol.lost
        transport.resume_reading()
        transport.pause_reading()
        assert not transport.is_reading()


async def test_a_paused_transport_whose_peer_is_gone_does_not_spin(loop):
    async with connected() as (transport, protocol, peer):
        transport.pause_reading()
        reset(peer)
        wait_hangup(transport.get_extra_info("socket"))
        before = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - before < 0.1, "processor time, not time on the clock"
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert isinstance(await protocol.lost, ConnectionResetError)


async def test_limits(loop):
    async with connected() as (transport, _, _peer):
        assert transport.get_write_buffer_limits() == (16384, 65536)
        transport.set_write_buffer_limits(high=1000)
        assert transport.get_write_buffer_limits() == (250, 1000)
        transport.set_write_buffer_limits(low=1000)
        assert transport.get_write_buffer_limits() == (1000, 4000)
        transport.set_write_buffer_limits(high=10, low=10)
        assert transport.get_write_buffer_limits() == (10, 10)
        transport.set_write_buffer_limits(high=0)
        assert transport.get_write_buffer_limits() == (0, 0)
        transport.set_write_buffer_limits()
        assert transport.get_write_buffer_limits() == (16384, 65536)
        for wrong in ({"high": 1, "low": 2}, {"high": -1}, {"low": -1}):
            with pytest.raises(ValueError, match=r"high .* must be >= low .* must be >= 0"):
                transport.set_write_buffer_limits(**wrong)
        assert transport.get_write_buffer_limits() == (16384, 65536)


async def test_pause_writing_from_inside_write_and_resume_when_drained(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(2_000_000))
        assert protocol.names == ["made", "pause"]
        waiting = transport.get_write_buffer_size()
        assert 65536 < waiting < 2_000_000
        transport.write(b"more")
        assert transport.get_write_buffer_size() == waiting + 4
        assert protocol.names == ["made", "pause"]
        await asyncio.to_thread(receive_exactly, peer, 2_000_004)
        while "resume" not in protocol.names:
            await asyncio.sleep(0)
        assert protocol.names == ["made", "pause", "resume"]


async def test_they_alternate(loop):
    sizes = []

    class Sizes(Recorder):
        def pause_writing(self):
            sizes.append(("pause", self.transport.get_write_buffer_size()))
            super().pause_writing()

        def resume_writing(self):
            sizes.append(("resume", self.transport.get_write_buffer_size()))
            super().resume_writing()

    async with connected(Sizes, small_buffers=True) as (transport, protocol, peer):
        transport.set_write_buffer_limits(high=30_000, low=10_000)
        # nobody reads yet: the first pause comes however fast the reader is
        for _ in range(200):
            transport.write(bytes(10_000))
        reading = asyncio.create_task(asyncio.to_thread(receive_all, peer))
        for number in range(200):
            transport.write(bytes(10_000))
            if number % 7 == 0:
                await turns(1)
        transport.close()
        assert len(await reading) == 4_000_000
        await protocol.lost
    names = [name for name, _ in sizes]
    assert names == ["pause", "resume"] * (len(names) // 2)
    assert names
    assert all(size > 30_000 for name, size in sizes if name == "pause")
    assert all(size <= 10_000 for name, size in sizes if name == "resume")
    assert protocol.names == ["made", *names, "lost"]


async def test_high_water_of_zero_pauses_at_the_first_byte_kept(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.set_write_buffer_limits(high=0)
        transport.write(b"sent at once")
        assert protocol.names == ["made"]
        reading = asyncio.create_task(asyncio.to_thread(receive_exactly, peer, 12 + 5_000_000))
        transport.write(bytes(5_000_000))
        assert protocol.names == ["made", "pause"]
        await reading
        while "resume" not in protocol.names:
            await asyncio.sleep(0)
        assert transport.get_write_buffer_size() == 0


async def test_writing_in_resume_writing(loop):
    class Writer(Recorder):
        left = 6

        def resume_writing(self):
            super().resume_writing()
            if self.left:
                self.left -= 1
                self.transport.write(bytes(1_000_000))
            else:
                loop.call_soon(self.transport.close)

    async with connected(Writer, small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(1_000_000))
        reading = asyncio.to_thread(receive_all, peer)
        assert len(await reading) == 7 * 1_000_000
        await protocol.lost
    changes = protocol.names[1:-1]
    assert changes == ["pause", "resume"] * 7


@pytest.mark.rondel_only("asyncio calls connection_lost twice")
async def test_closing_in_resume_writing(loop):
    class Closing(Recorder):
        def resume_writing(self):
            super().resume_writing()
            self.transport.close()

    async with connected(Closing, small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(1_000_000))
        assert len(await asyncio.to_thread(receive_all, peer)) == 1_000_000
        await protocol.lost
        await turns(3)
    assert protocol.names == ["made", "pause", "resume", "lost"]


async def test_aborting_in_pause_writing(loop):
    class Aborting(Recorder):
        def pause_writing(self):
            super().pause_writing()
            self.transport.abort()

    async with connected(Aborting, small_buffers=True) as (transport, protocol, _peer):
        transport.write(bytes(1_000_000))
        assert transport.get_write_buffer_size() == 0
        assert await protocol.lost is None
        await turns(3)
    assert protocol.names == ["made", "pause", "lost"]


@pytest.mark.rondel_only("3.12.1 and 3.13.0 forget the water marks in writelines")
async def test_writelines_counts_too(loop):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        transport.writelines([bytes(1_000_000)] * 2)
        assert protocol.names == ["made", "pause"]
        transport.close()
        assert len(await asyncio.to_thread(receive_all, peer)) == 2_000_000
        await protocol.lost
        assert protocol.names == ["made", "pause", "resume", "lost"]


@pytest.mark.parametrize("method", ["pause_writing", "resume_writing"])
async def test_what_they_raise_goes_to_the_handler(loop, problems, method):
    class Failing(Recorder):
        pass

    def fail(self):
        getattr(Recorder, method)(self)
        raise ValueError(method)

    setattr(Failing, method, fail)
    async with connected(Failing, small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(1_000_000))
        assert not transport.is_closing()
        assert len(await asyncio.to_thread(receive_exactly, peer, 1_000_000)) == 1_000_000
        while "resume" not in protocol.names:
            await asyncio.sleep(0)
        context = problems.take_one()
        assert set(context) == {"message", "exception", "transport", "protocol"}
        assert context["message"] == f"protocol.{method}() failed"
        assert context["transport"] is transport
        assert context["protocol"] is protocol
        assert not transport.is_closing()
        transport.write(b"open still")
        assert receive_exactly(peer, 10) == b"open still"


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
async def test_limits_that_are_no_small_integers(loop, over_tls):
    connection = tls_connected() if over_tls else connected()
    async with connection as (transport, _protocol, _peer):
        transport.set_write_buffer_limits(high=2000.0)
        assert transport.get_write_buffer_limits() == (500, 2000)
        transport.set_write_buffer_limits(high=math.inf, low=1)
        low, high = transport.get_write_buffer_limits()
        assert low == 1
        assert high >= sys.maxsize
        transport.set_write_buffer_limits(high=2**100)
        low, high = transport.get_write_buffer_limits()
        assert high >= low >= sys.maxsize
        with pytest.raises(ValueError, match="must be >= low"):
            transport.set_write_buffer_limits(high=math.nan)

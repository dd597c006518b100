"""Backpressure over TLS, in both directions."""

import asyncio

import pytest

from support.protocols import Recorder
from support.tls import in_thread, tls_connected
from support.turns import turns, until


async def test_nothing_comes_while_reading_is_paused(loop):
    async with tls_connected() as (transport, protocol, peer):
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        await in_thread(peer.send, b"data")
        await turns(20)
        assert protocol.data == b""
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        assert await protocol.received(4) == b"data"


async def test_pause_from_inside_of_data_received(loop):
    class Pausing(Recorder):
        def data_received(self, data):
            super().data_received(data)
            self.transport.pause_reading()

    async with tls_connected(Pausing) as (transport, protocol, peer):
        for part in (b"one", b"two"):
            await in_thread(peer.send, part)
            await protocol.received(3 if part == b"one" else 6)
            assert not transport.is_reading()
            transport.resume_reading()
        assert protocol.data == b"onetwo"


async def test_a_reader_that_pauses_holds_the_sender(loop):
    async with tls_connected(small_buffers=True) as (transport, protocol, peer):
        transport.pause_reading()
        peer.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            # More than all buffers on the way take.
            await in_thread(peer.send, bytes(5_000_000))
        low, high = transport.get_read_buffer_limits()
        assert high <= transport.get_read_buffer_size() <= high + 256 * 1024
        assert low < high
        transport.resume_reading()
        await protocol.received(high)
        await until(lambda: transport.get_read_buffer_size() <= low)


async def test_what_has_waited_comes_in_large_pieces(loop):
    """Also where a piece ends in the middle of a record."""
    async with tls_connected() as (transport, protocol, peer):
        transport.pause_reading()
        sent = asyncio.ensure_future(in_thread(send_records, peer, 60))
        _, high = transport.get_read_buffer_limits()
        await until(lambda: transport.get_read_buffer_size() >= high)
        transport.resume_reading()
        await protocol.received(600_000)
        await sent
        pieces = [len(event[1]) for event in protocol.events if event[0] == "data"]
        assert sum(pieces) == 600_000
        assert min(pieces) > 5_000


def send_records(peer, count):
    for _ in range(count):
        peer.send(bytes(10_000))


async def test_a_writer_is_told_to_pause_and_to_resume(loop):
    async with tls_connected(small_buffers=True) as (transport, protocol, peer):
        data = bytes(range(256)) * 10_000
        for start in range(0, len(data), 100_000):
            transport.write(data[start : start + 100_000])
        assert protocol.names == ["made", "pause"]
        assert transport.get_write_buffer_size() > 512 * 1024
        transport.write(b"!")
        assert await in_thread(peer.receive, len(data) + 1) == data + b"!"
        await until(lambda: "resume" in protocol.names)
        assert protocol.names == ["made", "pause", "resume"]
        assert transport.get_write_buffer_size() == 0


async def test_limits(loop):
    async with tls_connected() as (transport, protocol, peer):
        assert transport.get_write_buffer_limits() == (128 * 1024, 512 * 1024)
        transport.set_write_buffer_limits(low=100)
        assert transport.get_write_buffer_limits() == (100, 400)
        transport.set_write_buffer_limits(high=1000)
        assert transport.get_write_buffer_limits() == (250, 1000)
        transport.set_write_buffer_limits()
        assert transport.get_write_buffer_limits() == (128 * 1024, 512 * 1024)
        for high, low in ((1, 2), (1, -1)):
            with pytest.raises(ValueError, match="must be >= low"):
                transport.set_write_buffer_limits(high=high, low=low)
            with pytest.raises(ValueError, match="must be >= low"):
                transport.set_read_buffer_limits(high=high, low=low)
        assert transport.get_read_buffer_limits() == (64 * 1024, 256 * 1024)
        transport.set_read_buffer_limits(high=4096)
        assert transport.get_read_buffer_limits() == (1024, 4096)
        transport.pause_reading()
        await in_thread(peer.send, bytes(100_000))
        await until(lambda: transport.get_read_buffer_size() >= 4096)
        transport.resume_reading()
        await protocol.received(100_000)


@pytest.mark.rondel_only("asyncio pauses and resumes at each call, as 0 >= 0")
async def test_no_limit_pauses_when_something_waits(loop):
    async with tls_connected(small_buffers=True) as (transport, protocol, peer):
        transport.set_write_buffer_limits(0)
        assert protocol.names == ["made"]
        data = bytes(1_000_000)
        transport.write(data)
        assert protocol.names == ["made", "pause"]
        await in_thread(peer.receive, len(data))
        await until(lambda: "resume" in protocol.names)


@pytest.mark.rondel_only("asyncio keeps the buffers, and cannot encrypt one with gaps")
async def test_a_buffer_may_be_used_again_after_write(loop):
    async with tls_connected() as (transport, _protocol, peer):
        data = bytearray(bytes(range(256)) * 40_000)
        sent = bytes(data)
        for view in (data, memoryview(data), memoryview(data)[::-1]):
            transport.write(view)
        data[:] = bytes(len(data))
        expected = sent + sent + sent[::-1]
        assert await in_thread(peer.receive, len(expected)) == expected


@pytest.mark.parametrize("small", [False, True])
async def test_much_data_both_ways_at_once(loop, small):
    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            if small:
                for start in range(0, len(data), 1000):
                    self.transport.write(data[start : start + 1000])
            else:
                self.transport.write(data)

        def pause_writing(self):
            self.transport.pause_reading()

        def resume_writing(self):
            self.transport.resume_reading()

    async with tls_connected(Echo) as (_transport, _protocol, peer):
        data = bytes(range(256)) * 8000

        def talk():
            received = bytearray()
            for start in range(0, len(data), 100_000):
                part = data[start : start + 100_000]
                peer.send(part)
                received += peer.receive(len(part))
            return received

        assert await in_thread(talk) == data


async def test_drain(loop):
    async with tls_connected(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader())) as (
        transport,
        protocol,
        peer,
    ):
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        receiving = loop.run_in_executor(None, peer.receive, 20_000_000)
        for _ in range(20):
            writer.write(bytes(1_000_000))
            await writer.drain()
            assert transport.get_write_buffer_size() <= 512 * 1024
        assert await receiving == bytes(20_000_000)
        writer.close()
        await in_thread(peer.unwrap)
        await writer.wait_closed()

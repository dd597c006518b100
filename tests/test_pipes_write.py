"""connect_write_pipe: what goes into a pipe, flow control, its end, a reader that has gone."""

import asyncio
import gc
import os
import warnings

import pytest

from support.pipes import SIZE, pipe, read_all, writing
from support.protocols import Recorder
from support.turns import turns

DATA = bytes(range(256)) * 400


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_write(loop, kind):
    async with writing() as (transport, protocol, file):
        transport.write(kind(b"data"))
        assert file.read(10) == b"data", "at once"
        transport.write(kind(b""))
        transport.writelines([kind(b"a"), kind(b""), kind(b"b")])
        transport.close()
        assert await protocol.lost is None
        assert read_all(file) == b"ab"
        assert protocol.names == ["made", "lost"]


async def test_a_buffer_may_change_once_write_has_returned(loop):
    async with writing(small=True) as (transport, protocol, file):
        data = bytearray(b"x" * 3 * SIZE)
        transport.write(data)
        data[:] = b"y" * len(data)
        transport.close()
        received = loop.run_in_executor(None, read_all, file)
        assert await received == b"x" * 3 * SIZE
        assert await protocol.lost is None


async def test_what_is_no_bytes(loop):
    async with writing() as (transport, _, _file):
        with pytest.raises((TypeError, AssertionError), match=r"str|text"):
            transport.write("text")


async def test_reading_from_it_is_not_implemented(loop):
    async with writing() as (transport, _, _file):
        assert isinstance(transport, asyncio.Transport)
        with pytest.raises(NotImplementedError):
            transport.pause_reading()


async def test_extra_info(loop):
    async with writing() as (transport, protocol, _file):
        ours = transport.get_extra_info("pipe")
        assert not os.get_blocking(ours.fileno())
        assert transport.get_protocol() is protocol
        assert transport.can_write_eof()
        assert isinstance(transport, asyncio.WriteTransport)
        transport.close()
        await protocol.lost
        await turns(1)
        assert ours.closed


async def test_what_the_kernel_does_not_take_is_queued_and_drained(loop):
    async with writing(small=True) as (transport, protocol, file):
        transport.write(DATA)
        assert transport.get_write_buffer_size() == len(DATA) - SIZE
        transport.write(b"more")
        transport.writelines([b"and", b"more"])
        assert transport.get_write_buffer_size() == len(DATA) - SIZE + 11
        transport.write_eof()
        assert transport.is_closing()
        received = loop.run_in_executor(None, read_all, file)
        assert await received == DATA + b"moreandmore"
        assert await protocol.lost is None
        assert transport.get_write_buffer_size() == 0
        assert protocol.names == ["made", "pause", "resume", "lost"]


async def test_flow_control(loop):
    async with writing(small=True) as (transport, protocol, file):
        transport.set_write_buffer_limits(high=10, low=5)
        assert transport.get_write_buffer_limits() == (5, 10)
        transport.write(b"x" * SIZE)
        assert protocol.names == ["made"]
        transport.write(b"x" * 10)
        assert protocol.names == ["made"]
        transport.write(b"x")
        assert protocol.names == ["made", "pause"]
        file.read(SIZE)
        while transport.get_write_buffer_size():
            await turns(1)
        assert protocol.names == ["made", "pause", "resume"]
        with pytest.raises(ValueError, match="must be >="):
            transport.set_write_buffer_limits(high=1, low=2)


async def test_drain_of_a_stream_writer(loop):
    theirs, ours = pipe(small=True)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, ours)
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    transport.set_write_buffer_limits(0)
    with theirs:
        received = loop.run_in_executor(None, read_all, theirs)
        for _ in range(20):
            writer.write(DATA)
            await writer.drain()
        transport.close()
        assert await received == DATA * 20
        await turns(2)


@pytest.mark.parametrize("how", ["close", "write_eof"])
async def test_the_end_waits_for_what_is_queued(loop, how):
    async with writing(small=True) as (transport, protocol, file):
        transport.write(DATA)
        getattr(transport, how)()
        getattr(transport, how)()
        await turns(3)
        assert not protocol.lost.done()
        received = loop.run_in_executor(None, read_all, file)
        assert await received == DATA
        assert await protocol.lost is None


async def test_abort_drops_what_is_queued(loop):
    async with writing(small=True) as (transport, protocol, file):
        transport.write(DATA)
        transport.abort()
        assert transport.is_closing()
        assert transport.get_write_buffer_size() == 0
        assert await protocol.lost is None
        await turns(1)
        assert read_all(file) == DATA[:SIZE]


async def test_abort_of_a_close_that_waits(loop):
    async with writing(small=True) as (transport, protocol, _file):
        transport.write(DATA)
        transport.close()
        transport.abort()
        assert await protocol.lost is None


@pytest.mark.rondel_only("asyncio calls connection_lost twice, and fails the second time")
async def test_abort_twice(loop):
    async with writing() as (transport, protocol, _file):
        transport.abort()
        transport.abort()
        transport.close()
        await protocol.lost
        await turns(2)
        assert protocol.names == ["made", "lost"]


async def test_the_reader_goes(loop):
    async with writing() as (_transport, protocol, file):
        file.close()
        assert await protocol.lost is None
        assert protocol.names == ["made", "lost"]


@pytest.mark.parametrize("closing", [False, True])
async def test_the_reader_goes_while_something_is_queued(loop, closing):
    async with writing(small=True) as (transport, protocol, file):
        transport.write(DATA)
        if closing:
            transport.close()
        file.close()
        assert isinstance(await protocol.lost, BrokenPipeError)
        assert protocol.names == ["made", "pause", "lost"]


async def test_writes_to_a_pipe_without_reader(loop, log):
    async with writing() as (transport, protocol, file):
        file.close()
        transport.write(b"finds out")
        assert transport.is_closing()
        for _ in range(4):
            transport.write(b"lost")
        assert isinstance(await protocol.lost, BrokenPipeError)
        assert log.messages() == []
        transport.write(b"lost")
        warning = "pipe closed by peer or os.write(pipe, data) raised exception."
        assert log.messages() == [warning]
        transport.write(b"")
        assert log.messages() == []


async def test_writes_after_close_are_dropped_and_then_warned_of(loop, log):
    async with writing() as (transport, protocol, file):
        transport.close()
        for _ in range(5):
            transport.write(b"dropped")
        assert log.messages() == []
        transport.write(b"dropped")
        assert len(log.messages()) == 1
        await protocol.lost
        await turns(1)
        assert read_all(file) == b""


async def test_set_protocol(loop):
    async with writing() as (transport, first, _file):
        second = Recorder()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        transport.close()
        assert await second.lost is None
        assert first.names == ["made"]
        first.lost.set_result(None)


async def test_repr(loop):
    async with writing(small=True) as (transport, protocol, _file):
        fd = transport.get_extra_info("pipe").fileno()
        assert f"fd={fd} idle bufsize=0>" in repr(transport)
        transport.write(b"x" * (SIZE + 5))
        assert f"fd={fd} polling bufsize=5>" in repr(transport)
        transport.abort()
        assert "closing" in repr(transport)
        await protocol.lost
        await turns(1)
        assert "closed" in repr(transport)


async def test_a_regular_file_is_refused(loop, tmp_path):
    with (tmp_path / "file").open("wb") as file:
        with pytest.raises(ValueError, match="only for pipes, sockets and character devices"):
            await loop.connect_write_pipe(Recorder, file)
        file.write(b"still the caller's")


async def test_errors_in_callbacks_are_reported(loop, problems):
    class Failing(Recorder):
        def pause_writing(self):
            raise ValueError("pause")

        def resume_writing(self):
            raise ValueError("resume")

        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise ValueError("lost")

    async with writing(Failing, small=True) as (transport, protocol, file):
        ours = transport.get_extra_info("pipe")
        transport.write(DATA)
        transport.close()
        received = loop.run_in_executor(None, read_all, file)
        assert await received == DATA
        await protocol.lost
        await turns(1)
        errors = [str(context["exception"]) for context in problems.take()]
        assert errors == ["pause", "resume", "lost"]
        assert ours.closed


@pytest.mark.rondel_only("asyncio forgets what is queued there, if close() follows")
async def test_writing_in_resume_writing(loop):
    class Again(Recorder):
        def resume_writing(self):
            super().resume_writing()
            if self.names.count("resume") == 1:
                self.transport.write(b"again")
            self.transport.close()

    async with writing(Again, small=True) as (transport, protocol, file):
        transport.write(DATA)
        received = loop.run_in_executor(None, read_all, file)
        assert await received == DATA + b"again"
        assert await protocol.lost is None


async def test_cancelled_connect_write_pipe(loop):
    theirs, ours = pipe()
    with theirs:
        connecting = asyncio.ensure_future(loop.connect_write_pipe(Recorder, ours))
        await turns(1)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await turns(3)
        assert ours.closed
        assert read_all(theirs) == b""


def test_unclosed(loop):
    theirs, ours = pipe()

    async def main():
        await loop.connect_write_pipe(asyncio.Protocol, ours)

    with theirs:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loop.run_until_complete(main())
            loop.close()
            gc.collect()
        assert [w.category for w in caught] == [ResourceWarning]
        assert "unclosed transport" in str(caught[0].message)
        assert read_all(theirs) == b""

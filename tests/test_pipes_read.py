"""connect_read_pipe: what comes through a pipe, its end, pauses, errors."""

import asyncio
import gc
import os
import warnings

import pytest

from support.net import connected
from support.pipes import pipe, reading
from support.protocols import Recorder
from support.turns import turns


async def test_data_and_end(loop):
    async with reading() as (transport, protocol, file):
        assert transport.get_protocol() is protocol
        assert transport.is_reading()
        file.write(b"one")
        assert await protocol.received(3) == b"one"
        file.write(b"two")
        assert await protocol.received(6) == b"onetwo"
        file.close()
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "data", "eof", "lost"]
        assert transport.is_closing()


async def test_much_data_comes_whole_and_in_order(loop):
    data = os.urandom(3_000_000)
    async with reading() as (_, protocol, file):

        def send():
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]

        sent = loop.run_in_executor(None, send)
        assert await protocol.received(len(data)) == data
        await sent


async def test_extra_info(loop):
    ours, theirs = pipe()
    transport, _ = await loop.connect_read_pipe(Recorder, ours)
    assert transport.get_extra_info("pipe") is ours
    assert transport.get_extra_info("nothing", "default") == "default"
    assert isinstance(transport, asyncio.ReadTransport)
    assert not isinstance(transport, asyncio.WriteTransport)
    assert not os.get_blocking(ours.fileno())
    theirs.close()
    await transport.get_protocol().lost
    await turns(1)
    assert ours.closed


async def test_pause_and_resume(loop):
    async with reading() as (transport, protocol, file):
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        file.write(b"waits")
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        assert await protocol.received(5) == b"waits"


async def test_pausing_in_connection_made(loop):
    class Paused(Recorder):
        def connection_made(self, transport):
            transport.pause_reading()
            super().connection_made(transport)

    async with reading(Paused) as (transport, protocol, file):
        file.write(b"waits")
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert await protocol.received(5) == b"waits"


async def test_close(loop):
    async with reading() as (transport, protocol, file):
        transport.close()
        transport.close()
        assert transport.is_closing()
        assert not transport.is_reading()
        assert protocol.names == ["made"], "not inside close"
        file.write(b"too late")
        assert await protocol.lost is None
        await turns(2)
        assert protocol.names == ["made", "lost"]
        with pytest.raises(BrokenPipeError):
            file.write(b"nobody reads")


async def test_pause_and_resume_after_close_do_nothing(loop):
    async with reading() as (transport, protocol, _file):
        transport.close()
        await protocol.lost
        await turns(1)
        transport.pause_reading()
        transport.resume_reading()
        assert not transport.is_reading()


async def test_set_protocol(loop):
    async with reading() as (transport, first, file):
        second = Recorder()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        file.write(b"data")
        assert await second.received(4) == b"data"
        file.close()
        assert await second.lost is None
        assert first.names == ["made"]


async def test_repr(loop):
    async with reading() as (transport, protocol, _file):
        fd = transport.get_extra_info("pipe").fileno()
        await turns(1)
        assert f"fd={fd} polling" in repr(transport)
        transport.pause_reading()
        assert f"fd={fd} idle" in repr(transport)
        transport.close()
        assert "closing" in repr(transport)
        await protocol.lost
        await turns(1)
        assert "closed" in repr(transport)


async def test_a_regular_file_is_refused(loop, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"data")
    with path.open("rb") as file:
        with pytest.raises(ValueError, match="Pipe transport is for pipes/sockets only"):
            await loop.connect_read_pipe(Recorder, file)
        assert file.read() == b"data", "it is still the caller's"


@pytest.mark.rondel_only("what asyncio made half of complains when it goes")
async def test_what_is_no_file_is_refused(loop):
    with pytest.raises(AttributeError, match="fileno"):
        await loop.connect_read_pipe(Recorder, object())
    ours, theirs = pipe()
    ours.close()
    theirs.close()
    with pytest.raises(ValueError, match="closed file"):
        await loop.connect_read_pipe(Recorder, ours)


async def test_an_error_in_data_received_is_reported_and_the_pipe_stays_open(loop, problems):
    class Failing(Recorder):
        def data_received(self, data):
            super().data_received(data)
            if data == b"bad":
                raise ValueError("expected")

    async with reading(Failing) as (transport, protocol, file):
        file.write(b"bad")
        await protocol.received(3)
        await turns(1)
        assert str(problems.take_one()["exception"]) == "expected"
        assert transport.is_reading()
        file.write(b"good")
        assert await protocol.received(7) == b"badgood"


async def test_errors_in_the_other_callbacks_are_reported(loop, problems):
    class Failing(Recorder):
        def eof_received(self):
            super().eof_received()
            raise ValueError("eof")

        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise ValueError("lost")

    async with reading(Failing) as (transport, protocol, file):
        ours = transport.get_extra_info("pipe")
        file.close()
        await protocol.lost
        await turns(1)
        assert [str(context["exception"]) for context in problems.take()] == ["eof", "lost"]
        assert ours.closed


async def test_a_failing_read_ends_it(loop, problems):
    """A mistake that only read(2) tells: the end of the pipe that is written."""
    ours, theirs = pipe()
    with ours:
        transport, protocol = await loop.connect_read_pipe(Recorder, theirs)
        ours.close()
        assert isinstance(await protocol.lost, OSError)
        context = problems.take_one()
        assert context["message"] == "Fatal read error on pipe transport"
        assert context["transport"] is transport


async def test_cancelled_connect_read_pipe_closes_its_descriptor_once(loop):
    ours, theirs = pipe()
    number = ours.fileno()
    with theirs:
        connecting = asyncio.ensure_future(loop.connect_read_pipe(Recorder, ours))
        await turns(1)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await turns(2)
        assert ours.closed
        # The number belongs to a stranger now, who must keep it.
        with open(os.dup2(theirs.fileno(), number), "wb", buffering=0) as stranger:
            del connecting
            gc.collect()
            await turns(3)
            os.fstat(stranger.fileno())


@pytest.mark.rondel_only("asyncio takes it, and both transports lose data")
async def test_the_socket_of_a_transport_is_refused(loop):
    async with connected() as (transport, _, _peer):
        sock = transport.get_extra_info("socket")
        with pytest.raises(RuntimeError, match="is used by transport"):
            await loop.connect_read_pipe(Recorder, sock)


def test_unclosed(loop):
    ours, theirs = pipe()

    async def main():
        transport, _ = await loop.connect_read_pipe(asyncio.Protocol, ours)
        transport.pause_reading()

    with theirs, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop.run_until_complete(main())
        loop.close()
        gc.collect()
    assert [w.category for w in caught] == [ResourceWarning]
    assert "unclosed transport" in str(caught[0].message)
    assert ours.closed


async def test_in_a_stream_reader(loop):
    ours, theirs = pipe()
    reader = asyncio.StreamReader(limit=1000)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), ours)
    with theirs:
        theirs.write(b"line\n")
        assert await reader.readline() == b"line\n"

        def send():
            # Past the limit: the reader pauses the transport, again and again.
            for number in range(1000):
                theirs.write(b"%999d\n" % number)
            theirs.close()

        sent = loop.run_in_executor(None, send)
        for number in range(1000):
            assert await reader.readline() == b"%999d\n" % number
        assert await reader.read() == b""
        await sent

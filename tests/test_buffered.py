"""BufferedProtocol: the data goes into buffers of the protocol's own."""

import asyncio

import pytest

from support.net import connected, receive_exactly, wait_readable
from support.protocols import BufferedRecorder, Recorder
from support.turns import turns


async def test_data_and_end(loop):
    async with connected(BufferedRecorder) as (_transport, protocol, peer):
        peer.send(b"hello")
        assert await protocol.received(5) == b"hello"
        assert protocol.events == [("made",), ("buffer", -1), ("data", b"hello")]
        peer.close()
        assert await protocol.lost is None
    assert protocol.names == ["made", "buffer", "data", "buffer", "eof", "lost"]


async def test_small_buffers_are_filled_one_a_turn(loop):
    async with connected(lambda: BufferedRecorder(3)) as (transport, protocol, peer):
        peer.send(b"abcdefgh")
        wait_readable(transport.get_extra_info("socket"))
        assert await protocol.received(8) == b"abcdefgh"
    pieces = [event[1] for event in protocol.events if event[0] == "data"]
    assert pieces == [b"abc", b"def", b"gh"]


@pytest.mark.parametrize("wrap", [memoryview, bytearray], ids=lambda wrap: wrap.__name__)
async def test_kinds_of_buffers(loop, wrap):
    class Own(BufferedRecorder):
        def get_buffer(self, sizehint):
            self.buffer = wrap(bytearray(10))
            return self.buffer

    async with connected(Own) as (_, protocol, peer):
        peer.send(b"hello")
        assert await protocol.received(5) == b"hello"


async def test_large_amounts(loop):
    data = bytes(range(256)) * 20_000
    async with connected(BufferedRecorder) as (_, protocol, peer):
        sending = asyncio.create_task(asyncio.to_thread(peer.sendall, data))
        assert await protocol.received(len(data)) == data
        await sending


async def test_eof_received_true_keeps_it_open(loop):
    async with connected(lambda: BufferedRecorder(keep_open=True)) as (transport, protocol, peer):
        peer.shutdown(1)
        await protocol.eof
        transport.write(b"answer")
        assert receive_exactly(peer, 6) == b"answer"


async def test_pause_and_resume_reading(loop):
    async with connected(BufferedRecorder) as (transport, protocol, peer):
        transport.pause_reading()
        peer.send(b"waits")
        wait_readable(transport.get_extra_info("socket"))
        await turns(3)
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert await protocol.received(5) == b"waits"


async def test_switching_between_the_kinds(loop):
    async with connected() as (transport, plain, peer):
        peer.send(b"1")
        await plain.received(1)
        buffered = BufferedRecorder()
        transport.set_protocol(buffered)
        peer.send(b"2")
        assert await buffered.received(1) == b"2"
        again = Recorder()
        transport.set_protocol(again)
        peer.send(b"3")
        assert await again.received(1) == b"3"
        assert plain.names == ["made", "data"]
        assert buffered.names == ["buffer", "data"]


async def test_switching_inside_buffer_updated(loop):
    class Once(BufferedRecorder):
        def buffer_updated(self, nbytes):
            super().buffer_updated(nbytes)
            self.transport.set_protocol(following)

    following = Recorder()
    async with connected(lambda: Once(2)) as (_, protocol, peer):
        peer.send(b"abcd")
        assert await following.received(2) == b"cd"
        assert bytes(protocol.data) == b"ab"


async def test_a_buffer_kept_by_the_protocol_is_left_alone(loop):
    async with connected(BufferedRecorder) as (_transport, protocol, peer):
        peer.send(b"first")
        await protocol.received(5)
        kept = protocol.buffer
        protocol.buffer = bytearray(100)
        peer.send(b"second")
        await protocol.received(11)
        assert kept[:5] == b"first"
        kept.extend(b"not exported any more")


def failing(**methods):
    """A BufferedRecorder with methods of its own."""
    return type("Failing", (BufferedRecorder,), methods)


def fail(self, *args):
    raise ValueError("protocol")


@pytest.mark.parametrize(
    ("methods", "name", "error"),
    [
        ({"get_buffer": fail}, "get_buffer", ValueError),
        ({"get_buffer": lambda self, hint: bytearray()}, "get_buffer", RuntimeError),
        ({"get_buffer": lambda self, hint: None}, "get_buffer", TypeError),
        ({"buffer_updated": fail}, "buffer_updated", ValueError),
    ],
    ids=["get_buffer raises", "empty buffer", "no buffer", "buffer_updated raises"],
)
async def test_a_protocol_that_fails_is_aborted(loop, problems, methods, name, error):
    async with connected(failing(**methods)) as (transport, protocol, peer):
        peer.send(b"hello")
        exception = await protocol.lost
        assert type(exception) is error
        context = problems.take_one()
        assert set(context) == {"message", "exception", "transport", "protocol"}
        assert context["message"] == f"Fatal error: protocol.{name}() call failed."
        assert context["exception"] is exception
        assert context["transport"] is transport
        assert context["protocol"] is protocol
        if error is RuntimeError:
            assert str(exception) == "get_buffer() returned an empty buffer"
    assert protocol.names[-1] == "lost"


@pytest.mark.parametrize("wrong", [b"read-only", [1, 2, 3], "text"], ids=repr)
async def test_what_cannot_be_written_into_is_an_error(loop, problems, wrong):
    async with connected(failing(get_buffer=lambda self, hint: wrong)) as (_, protocol, peer):
        peer.send(b"hello")
        exception = await protocol.lost
        assert isinstance(exception, (TypeError, BufferError))
        assert problems.take_one()["exception"] is exception

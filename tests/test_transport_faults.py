"""Peers that vanish, protocols that raise, systems that run out of descriptors."""

import array
import asyncio
import errno
import fcntl
import termios

import pytest

from support.net import receive_all, receive_exactly, reset, reset_by, wait_hangup
from support.protocols import Recorder
from support.turns import turns


async def test_a_reset(loop, connect):
    async with connect() as (transport, protocol, peer):
        reset_by(peer, transport)
        error = await protocol.lost
        assert isinstance(error, ConnectionResetError)
        assert error.errno == errno.ECONNRESET
    assert protocol.names == ["made", "lost"]


async def test_data_before_a_reset_is_delivered(loop, connect):
    async with connect() as (transport, protocol, peer):
        peer.send(b"last words")
        reset_by(peer, transport)
        wait_hangup(transport.get_extra_info("socket"))
        error = await protocol.lost
        assert isinstance(error, ConnectionResetError)
    assert protocol.events[:2] == [("made",), ("data", b"last words")]
    assert protocol.names == ["made", "data", "lost"]


async def test_data_before_a_reset_is_delivered_in_pieces(loop, connect):
    data = bytes(range(256)) * 40_000
    async with connect() as (transport, protocol, peer):
        transport.pause_reading()
        peer.setblocking(False)
        peer.send(data)
        sock = transport.get_extra_info("socket")
        arrived = array.array("i", [0])
        fcntl.ioctl(sock.fileno(), termios.FIONREAD, arrived)
        reset_by(peer, transport)
        wait_hangup(sock)
        transport.resume_reading()
        assert isinstance(await protocol.lost, ConnectionResetError)
    assert len(protocol.data) >= arrived[0]
    assert data.startswith(protocol.data)


async def test_a_write_to_a_peer_that_reset(loop, connect):
    async with connect() as (transport, protocol, peer):
        transport.pause_reading()
        reset_by(peer, transport)
        wait_hangup(transport.get_extra_info("socket"))
        transport.write(b"hello?")
        assert transport.is_closing()
        assert protocol.names == ["made"], "not inside write"
        error = await protocol.lost
        assert isinstance(error, (ConnectionResetError, BrokenPipeError))
        assert transport.get_write_buffer_size() == 0


async def test_a_reset_while_much_is_queued(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(3_000_000))
        reset(peer)
        assert isinstance(await protocol.lost, ConnectionError)
        assert transport.get_write_buffer_size() == 0
    assert protocol.names == ["made", "pause", "lost"]


async def test_a_peer_that_closes_while_much_is_queued(loop, connect):
    async with connect(small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(3_000_000))
        peer.close()
        await protocol.lost
    assert protocol.names[-1] == "lost"


def failing(method, exception):
    """A Recorder one of whose methods raises after its work."""

    def fail(self, *args):
        getattr(Recorder, method)(self, *args)
        raise exception

    return type("Failing", (Recorder,), {method: fail})


@pytest.mark.parametrize("method", ["data_received", "eof_received"])
async def test_an_error_aborts(loop, connect, problems, method):
    error = ValueError(method)
    async with connect(failing(method, error)) as (transport, protocol, peer):
        peer.send(b"hello") if method == "data_received" else peer.shutdown(1)
        assert await protocol.lost is error
        context = problems.take_one()
        assert set(context) == {"message", "exception", "transport", "protocol"}
        assert context["message"] == f"Fatal error: protocol.{method}() call failed."
        assert context["exception"] is error
        assert context["transport"] is transport
        assert context["protocol"] is protocol
        assert receive_all(peer) == b""


@pytest.mark.parametrize("method", ["data_received", "eof_received"])
async def test_an_oserror_aborts_in_silence(loop, connect, problems, method):
    error = OSError(errno.EIO, method)
    async with connect(failing(method, error)) as (_, protocol, peer):
        peer.send(b"hello") if method == "data_received" else peer.shutdown(1)
        assert await protocol.lost is error


async def test_an_error_in_data_received_drops_what_is_queued(loop, connect, problems):
    error = ValueError("received")
    factory = failing("data_received", error)
    async with connect(factory, small_buffers=True) as (transport, protocol, peer):
        transport.write(bytes(1_000_000))
        peer.send(b"hello")
        assert await protocol.lost is error
        assert transport.get_write_buffer_size() == 0
        problems.take_one()


async def test_an_error_in_connection_made_leaves_it_open(loop, connect, problems):
    async with connect(failing("connection_made", ValueError())) as (transport, protocol, peer):
        assert set(problems.take_one()) == {"message", "exception", "handle"}
        peer.send(b"hello")
        assert await protocol.received(5) == b"hello"
        transport.write(b"back")
        assert receive_exactly(peer, 4) == b"back"


async def test_an_error_in_connection_lost_still_closes(loop, connect, problems):
    async with connect(failing("connection_lost", ValueError("lost"))) as (transport, _, peer):
        sock = transport.get_extra_info("socket")
        transport.close()
        await turns(2)
        context = problems.take_one()
        assert set(context) == {"message", "exception", "handle"}
        assert str(context["exception"]) == "lost"
        assert sock.fileno() == -1
        assert receive_all(peer) == b""


def test_a_keyboard_interrupt_in_data_received_leaves_the_loop(loop, connect):
    async def open_it():
        context = connect(failing("data_received", KeyboardInterrupt()))
        return context, await context.__aenter__()

    context, (transport, protocol, peer) = loop.run_until_complete(open_it())
    peer.send(b"1")
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    assert not transport.is_closing()
    peer.send(b"2")
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    assert protocol.data == b"12"
    loop.run_until_complete(context.__aexit__(None, None, None))


async def test_a_protocol_without_the_methods(loop, connect, problems):
    async with connect(asyncio.BaseProtocol) as (transport, _, peer):
        peer.send(b"hello")
        while not problems.contexts:
            await asyncio.sleep(0)
        context = problems.take_one()
        assert isinstance(context["exception"], AttributeError)
        assert transport.is_closing()


async def test_closing_in_data_received(loop, connect):
    class Closing(Recorder):
        def data_received(self, data):
            super().data_received(data)
            self.transport.close()
            assert "lost" not in self.names

    async with connect(Closing) as (_, protocol, peer):
        peer.send(b"enough")
        assert await protocol.lost is None
    assert protocol.names == ["made", "data", "lost"]


async def test_closing_in_connection_made(loop, connect):
    class Closing(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.close()

    async with connect(Closing) as (_, protocol, peer):
        assert await protocol.lost is None
        assert receive_all(peer) == b""
    assert protocol.names == ["made", "lost"]


async def test_closing_one_transport_from_another_in_the_same_turn(loop, connect):
    class Rival(Recorder):
        def data_received(self, data):
            super().data_received(data)
            (first if self is second.get_protocol() else second).close()

    async with connect(Rival) as (first, one, peer), connect(Rival) as (second, two, other):
        peer.send(b".")
        other.send(b".")
        await asyncio.wait([one.lost, two.lost], return_when=asyncio.FIRST_COMPLETED)
        await turns(2)
        assert sorted([one.names, two.names]) == [["made", "data"], ["made", "lost"]]

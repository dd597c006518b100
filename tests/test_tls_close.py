"""How TLS connections end: politely, rudely, and never too late."""

import asyncio

import pytest

from support.net import HOST, reset
from support.protocols import Recorder
from support.tls import client_context, in_thread, server_context, tls_connected
from support.turns import turns


async def test_close_waits_for_the_peers_answer(loop):
    async with tls_connected() as (transport, protocol, peer):
        transport.write(b"last words")
        transport.close()
        assert transport.is_closing()
        transport.write(b"too late")
        assert await in_thread(peer.receive, 100) == b"last words"
        assert not protocol.lost.done()
        await in_thread(peer.unwrap)
        assert await protocol.lost is None
        assert protocol.names == ["made", "eof", "lost"]


async def test_a_peer_that_closes_is_answered(loop):
    async with tls_connected() as (_transport, protocol, peer):
        await in_thread(peer.send, b"bye")
        await in_thread(peer.unwrap)
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "eof", "lost"]


async def test_a_peer_that_ends_without_a_word(loop):
    """No close_notify: asyncio takes it for an end like any other."""
    async with tls_connected() as (_transport, protocol, peer):
        await in_thread(peer.send, b"bye")
        peer.sock.close()
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "eof", "lost"]


async def test_a_peer_that_resets(loop):
    async with tls_connected() as (_transport, protocol, peer):
        reset(peer.sock)
        assert isinstance(await protocol.lost, ConnectionResetError)
        assert protocol.names == ["made", "lost"]


async def test_a_peer_that_never_answers(loop):
    async with tls_connected(ssl_shutdown_timeout=0.05) as (transport, protocol, _peer):
        transport.close()
        error = await protocol.lost
        assert isinstance(error, TimeoutError)
        assert str(error) == "SSL shutdown timed out"


async def test_a_peer_that_never_reads_what_is_left(loop):
    async with tls_connected(ssl_shutdown_timeout=0.05, small_buffers=True) as (
        transport,
        protocol,
        _peer,
    ):
        transport.write(bytes(1_000_000))
        transport.close()
        assert isinstance(await protocol.lost, TimeoutError)


@pytest.mark.rondel_only(
    "asyncio stops its timer when the peer has closed, and then waits for ever"
)
async def test_a_peer_that_closes_and_never_reads_what_is_left(loop):
    async with tls_connected(ssl_shutdown_timeout=0.05, small_buffers=True) as (
        transport,
        protocol,
        peer,
    ):
        transport.write(bytes(1_000_000))
        peer.close_notify()
        assert isinstance(await protocol.lost, TimeoutError)


@pytest.mark.rondel_only("asyncio makes an SSLError of it")
async def test_a_peer_that_goes_on_sending_after_close(loop):
    """It did not know yet: nothing is wrong, and nobody waits for it to end."""
    async with tls_connected() as (transport, protocol, peer):
        transport.close()
        await in_thread(peer.send, b"data that crosses")
        assert await protocol.lost is None
        assert await in_thread(peer.receive, 10) == b""


async def test_abort(loop):
    async with tls_connected() as (transport, protocol, peer):
        transport.write(b"x")
        transport.abort()
        transport.abort()
        transport.close()
        assert transport.is_closing()
        assert not protocol.lost.done()
        assert await protocol.lost is None
        assert protocol.names == ["made", "lost"]
        with pytest.raises((EOFError, ConnectionResetError)):
            peer.receive(10)


async def test_abort_while_closing(loop):
    async with tls_connected() as (transport, protocol, _peer):
        transport.close()
        await turns(3)
        transport.abort()
        assert await protocol.lost is None


@pytest.mark.rondel_only("asyncio's transport forgets its connection at the second close")
async def test_close_twice(loop):
    async with tls_connected() as (transport, protocol, _peer):
        transport.close()
        transport.close()
        transport.write(b"too late")
        assert transport.get_extra_info("sslcontext")
        transport.abort()
        assert await protocol.lost is None


async def test_writes_to_a_closed_connection_are_told_at_last(loop, log):
    async with tls_connected() as (transport, protocol, _peer):
        transport.abort()
        await protocol.lost
        for _ in range(4):
            transport.write(b"x")
        assert log.messages() == []
        transport.write(b"x")
        assert log.messages() == ["SSL connection is closed"]


async def test_eof_received_cannot_keep_it_open(loop, log):
    async with tls_connected(lambda: Recorder(keep_open=True)) as (_transport, protocol, peer):
        await in_thread(peer.unwrap)
        assert await protocol.lost is None
        assert log.messages() == ["returning true from eof_received() has no effect when using ssl"]


async def test_what_is_written_in_eof_received_still_goes_out(loop):
    class Answering(Recorder):
        def eof_received(self):
            self.transport.write(b"one ")
            self.transport.write(b"two")

    async with tls_connected(Answering) as (_transport, protocol, peer):
        peer.close_notify()
        assert await in_thread(peer.receive, 100) == b"one two"
        assert await protocol.lost is None


async def test_the_end_waits_while_reading_is_paused(loop):
    async with tls_connected() as (transport, protocol, peer):
        transport.pause_reading()
        await in_thread(peer.send, b"unread")
        await in_thread(peer.close_notify)
        peer.sock.close()
        await turns(20)
        assert protocol.names == ["made"]
        transport.resume_reading()
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "eof", "lost"]


async def test_close_from_inside_of_data_received(loop):
    class Closing(Recorder):
        def data_received(self, data):
            super().data_received(data)
            self.transport.write(b"answer")
            self.transport.close()

    async with tls_connected(Closing) as (_transport, protocol, peer):
        await in_thread(peer.send, b"request")
        assert await in_thread(peer.receive, 100) == b"answer"
        await in_thread(peer.unwrap)
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "eof", "lost"]


@pytest.mark.rondel_only("asyncio forgets them")
async def test_the_addresses_are_known_after_the_end(loop):
    async with tls_connected() as (transport, protocol, peer):
        address = peer.sock.getsockname()
        transport.abort()
        await protocol.lost
        assert transport.get_extra_info("peername") == address
        assert transport.get_extra_info("sockname") is not None
    assert transport.get_extra_info("socket", "none") == "none"


async def test_streams_wait_for_the_end(loop):
    ended = loop.create_future()

    async def handle(reader, writer):
        assert await reader.read() == b"data"
        writer.close()
        await writer.wait_closed()
        ended.set_result(None)

    async with await asyncio.start_server(handle, HOST, 0, ssl=server_context()) as server:
        _reader, writer = await asyncio.open_connection(
            *server.sockets[0].getsockname(), ssl=client_context(), server_hostname="localhost"
        )
        writer.write(b"data")
        writer.close()
        await writer.wait_closed()
        await ended


@pytest.mark.rondel_only("asyncio drops what the transport below has not taken by then")
async def test_what_was_written_goes_out_after_the_peer_has_closed(loop):
    async with tls_connected(small_buffers=True) as (transport, protocol, peer):
        data = bytes(range(256)) * 8000
        transport.write(data)
        assert transport.get_write_buffer_size() > 0
        peer.close_notify()
        assert await in_thread(peer.receive, len(data) + 1) == data
        assert await protocol.lost is None


async def test_what_was_written_goes_out_before_the_end(loop):
    async with tls_connected(small_buffers=True) as (transport, protocol, peer):
        data = bytes(range(256)) * 8000
        transport.write(data)
        transport.close()
        assert await in_thread(peer.receive, len(data) + 1) == data
        await in_thread(peer.unwrap)
        assert await protocol.lost is None

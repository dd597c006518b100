"""Handshakes that fail: one clear error each, at both ends, and nothing is left behind."""

import asyncio
import contextlib
import socket
import ssl

import pytest

from support.net import HOST, listening, reset, tcp_pair
from support.protocols import Recorder
from support.servers import Accepting
from support.tls import (
    AUTHORITY,
    Peer,
    client_context,
    connect,
    in_thread,
    server_context,
    tls_connected,
    tls_server,
)
from support.turns import turns


@contextlib.asynccontextmanager
async def shaking(loop, **options):
    """A client in the middle of its handshake: its task, and the socket at the other end."""
    ours, theirs = tcp_pair()
    options = {"server_hostname": "localhost", "ssl": client_context(), **options}
    task = loop.create_task(loop.create_connection(Recorder, sock=ours, **options))
    # Its first words have come.
    assert await in_thread(theirs.recv, 65536)
    try:
        yield task, theirs
    finally:
        theirs.close()
        task.cancel()
        with contextlib.suppress(BaseException):
            await task
        await turns(4)
        assert ours.fileno() == -1


async def test_the_peer_vanishes(loop):
    async with shaking(loop) as (task, peer):
        peer.close()
        with pytest.raises(ConnectionResetError):
            await task


async def test_the_peer_resets(loop):
    async with shaking(loop) as (task, peer):
        reset(peer)
        with pytest.raises(ConnectionResetError):
            await task


async def test_the_peer_says_nothing(loop):
    with pytest.raises(ConnectionAbortedError) as caught:
        async with shaking(loop, ssl_handshake_timeout=0.05) as (task, _peer):
            await task
    assert str(caught.value) == (
        "SSL handshake is taking longer than 0.05 seconds: aborting the connection"
    )


async def test_the_peer_speaks_something_else(loop):
    async with shaking(loop) as (task, peer):
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(ssl.SSLError) as caught:
            await task
        assert caught.value.reason == "WRONG_VERSION_NUMBER"


async def test_it_is_cancelled(loop):
    async with shaking(loop) as (task, peer):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await turns(2)
        with pytest.raises(ConnectionResetError):
            # Nothing but the end.
            if peer.recv(10) == b"":
                raise ConnectionResetError


@pytest.mark.parametrize("hostname", ["localhost", "example.test"])
async def test_the_certificate_is_not_trusted(loop, hostname):
    context = ssl.create_default_context() if hostname == "localhost" else client_context()
    ours, theirs = tcp_pair()
    peer = Peer(theirs)
    shaken = loop.run_in_executor(None, peer.handshake)
    with pytest.raises(ssl.SSLCertVerificationError):
        await loop.create_connection(Recorder, sock=ours, ssl=context, server_hostname=hostname)
    with pytest.raises((ssl.SSLError, EOFError, ConnectionResetError)):
        await shaken
    theirs.close()


@pytest.mark.rondel_only("asyncio keeps the alert to itself")
async def test_the_peer_hears_why(loop):
    ours, theirs = tcp_pair()
    peer = Peer(theirs)
    shaken = loop.run_in_executor(None, peer.handshake)
    with pytest.raises(ssl.SSLCertVerificationError):
        await loop.create_connection(
            Recorder, sock=ours, ssl=ssl.create_default_context(), server_hostname="localhost"
        )
    with pytest.raises(ssl.SSLError) as caught:
        await shaken
    assert caught.value.reason == "TLSV1_ALERT_UNKNOWN_CA"
    theirs.close()


async def test_a_server_goes_on_after_clients_that_fail(loop):
    accepting = Accepting()
    async with tls_server(accepting) as (_server, address):
        with socket.create_connection(address) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert await in_thread(client.recv, 1000) in (b"", b"\x15\x03\x01\x00\x02\x02F")
        socket.create_connection(address).close()
        with socket.create_connection(address) as client:
            reset(client)
        with await in_thread(connect, address) as client:
            client.sendall(b"hello")
            while not any(protocol.data for protocol in accepting.made):
                await asyncio.sleep(0)
    assert sum(protocol.names != [] for protocol in accepting.made) == 1


async def test_a_client_without_the_certificate_that_is_wanted(loop):
    accepting = Accepting()
    context = server_context(client_authority=AUTHORITY)
    async with tls_server(accepting, context) as (_server, address):
        client = await in_thread(connect, address)
        # With TLS 1.3 a client hears of it only when it reads.
        with client, contextlib.suppress(ssl.SSLError, ConnectionResetError):
            assert await in_thread(client.recv, 10) == b""
    assert [protocol.names for protocol in accepting.made] == [[]]


async def test_in_debug_mode_a_server_tells_of_handshakes_that_fail(loop, problems):
    loop.set_debug(True)
    async with tls_server(Recorder) as (_server, address):
        with socket.create_connection(address) as client:
            client.sendall(b"nonsense that is no handshake")
            while not problems.contexts:
                await asyncio.sleep(0)
    context = problems.take_one()
    assert context["message"] == "Error on transport creation for incoming connection"
    assert isinstance(context["exception"], ssl.SSLError)
    assert isinstance(context["protocol"], Recorder)


@pytest.mark.parametrize("option", ["ssl_handshake_timeout", "ssl_shutdown_timeout"])
@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_timeouts_must_be_positive(loop, option, value):
    message = f"{option} should be a positive number, got {value}"
    with listening() as listener, pytest.raises(ValueError, match=message):
        await loop.create_connection(
            Recorder, *listener.getsockname(), ssl=client_context(), **{option: value}
        )


@pytest.mark.rondel_only("asyncio says so at each connection that comes, to nobody")
async def test_a_server_checks_its_arguments_at_once(loop):
    with pytest.raises(ValueError, match="should be a positive number"):
        await loop.create_server(Recorder, HOST, 0, ssl=server_context(), ssl_handshake_timeout=-1)
    with pytest.raises(TypeError, match=r"expected to be an ssl\.SSLContext, got 'yes'"):
        await loop.create_server(Recorder, HOST, 0, ssl="yes")


@pytest.mark.rondel_only("asyncio leaves the socket open, and says that str has no wrap_bio")
async def test_what_is_no_context(loop):
    ours, theirs = tcp_pair()
    with theirs, pytest.raises(TypeError, match=r"expected to be an ssl\.SSLContext, got 'yes'"):
        await loop.create_connection(Recorder, sock=ours, ssl="yes", server_hostname="localhost")
    assert ours.fileno() == -1


async def test_a_server_needs_a_context(loop):
    with pytest.raises(TypeError, match="ssl argument must be an SSLContext or None"):
        await loop.create_server(Recorder, HOST, 0, ssl=True)


async def test_a_connection_that_is_accepted_elsewhere(loop):
    with listening() as listener:
        client = loop.run_in_executor(None, connect, listener.getsockname())
        sock, _ = await in_thread(listener.accept)
        transport, protocol = await loop.connect_accepted_socket(
            Recorder, sock, ssl=server_context(), ssl_handshake_timeout=30, ssl_shutdown_timeout=30
        )
        with await client as client:
            client.sendall(b"hello")
            assert await protocol.received(5) == b"hello"
            transport.abort()
            await protocol.lost


async def test_tickets_come_after_the_handshake(loop):
    """Records that carry nothing for the application do not disturb it."""
    async with tls_connected() as (transport, protocol, peer):
        # The two tickets were on their way with the handshake; then data.
        await in_thread(peer.send, b"data")
        assert await protocol.received(4) == b"data"
        assert transport.get_extra_info("ssl_object").session.has_ticket
        assert protocol.names == ["made", "data"]


async def test_a_bad_record(loop):
    async with tls_connected() as (_transport, protocol, peer):
        await in_thread(peer.send, b"good")
        await protocol.received(4)
        peer.sock.sendall(b"this is not a record")
        error = await protocol.lost
        assert isinstance(error, ssl.SSLError)
        assert protocol.names == ["made", "data", "lost"]


async def test_a_record_that_was_tampered_with(loop):
    async with tls_connected() as (_transport, protocol, peer):
        peer.tls.write(b"secret")
        record = bytearray(peer.outgoing.read())
        record[-1] ^= 1
        peer.sock.sendall(record)
        error = await protocol.lost
        assert isinstance(error, ssl.SSLError)
        assert error.reason == "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
        assert protocol.names == ["made", "lost"]


@pytest.mark.rondel_only("asyncio loses it")
async def test_what_came_before_a_bad_record_is_delivered(loop):
    async with tls_connected() as (_transport, protocol, peer):
        peer.tls.write(b"good")
        peer.sock.sendall(peer.outgoing.read() + b"this is not a record")
        assert isinstance(await protocol.lost, ssl.SSLError)
        assert protocol.names == ["made", "data", "lost"]

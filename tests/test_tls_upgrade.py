"""start_tls: who knows of the new transport when."""

import asyncio
import socket
import ssl

import pytest

from support.net import HOST, SECONDS, connected, listening, tcp_pair
from support.protocols import Recorder
from support.servers import Accepting
from support.tls import Peer, client_context, in_thread, server_context


def hurry(address) -> bytes:
    """Send the first data in one segment with the end of the handshake; gives the answer."""
    with socket.create_connection(address, SECONDS) as sock:
        peer = Peer(sock, server_side=False)
        peer.handshake_unsent()
        peer.send(b"hello")
        return peer.receive(5)


@pytest.mark.rondel_only("asyncio gives the data to the protocol before start_tls returns")
async def test_start_tls_returns_before_data_comes(loop):
    """A protocol that answers at once does so over the new transport."""
    events = []

    class Notes(asyncio.Protocol):
        def data_received(self, data):
            events.append(data)

    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    async with server:
        asking = asyncio.ensure_future(in_thread(hurry, server.sockets[0].getsockname()))
        (protocol,) = await accepting.connections()
        notes = Notes()
        protocol.transport.set_protocol(notes)
        upgraded = await loop.start_tls(
            protocol.transport, notes, server_context(), server_side=True
        )
        events.append("upgraded")
        while len(events) < 2:
            await asyncio.sleep(0)
        assert events == ["upgraded", b"hello"]
        upgraded.write(b"there")
        assert await asking == b"there"
        upgraded.close()
        await asyncio.sleep(0)


def greet_who_comes(listener) -> bytes:
    sock, _ = listener.accept()
    with sock:
        sock.settimeout(SECONDS)
        peer = Peer(sock)
        peer.handshake()
        peer.send(b"hello")
        return peer.receive(5)


async def test_start_tls_as_a_client_with_a_name_and_timeouts(loop):
    with listening() as listener:
        greeting = asyncio.ensure_future(in_thread(greet_who_comes, listener))
        transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
        upgraded = await loop.start_tls(
            transport,
            protocol,
            client_context(),
            server_hostname="localhost",
            ssl_handshake_timeout=SECONDS,
            ssl_shutdown_timeout=SECONDS,
        )
        assert await protocol.received(5) == b"hello"
        upgraded.write(b"there")
        assert await greeting == b"there"
        upgraded.abort()
        await protocol.lost


async def test_start_tls_refuses_a_name_that_the_certificate_lacks(loop):
    with listening() as listener:
        greeting = asyncio.ensure_future(in_thread(greet_who_comes, listener))
        transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
        with pytest.raises(ssl.SSLCertVerificationError):
            await loop.start_tls(
                transport, protocol, client_context(), server_hostname="other.example"
            )
        with pytest.raises((OSError, EOFError)):
            await greeting


async def test_connect_accepted_socket_over_tls(loop):
    ours, theirs = tcp_pair()
    with theirs:
        peer = Peer(theirs, server_side=False)
        asking = asyncio.ensure_future(in_thread(peer.handshake))
        transport, protocol = await loop.connect_accepted_socket(
            Recorder, ours, ssl=server_context(), ssl_handshake_timeout=SECONDS
        )
        await asking
        await in_thread(peer.send, b"hello")
        assert await protocol.received(5) == b"hello"
        transport.abort()
        await protocol.lost


@pytest.mark.rondel_only("asyncio waits for ever, or gives a transport that is dead")
@pytest.mark.parametrize("lost", [False, True], ids=["closing", "lost"])
async def test_upgrading_a_transport_that_is_over_says_so_at_once(loop, lost):
    async with connected() as (transport, protocol, _peer):
        transport.close()
        if lost:
            await protocol.lost
        with pytest.raises(ConnectionAbortedError, match="closing or closed"):
            await loop.start_tls(transport, protocol, client_context(), server_hostname="localhost")
        await protocol.lost


@pytest.mark.rondel_only("asyncio leaves the first one waiting for ever")
async def test_upgrading_twice_at_a_time_ends_for_both(loop):
    async with connected() as (transport, protocol, _peer):
        upgrades = [
            loop.start_tls(
                transport,
                protocol,
                client_context(),
                server_hostname="localhost",
                ssl_handshake_timeout=0.05,
            )
            for _ in range(2)
        ]
        for result in await asyncio.gather(*upgrades, return_exceptions=True):
            assert isinstance(result, ConnectionAbortedError)

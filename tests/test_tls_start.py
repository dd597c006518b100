"""start_tls: a connection goes on with TLS, and nothing that came before is lost."""

import asyncio
import contextlib
import socket
import ssl

import pytest

from support.net import HOST, connected, reset, tcp_pair
from support.protocols import Recorder
from support.tls import Peer, client_context, in_thread, server_context
from support.turns import turns


@contextlib.asynccontextmanager
async def upgraded(loop, factory=Recorder, **options):
    """A plain connection that was upgraded: old and new transport, protocol, Peer."""
    async with connected(factory) as (plain, protocol, sock):
        peer = Peer(sock)
        shaken = loop.run_in_executor(None, peer.handshake)
        options = {"server_hostname": "localhost", **options}
        secure = await loop.start_tls(plain, protocol, client_context(), **options)
        await shaken
        yield plain, secure, protocol, peer
        secure.abort()
        await protocol.lost


async def test_a_client_goes_on_with_tls(loop):
    async with upgraded(loop) as (plain, secure, protocol, peer):
        assert secure is not plain
        assert plain.get_protocol() is secure._ssl_protocol
        secure.write(b"secret")
        assert await in_thread(peer.receive, 6) == b"secret"
        await in_thread(peer.send, b"answer")
        assert await protocol.received(6) == b"answer"
        assert secure.get_extra_info("sslcontext")
        assert plain.get_extra_info("sslcontext") is None
        # It has been connected all the time.
        assert protocol.names == ["made", "data"]
        secure.close()
        await in_thread(peer.unwrap)
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "eof", "lost"]


async def test_a_server_goes_on_with_tls(loop):
    async with connected() as (plain, protocol, sock):
        peer = Peer(sock, server_side=False)
        shaken = loop.run_in_executor(None, peer.handshake)
        secure = await loop.start_tls(plain, protocol, server_context(), server_side=True)
        await shaken
        await in_thread(peer.send, b"secret")
        assert await protocol.received(6) == b"secret"
        secure.abort()
        await protocol.lost


async def test_plain_data_goes_out_before_the_handshake(loop):
    async with connected() as (plain, protocol, sock):
        plain.write(b"STARTTLS\n" * 100_000)
        upgrade = loop.create_task(
            loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
        )

        def serve():
            data = b""
            while len(data) < 900_000:
                data += sock.recv(900_000 - len(data))
            assert data == b"STARTTLS\n" * 100_000
            peer = Peer(sock)
            peer.handshake()
            peer.send(b"ok")

        await in_thread(serve)
        secure = await upgrade
        assert await protocol.received(2) == b"ok"
        secure.abort()
        await protocol.lost


async def test_streams(loop):
    async def handle(reader, writer):
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"OK\n")
        await writer.start_tls(server_context())
        assert writer.get_extra_info("cipher")
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(handle, HOST, 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"OK\n"
        await writer.start_tls(client_context(), server_hostname="localhost")
        writer.write(b"secret\n")
        assert await reader.read() == b"secret\n"
        writer.close()
        await writer.wait_closed()


@pytest.mark.rondel_only("asyncio loses the handshake that is in the reader's buffer")
@pytest.mark.parametrize("limit", [100, 65536])
async def test_a_peer_that_does_not_wait_for_the_upgrade(loop, limit):
    """uvloop#707, python/cpython#142352: what a stream has read already goes to TLS."""
    done = loop.create_future()

    async def handle(reader, writer):
        assert await reader.readline() == b"STARTTLS\n"
        assert reader._buffer
        await writer.start_tls(server_context())
        assert await reader.readline() == b"secret\n"
        writer.write(b"answer")
        writer.close()
        await writer.wait_closed()
        done.set_result(None)

    async with await asyncio.start_server(handle, HOST, 0, limit=limit) as server:

        def client():
            sock = socket.create_connection(server.sockets[0].getsockname())
            peer = Peer(sock, server_side=False)
            with contextlib.suppress(ssl.SSLWantReadError):
                peer.tls.do_handshake()
            # In one packet.
            sock.sendall(b"STARTTLS\n" + peer.outgoing.read())
            peer.handshake()
            peer.send(b"secret\n")
            data = peer.receive(100)
            peer.unwrap()
            sock.close()
            return data

        assert await in_thread(client) == b"answer"
        await done


async def test_tls_in_tls(loop):
    async with upgraded(loop) as (_plain, outer, protocol, peer):
        below = Peer(peer.sock, server_context("other"))

        class Through:
            """The inner connection's network is the outer connection."""

            def sendall(self, data):
                peer.send(data)

            def recv(self, _count):
                return peer.call(peer.tls.read, 65536)

        below.sock = Through()
        shaken = loop.run_in_executor(None, below.handshake)
        inner = await loop.start_tls(
            outer, protocol, client_context(), server_hostname="example.test"
        )
        await shaken
        data = bytes(range(256)) * 1000
        inner.write(data)
        assert await in_thread(below.receive, len(data)) == data
        await in_thread(below.send, data)
        assert await protocol.received(len(data)) == data
        inner.close()
        await in_thread(below.unwrap)
        await in_thread(peer.unwrap)
        assert await protocol.lost is None
        assert protocol.names[-2:] == ["eof", "lost"]


class Foreign(asyncio.Transport):
    """Somebody else's transport, over one of the loop's."""

    _start_tls_compatible = True

    def __init__(self, below):
        super().__init__()
        self.below = below

    def write(self, data):
        assert isinstance(data, bytes)
        self.below.write(data)

    def __getattr__(self, name):
        return getattr(self.below, name)

    def get_extra_info(self, name, default=None):
        return self.below.get_extra_info(name, default)

    def pause_reading(self):
        self.below.pause_reading()

    def resume_reading(self):
        self.below.resume_reading()

    def set_protocol(self, protocol):
        self.below.set_protocol(Ordinary(protocol))

    def is_closing(self):
        return self.below.is_closing()

    def close(self):
        self.below.close()

    def abort(self):
        self.below.abort()


class Ordinary(asyncio.Protocol):
    """Passes on, to a protocol of either kind, what the transport below says."""

    def __init__(self, protocol):
        self.protocol = protocol

    def data_received(self, data):
        if isinstance(self.protocol, asyncio.BufferedProtocol):
            buffer = self.protocol.get_buffer(len(data))
            buffer[: len(data)] = data
            self.protocol.buffer_updated(len(data))
        else:
            self.protocol.data_received(data)

    def __getattr__(self, name):
        return getattr(self.protocol, name)

    def eof_received(self):
        return self.protocol.eof_received()

    def connection_lost(self, exc):
        self.protocol.connection_lost(exc)

    def pause_writing(self):
        self.protocol.pause_writing()

    def resume_writing(self):
        self.protocol.resume_writing()


async def test_a_transport_of_somebody_else(loop):
    async with connected() as (plain, protocol, sock):
        peer = Peer(sock)
        shaken = loop.run_in_executor(None, peer.handshake)
        secure = await loop.start_tls(
            Foreign(plain), protocol, client_context(), server_hostname="localhost"
        )
        await shaken
        data = bytes(range(256)) * 10_000
        secure.write(data)
        assert await in_thread(peer.receive, len(data)) == data
        await in_thread(peer.send, data)
        assert await protocol.received(len(data)) == data
        await in_thread(peer.close_notify)
        assert await protocol.lost is None
        assert protocol.names[-2:] == ["eof", "lost"]


async def test_what_cannot_be_upgraded(loop):
    async with connected() as (plain, protocol, _sock):
        with pytest.raises(TypeError, match=r"to be an instance of ssl\.SSLContext, got None"):
            await loop.start_tls(plain, protocol, None)
        with pytest.raises(TypeError, match=r"is not supported by start_tls\(\)"):
            await loop.start_tls(asyncio.Transport(), protocol, client_context())
        with pytest.raises(ValueError, match="ssl_handshake_timeout should be a positive number"):
            await loop.start_tls(
                plain,
                protocol,
                client_context(),
                server_hostname="localhost",
                ssl_handshake_timeout=0,
            )
        assert not plain.is_closing()


async def test_a_peer_that_does_not_speak_tls(loop):
    async with connected() as (plain, protocol, sock):
        sock.sendall(b"500 what is that?\r\n" * 10)
        with pytest.raises(ssl.SSLError):
            await loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
        assert plain.is_closing()
        assert isinstance(await protocol.lost, ssl.SSLError)


async def test_a_peer_that_vanishes(loop):
    async with connected() as (plain, protocol, sock):
        sock.close()
        with pytest.raises(ConnectionResetError):
            await loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
        assert isinstance(await protocol.lost, ConnectionResetError)


@pytest.mark.rondel_only("asyncio's protocol never hears of it, and whoever waits waits for ever")
async def test_a_peer_that_resets_in_the_handshake(loop):
    async with connected() as (plain, protocol, sock):
        upgrade = loop.create_task(
            loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
        )
        await in_thread(sock.recv, 65536)
        reset(sock)
        with pytest.raises(ConnectionResetError):
            await upgrade
        assert isinstance(await protocol.lost, ConnectionResetError)


@pytest.mark.rondel_only("asyncio's start_tls gives None")
async def test_the_plain_transport_is_closed_in_the_handshake(loop):
    async with connected() as (plain, protocol, sock):
        upgrade = loop.create_task(
            loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
        )
        await in_thread(sock.recv, 65536)
        plain.abort()
        with pytest.raises(ConnectionAbortedError, match="closed during the TLS handshake"):
            await upgrade
        assert await protocol.lost is None


async def test_it_is_cancelled(loop):
    async with connected() as (plain, protocol, sock):
        upgrade = loop.create_task(
            loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
        )
        await in_thread(sock.recv, 65536)
        upgrade.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upgrade
        assert plain.is_closing()
        await turns(4)


async def test_it_is_cancelled_before_it_begins(loop):
    ours, theirs = tcp_pair()
    plain, protocol = await loop.create_connection(Recorder, sock=ours)
    upgrade = loop.create_task(
        loop.start_tls(plain, protocol, client_context(), server_hostname="localhost")
    )
    await turns(1)
    upgrade.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upgrade
    await turns(4)
    assert ours.fileno() == -1
    theirs.close()

"""TLS connections and servers: data goes through, and the connection says what it is."""

import asyncio
import ssl

import pytest

from support.net import HOST
from support.protocols import BufferedRecorder, Recorder
from support.servers import Accepting
from support.tls import (
    AUTHORITY,
    client_context,
    connect,
    in_thread,
    server_context,
    tls_connected,
    tls_server,
)


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_echo_between_two_transports(loop, version):
    context = server_context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    async with tls_server(Echo, context) as (_server, address):
        transport, protocol = await loop.create_connection(
            Recorder, *address, ssl=client_context(), server_hostname="localhost"
        )
        transport.write(b"hello")
        assert await protocol.received(5) == b"hello"
        assert transport.get_extra_info("cipher")[1].startswith("TLSv1")
        assert transport.get_extra_info("ssl_object").version() == version.replace("_", ".")
        transport.close()
        assert await protocol.lost is None
        assert protocol.names == ["made", "data", "eof", "lost"]


@pytest.mark.parametrize("size", [0, 1, 100, 16384, 16385, 100_000, 3_000_000])
async def test_sizes(loop, size):
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    async with tls_server(Echo) as (_server, address):
        transport, protocol = await loop.create_connection(
            Recorder, *address, ssl=client_context(), server_hostname="localhost"
        )
        transport.write(data)
        transport.write(b"!")
        assert await protocol.received(size + 1) == data + b"!"
        transport.close()
        assert await protocol.lost is None


async def test_streams(loop):
    async def handle(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(handle, HOST, 0, ssl=server_context())
    async with server:
        reader, writer = await asyncio.open_connection(
            *server.sockets[0].getsockname(), ssl=client_context(), server_hostname="localhost"
        )
        writer.writelines([b"one ", bytearray(b"two "), memoryview(b"three\n")])
        assert await reader.read() == b"one two three\n"
        writer.close()
        await writer.wait_closed()


class ViewRecorder(BufferedRecorder):
    def get_buffer(self, sizehint):
        return memoryview(super().get_buffer(sizehint))


async def check_buffered(factory, size):
    async with tls_connected(lambda: factory(size)) as (_transport, protocol, peer):
        data = bytes(range(250)) * 100
        await in_thread(peer.send, data)
        assert await protocol.received(len(data)) == data
        assert all(len(event[1]) <= size for event in protocol.events if event[0] == "data")


@pytest.mark.parametrize("size", [1, 7, 1000, 65536])
async def test_a_buffered_protocol_gets_its_own_memory_filled(loop, size):
    await check_buffered(ViewRecorder, size)


@pytest.mark.rondel_only("asyncio fills a slice of the bytearray, which is a copy")
@pytest.mark.parametrize("size", [1, 7, 1000, 65536])
async def test_that_memory_may_be_a_bytearray(loop, size):
    await check_buffered(BufferedRecorder, size)


async def test_what_get_extra_info_knows(loop):
    context = client_context()
    async with tls_connected(context=context) as (transport, _protocol, peer):
        info = transport.get_extra_info
        assert info("sslcontext") is context
        assert info("peercert")["subjectAltName"] == (("DNS", "localhost"), ("IP Address", HOST))
        assert info("cipher") == peer.tls.cipher()
        assert info("compression") is None
        assert isinstance(info("ssl_object"), ssl.SSLObject)
        assert info("peername") == peer.sock.getsockname()
        assert info("sockname") == peer.sock.getpeername()
        assert info("socket").getsockname() == info("sockname")
        assert info("nonsense", "default") == "default"


async def test_what_a_transport_is(loop):
    async with tls_connected() as (transport, protocol, _peer):
        assert isinstance(transport, asyncio.Transport)
        assert transport.get_protocol() is protocol
        assert not transport.can_write_eof()
        with pytest.raises(NotImplementedError):
            transport.write_eof()
        assert transport.is_reading()
        assert not transport.is_closing()
        transport.user = "somebody"
        assert transport.user == "somebody"
        assert transport._ssl_protocol._app_protocol is protocol
        assert transport._ssl_protocol._transport.get_protocol() is transport._ssl_protocol
        for data in ("text", None, 1):
            with pytest.raises(TypeError, match="expecting a bytes-like instance"):
                transport.write(data)


async def test_a_file_is_sent(loop, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4000)
    async with tls_connected() as (transport, protocol, peer):
        receiving = loop.run_in_executor(None, peer.receive, 1_000_000)
        with path.open("rb") as file:
            assert await loop.sendfile(transport, file, 100, 1_000_000) == 1_000_000
            assert file.tell() == 1_000_100
            with pytest.raises(RuntimeError, match="fallback is disabled"):
                await loop.sendfile(transport, file, fallback=False)
        assert await receiving == path.read_bytes()[100:1_000_100]
        assert transport.get_protocol() is protocol


async def test_another_protocol_takes_over(loop):
    async with tls_connected() as (transport, first, peer):
        peer.send(b"first")
        await first.received(5)
        second = Recorder()
        transport.set_protocol(second)
        peer.send(b"second")
        assert await second.received(6) == b"second"
        assert first.data == b"first"
        transport.abort()
        await second.lost
        assert first.names == ["made", "data"]


async def test_alpn(loop):
    server, client = server_context(), client_context()
    server.set_alpn_protocols(["h2", "http/1.1"])
    client.set_alpn_protocols(["http/1.1"])
    async with tls_connected(context=client, peer_context=server) as (transport, _, peer):
        assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        assert peer.tls.selected_alpn_protocol() == "http/1.1"


async def test_a_server_sees_the_certificate_of_its_client(loop):
    accepting = Accepting()
    context = server_context(client_authority=AUTHORITY)
    async with tls_server(accepting, context) as (_server, address):
        with await in_thread(connect, address, client_context("client")) as client:
            (protocol,) = await accepting.connections()
            subject = protocol.transport.get_extra_info("peercert")["subject"]
            assert subject == ((("commonName", "client"),),)
            protocol.transport.write(b"welcome")
            assert await in_thread(client.recv, 10) == b"welcome"
        await protocol.lost


async def test_the_server_chooses_by_name(loop):
    other = server_context("other")
    asked = []

    def choose(sslobj, name, _context):
        asked.append(name)
        if name == "example.test":
            sslobj.context = other

    context = server_context()
    context.sni_callback = choose
    async with tls_server(Echo, context) as (_server, address):
        for name in ("localhost", "example.test"):
            with await in_thread(connect, address, client_context(), name) as client:
                assert ("DNS", name) in client.getpeercert()["subjectAltName"]
    assert asked == ["localhost", "example.test"]


async def test_a_session_is_used_again(loop):
    class Context(ssl.SSLContext):
        """Gives each connection the session of the one before."""

        last = None

        def wrap_bio(self, *args, **kwargs):
            return super().wrap_bio(*args, session=self.last, **kwargs)

    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(AUTHORITY)
    reused = []
    async with tls_server(Echo) as (_server, address):
        for _ in range(2):
            transport, protocol = await loop.create_connection(
                Recorder, *address, ssl=context, server_hostname="localhost"
            )
            # In TLS 1.3 the session comes after the handshake, with the first data at the latest.
            transport.write(b"x")
            await protocol.received(1)
            sslobj = transport.get_extra_info("ssl_object")
            reused.append(sslobj.session_reused)
            context.last = sslobj.session
            transport.close()
            await protocol.lost
    assert reused == [False, True]


async def test_a_class_of_the_users_own_reads_and_writes(loop):
    class Counting(ssl.SSLObject):
        calls = 0

        def read(self, *args):
            Counting.calls += 1
            return super().read(*args)

        def write(self, data):
            Counting.calls += 1
            return super().write(data)

    context = client_context()
    context.sslobject_class = Counting
    async with tls_connected(context=context) as (transport, protocol, peer):
        data = b"abc" * 50_000
        transport.write(data)
        assert await in_thread(peer.receive, len(data)) == data
        await in_thread(peer.send, data)
        assert await protocol.received(len(data)) == data
        assert Counting.calls >= 10


async def test_a_connection_without_arguments_of_its_own(loop):
    """ssl=True makes the default context: which does not trust the tests' authority."""
    async with tls_server(Echo) as (_server, address):
        with pytest.raises(ssl.SSLCertVerificationError):
            await loop.create_connection(Recorder, *address, ssl=True, server_hostname="localhost")

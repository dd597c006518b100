"""websockets: its own server and its own client on one loop.

Real: both ends are the package's, with its handshake, masks, compression and timers; each test runs
over TCP on this machine, over TLS with a certificate that is verified, and over a Unix socket.
"""

import asyncio
import contextlib

import pytest
import websockets
from websockets.asyncio.client import connect, unix_connect
from websockets.asyncio.server import serve, unix_serve

from support import tls


async def echo(connection):
    async for message in connection:
        await connection.send(message)


class Way:
    """How clients reach servers: "tcp", "tls", or a Unix socket in a directory."""

    def __init__(self, kind, directory):
        self.kind, self.path = kind, str(directory / "socket")

    def serve(self, handler, **options):
        if self.kind == "unix":
            return unix_serve(handler, self.path, **options)
        context = tls.server_context() if self.kind == "tls" else None
        return serve(handler, "127.0.0.1", 0, ssl=context, **options)

    def connect(self, address, **options):
        if self.kind == "unix":
            return unix_connect(self.path, "ws://localhost/", **options)
        if self.kind == "tls":
            return connect("wss://{}:{}/".format(*address), ssl=tls.client_context(), **options)
        return connect("ws://{}:{}/".format(*address), **options)

    @contextlib.asynccontextmanager
    async def connected(self, handler, *, server=None, **options):
        """A client of a server that runs this handler."""
        serving = self.serve(handler, **(server or {}))
        async with serving as running, self.connect(address_of(running), **options) as client:
            yield client


@pytest.fixture(params=["tcp", "tls", "unix"])
def way(request, tmp_path):
    return Way(request.param, tmp_path)


def address_of(server):
    return server.sockets[0].getsockname()


async def test_messages(loop, problems, way):
    """Real: text and binary messages, in order, among them empty ones."""
    async with way.connected(echo) as client:
        for message in ("text", "tëxt", b"\x00\xff", "", b""):
            await client.send(message)
            assert await client.recv() == message
        for n in range(500):
            await client.send(str(n))
        assert [await client.recv() for _ in range(500)] == [str(n) for n in range(500)]


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_big_messages(loop, problems, way, compression):
    """Real: 8 MB there and back, whole and in fragments, past every water mark."""
    big = bytes(range(256)) * 32_768
    options = {"max_size": 2**24, "compression": compression}
    async with way.connected(echo, server=options, **options) as client:
        await client.send(big)
        assert await client.recv() == big
        await client.send(big[n : n + 2**20] for n in range(0, len(big), 2**20))
        assert b"".join([part async for part in client.recv_streaming()]) == big


async def test_a_message_too_big(loop, problems, way):
    """Real: the receiver refuses it, and both know why."""
    async with way.connected(echo, server={"max_size": 1000}) as client:
        await client.send(bytes(1001))
        with pytest.raises(websockets.ConnectionClosedError):
            await client.recv()
        assert client.close_code == 1009


async def test_a_slow_reader(loop, problems, way):
    """Real: TCP's own backpressure holds the sender until the reader goes on."""
    sent = []

    async def flood(connection):
        for n in range(100):
            await connection.send(bytes(500_000))
            sent.append(n)

    async with way.connected(flood, compression=None) as client:
        await client.recv()
        before = -1
        while len(sent) != before:
            before = len(sent)
            await asyncio.sleep(0.1)
        # 50 MB are more than any kernel keeps for a connection that nobody reads.
        assert len(sent) < 100
        for _ in range(99):
            assert len(await client.recv()) == 500_000


async def test_ping_and_pong(loop, problems, way):
    """Real: pings of both sides, by hand and by the timers of keep-alive."""
    async with way.connected(echo, ping_interval=0.02, server={"ping_interval": 0.02}) as client:
        latency = await (await client.ping())
        assert latency > 0
        first = client.latency
        while client.latency == first:
            await asyncio.sleep(0.01)
        await client.send("still there")
        assert await client.recv() == "still there"


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "going"), (4321, "ours, ünlike")])
async def test_close_codes(loop, problems, way, code, reason):
    """Real: the closing handshake, whoever begins it."""
    seen = asyncio.get_running_loop().create_future()

    async def closes(connection):
        await connection.recv()
        await connection.close(code, reason)

    async def sees(connection):
        await connection.wait_closed()
        seen.set_result((connection.close_code, connection.close_reason))

    async with way.connected(closes) as client:
        await client.send("close")
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (code, reason)
    async with way.connected(sees) as client:
        await client.close(code, reason)
    assert await seen == (code, reason)


async def test_a_lost_connection(loop, problems, way):
    """Real: the TCP connection is aborted, with no closing handshake; 1006 stands for that."""

    async def abort(connection):
        await connection.recv()
        connection.transport.abort()

    async with way.connected(abort) as client:
        await client.send("abort")
        with pytest.raises(websockets.ConnectionClosedError):
            await client.recv()
        assert client.close_code == 1006


async def test_many_clients_and_a_shutdown(loop, problems, way):
    """Real: a hundred connections at once; the server's end tells each of them."""
    async with way.serve(echo) as server:
        address = address_of(server)
        clients = await asyncio.gather(*(way.connect(address) for _ in range(100)))
        await asyncio.gather(*(client.send("hello") for client in clients))
        assert await asyncio.gather(*(client.recv() for client in clients)) == ["hello"] * 100
        server.close()
        await server.wait_closed()
        await asyncio.gather(*(client.wait_closed() for client in clients))
        assert {client.close_code for client in clients} == {1001}
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            await way.connect(address)


async def test_a_cancelled_receive(loop, problems, way):
    """Real: recv() is cancelled time and again, and no message is lost."""
    async with way.connected(echo) as client:
        for n in range(50):
            receive = asyncio.create_task(client.recv())
            await asyncio.sleep(0)
            receive.cancel()
            await asyncio.wait([receive])
            await client.send(str(n))
            assert await client.recv() == str(n)


async def test_a_refused_handshake(loop, problems, way):
    """Real: the server answers with HTTP, and the client says which status."""

    def refuse(connection, request):
        return connection.respond(403, "no\n")

    async with way.serve(echo, process_request=refuse) as server:
        with pytest.raises(websockets.InvalidStatus) as caught:
            await way.connect(address_of(server))
        assert caught.value.response.status_code == 403

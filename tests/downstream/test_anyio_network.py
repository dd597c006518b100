"""anyio's sockets on the loop under test.

Real: anyio's own listeners and streams; peers are plain sockets of the test, other tasks, or the
kernel.
"""

import contextlib
import os
import socket

import anyio
import anyio.abc
import anyio.to_thread
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.text import TextStream
from anyio.streams.tls import TLSListener

from support import tls


async def exchange(listener, connect):
    """A server that echoes, and its clients: a cancelled read, much at once, an end each way."""

    async def echo(stream):
        async with stream:
            with contextlib.suppress(anyio.BrokenResourceError):
                async for data in stream:
                    await stream.send(data)
                await stream.send_eof()

    async def client(n):
        async with await connect() as stream:
            with anyio.move_on_after(0.01):
                await stream.receive()
            big = os.urandom(300_000)
            async with anyio.create_task_group() as group:
                group.start_soon(stream.send, big)
                buffered = BufferedByteReceiveStream(stream)
                assert await buffered.receive_exactly(len(big)) == big
            await stream.send_eof()
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, echo)
        async with anyio.create_task_group() as clients:
            for n in range(10):
                clients.start_soon(client, n)
        group.cancel_scope.cancel()


def test_tcp(anyio_run):
    """Real: TCP over both families where the machine has them, with happy eyeballs."""

    async def main():
        listener = await anyio.create_tcp_listener(local_host="localhost")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        await exchange(listener, lambda: anyio.connect_tcp("localhost", port))
        with pytest.raises(OSError, match="All connection attempts failed"):
            await anyio.connect_tcp("localhost", port)

    anyio_run(main)


def test_tls(anyio_run):
    """Real: anyio's TLS over its TCP streams, with a certificate that is verified."""

    async def main():
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        listener = TLSListener(listener, tls.server_context())
        context = tls.client_context()

        async def echo(stream):
            async with stream:
                async for data in stream:
                    await stream.send(data)

        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, echo)
            connected = await anyio.connect_tcp("127.0.0.1", port, ssl_context=context)
            async with connected as stream:
                big = os.urandom(300_000)
                buffered = BufferedByteReceiveStream(stream)
                async with anyio.create_task_group() as both:
                    both.start_soon(stream.send, big)
                    assert await buffered.receive_exactly(len(big)) == big
            group.cancel_scope.cancel()

    anyio_run(main)


def test_tcp_ends(anyio_run):
    """Real: what a plain socket of the test does to an anyio stream: text, an end, a reset."""

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as server:
            stream = await anyio.connect_tcp(*server.getsockname())
            peer, _ = await anyio.to_thread.run_sync(server.accept)
            assert stream.extra(anyio.abc.SocketAttribute.remote_address) == server.getsockname()
            text = TextStream(stream)
            await text.send("tëxt")
            assert peer.recv(100) == "tëxt".encode()
            peer.sendall("zurück".encode())
            assert await text.receive() == "zurück"
            peer.close()
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()
            with pytest.raises(anyio.BrokenResourceError):
                for _ in range(100):
                    await stream.send(bytes(100_000))
            await stream.aclose()
            with pytest.raises(anyio.ClosedResourceError):
                await stream.receive()

    anyio_run(main)


def test_unix_sockets(anyio_run, tmp_path):
    """Real: streams over a Unix socket, and a pipe's descriptor sent through one."""

    async def main():
        path = tmp_path / "socket"
        listener = await anyio.create_unix_listener(path)
        await exchange(listener, lambda: anyio.connect_unix(path))

        async with await anyio.create_unix_listener(tmp_path / "other") as listener:
            connected = await anyio.connect_unix(tmp_path / "other")
            async with connected as one, await listener.accept() as other:
                reading, writing = os.pipe()
                with open(reading, "rb") as pipe:
                    await one.send_fds(b"take this", [writing])
                    os.close(writing)
                    message, (received,) = await other.receive_fds(100, 1)
                    os.write(received, b"through the pipe")
                    os.close(received)
                    assert (message, pipe.read()) == (b"take this", b"through the pipe")

    anyio_run(main)


def test_datagrams(anyio_run, tmp_path):
    """Real: UDP, connected and not, and datagrams over Unix sockets."""

    async def main():
        attributes = anyio.abc.SocketAttribute
        async with await anyio.create_udp_socket(local_host="127.0.0.1") as server:
            port = server.extra(attributes.local_port)
            async with await anyio.create_connected_udp_socket("127.0.0.1", port) as client:
                # An empty datagram is one that asyncio sends from 3.13 on alone.
                for size in (1, 1000, 60_000):
                    await client.send(bytes(size))
                    data, sender = await server.receive()
                    assert data == bytes(size)
                    await server.sendto(data + b"!", *sender)
                    assert await client.receive() == bytes(size) + b"!"
                with anyio.move_on_after(0.01) as scope:
                    await client.receive()
                assert scope.cancelled_caught

        path = str(tmp_path / "one")
        async with await anyio.create_unix_datagram_socket(local_path=path) as server:
            client = await anyio.create_connected_unix_datagram_socket(
                path, local_path=str(tmp_path / "other")
            )
            async with client:
                await client.send(b"hello")
                data, sender = await server.receive()
                await server.sendto(data.upper(), sender)
                assert await client.receive() == b"HELLO"

    anyio_run(main)


def test_bare_sockets(anyio_run):
    """Real: waiting for a descriptor to be readable and writable."""

    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            await anyio.wait_writable(ours)
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.wait_readable, ours)
                await anyio.wait_all_tasks_blocked()
                theirs.send(b"x")
            with anyio.move_on_after(0.01) as scope:
                ours.recv(1)
                await anyio.wait_readable(ours)
            assert scope.cancelled_caught

    anyio_run(main)


def test_names(anyio_run):
    """Real: the system's look-up, in a thread."""

    async def main():
        found = await anyio.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        assert found[0][4] == ("127.0.0.1", 80)
        assert (await anyio.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST))[0] == "127.0.0.1"

    anyio_run(main)

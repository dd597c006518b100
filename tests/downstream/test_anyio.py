"""anyio on its asyncio backend, whose option `loop_factory` gives the loop.

Real: anyio's own run(), tasks, sockets, threads and signals; peers are plain sockets, other tasks,
or the kernel.
"""

import contextlib
import os
import signal
import socket
import threading

import anyio
import anyio.abc
import anyio.from_thread
import anyio.to_thread
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.text import TextStream
from anyio.streams.tls import TLSListener

from support import loops, tls


@pytest.fixture
def options(loop_kind):
    """The options of the backend: the loop under test."""
    return {"loop_factory": loops.loop_class(loop_kind)}


@pytest.fixture
def run(options, log):
    """anyio.run() on the loop under test, of a function that takes nothing."""
    return lambda main: anyio.run(main, backend="asyncio", backend_options=options)


def test_the_loop_is_the_one_asked_for(run, loop_kind):
    """Real: what anyio.run() hands to the loop's factory, and what it gives back."""

    async def main():
        import asyncio

        return type(asyncio.get_running_loop())

    assert run(main) is loops.loop_class(loop_kind)


def test_task_groups(run):
    """Real: children that start, fail, and end each other."""

    async def main():
        ended = []

        async def started(value, *, task_status):
            task_status.started(value)
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(value)

        async def fails():
            await anyio.sleep(0)
            raise LookupError("mine")

        with pytest.raises(ExceptionGroup) as caught:
            async with anyio.create_task_group() as group:
                assert [await group.start(started, n) for n in range(50)] == list(range(50))
                group.start_soon(fails)
        assert isinstance(caught.value.exceptions[0], LookupError)
        assert sorted(ended) == list(range(50))

    run(main)


def test_cancel_scopes(run):
    """Real: timeouts, shields, and cancellation that comes again until the scope is left."""

    async def main():
        with pytest.raises(TimeoutError), anyio.fail_after(0.01):
            await anyio.sleep_forever()
        with anyio.move_on_after(0.01) as outer:
            with contextlib.suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep_forever()
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            for _ in range(3):
                with contextlib.suppress(anyio.get_cancelled_exc_class()):
                    await anyio.sleep_forever()
            await anyio.sleep_forever()
        assert outer.cancelled_caught
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.lowlevel.checkpoint()
        assert scope.cancelled_caught

    run(main)


def test_memory_streams_and_locks(run):
    """Real: a bounded stream between many tasks, a limiter, a condition."""

    async def main():
        send, receive = anyio.create_memory_object_stream[int](3)
        got = []
        limiter = anyio.CapacityLimiter(2)

        async def produce(stream, start):
            async with stream:
                for n in range(start, start + 100):
                    await stream.send(n)

        async def consume(stream):
            async with stream:
                async for item in stream:
                    async with limiter:
                        assert limiter.borrowed_tokens <= 2
                        got.append(item)

        async with anyio.create_task_group() as group, send, receive:
            for n in range(5):
                group.start_soon(produce, send.clone(), n * 100)
                group.start_soon(consume, receive.clone())
        assert sorted(got) == list(range(500))

        condition, ready = anyio.Condition(), []

        async def wait():
            async with condition:
                while not ready:
                    await condition.wait()

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            async with condition:
                ready.append(True)
                condition.notify_all()

    run(main)


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


def test_tcp(run):
    """Real: TCP over both families where the machine has them, with happy eyeballs."""

    async def main():
        listener = await anyio.create_tcp_listener(local_host="localhost")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        await exchange(listener, lambda: anyio.connect_tcp("localhost", port))
        with pytest.raises(OSError, match="All connection attempts failed"):
            await anyio.connect_tcp("localhost", port)

    run(main)


def test_tls(run):
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

    run(main)


def test_tcp_ends(run):
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

    run(main)


def test_unix_sockets(run, tmp_path):
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

    run(main)


def test_datagrams(run, tmp_path):
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

    run(main)


def test_bare_sockets(run):
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

    run(main)


def test_names(run):
    """Real: the system's look-up, in a thread."""

    async def main():
        found = await anyio.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        assert found[0][4] == ("127.0.0.1", 80)
        assert (await anyio.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST))[0] == "127.0.0.1"

    run(main)


def test_threads(run, options):
    """Real: worker threads that call the loop; a loop in a thread, called from this one."""

    async def main():
        def work(n):
            assert threading.current_thread() is not threading.main_thread()
            return anyio.from_thread.run(double, n) + anyio.from_thread.run_sync(int, "1")

        async def double(n):
            await anyio.sleep(0)
            return 2 * n

        results = {}

        async def collect(n):
            results[n] = await anyio.to_thread.run_sync(work, n)

        async with anyio.create_task_group() as group:
            for n in range(50):
                group.start_soon(collect, n)
        assert results == {n: 2 * n + 1 for n in range(50)}

    run(main)

    portal = anyio.from_thread.start_blocking_portal("asyncio", options)
    with portal as portal:
        futures = [portal.start_task_soon(anyio.sleep, 0) for _ in range(50)]
        assert [future.result() for future in futures] == [None] * 50
        endless = portal.start_task_soon(anyio.sleep_forever)
        assert endless.cancel()
        with pytest.raises(LookupError):
            portal.call(lambda: {}["nothing"])


def test_files(run, tmp_path):
    """Real: a file and paths, through threads."""

    async def main():
        path = anyio.Path(tmp_path) / "file"
        async with await anyio.open_file(path, "w") as file:
            await file.write("one\ntwo\n")
        assert await path.read_text() == "one\ntwo\n"
        async with await anyio.open_file(path) as file:
            assert [line async for line in file] == ["one\n", "two\n"]
        await path.unlink()
        assert not await path.exists()

    run(main)


def test_signals(run):
    """Real: signals of the kernel to this process, as an asynchronous iterator."""

    async def main():
        seen = []
        with anyio.open_signal_receiver(signal.SIGUSR1, signal.SIGUSR2) as signals:
            os.kill(os.getpid(), signal.SIGUSR1)
            async for signum in signals:
                seen.append(signum)
                if len(seen) == 10:
                    break
                os.kill(os.getpid(), signal.SIGUSR2 if len(seen) % 2 else signal.SIGUSR1)
        assert seen == [signal.SIGUSR1, signal.SIGUSR2] * 5

    run(main)

"""asyncio's streams on the loop: readers, writers, limits and back-pressure."""

import asyncio
import sys

import pytest

from support.net import HOST
from support.turns import turns, until


async def serve(handler, **options):
    """A server with this handler, and a client's reader and writer."""
    server = await asyncio.start_server(handler, HOST, 0, **options)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), **options)
    return server, reader, writer


async def finish(server, writer):
    writer.close()
    await writer.wait_closed()
    await stop(server)


async def stop(server):
    """Close the server, and wait for its handlers, which 3.11 does not."""
    server.close()
    await server.wait_closed()
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0)


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_echo(loop):
    server, reader, writer = await serve(echo)
    for n in range(100):
        writer.write(b"line %d\n" % n)
        await writer.drain()
        assert await reader.readline() == b"line %d\n" % n
    writer.write_eof()
    assert await reader.read() == b""
    assert reader.at_eof()
    await finish(server, writer)


async def test_ways_to_read(loop):
    async def send(reader, writer):
        writer.writelines([b"one\ntwo\n", b"12345", b"until;", b"the rest"])
        writer.close()

    server, reader, writer = await serve(send)
    assert await reader.readline() == b"one\n"
    assert await reader.readline() == b"two\n"
    assert await reader.readexactly(5) == b"12345"
    assert await reader.readuntil(b";") == b"until;"
    assert await reader.read(3) == b"the"
    assert await reader.read(-1) == b" rest"
    assert await reader.readline() == b""
    with pytest.raises(asyncio.IncompleteReadError):
        await reader.readexactly(1)
    await finish(server, writer)


async def test_iteration_over_lines(loop):
    async def send(reader, writer):
        writer.write(b"a\nb\nc")
        writer.close()

    server, reader, writer = await serve(send)
    assert [line async for line in reader] == [b"a\n", b"b\n", b"c"]
    await finish(server, writer)


async def test_incomplete_reads(loop):
    async def send(reader, writer):
        writer.write(b"short")
        writer.close()

    server, reader, writer = await serve(send)
    with pytest.raises(asyncio.IncompleteReadError) as caught:
        await reader.readexactly(10)
    assert (caught.value.partial, caught.value.expected) == (b"short", 10)
    await finish(server, writer)


async def test_lines_longer_than_the_limit(loop):
    async def send(reader, writer):
        writer.write(b"x" * 1000 + b"\nshort\n")
        writer.close()

    server, reader, writer = await serve(send, limit=100)
    with pytest.raises(ValueError, match="limit"):
        await reader.readline()
    await finish(server, writer)


async def test_a_reader_that_does_not_read_stops_the_sender(loop):
    held = loop.create_future()

    async def hold(reader, writer):
        held.set_result(writer.transport)
        await release.wait()
        while await reader.read(1 << 20):
            pass
        writer.close()

    release = asyncio.Event()
    server, reader, writer = await serve(hold)
    writes = 0

    async def send():
        nonlocal writes
        while True:
            writer.write(bytes(1 << 20))
            writes += 1
            await writer.drain()

    sending = asyncio.create_task(send())
    receiver = await held
    await until(lambda: not receiver.is_reading())
    await until(lambda: writer.transport.get_write_buffer_size() > 65536)
    before = writes
    await turns(100)
    assert writes == before
    release.set()
    await until(lambda: writes > before)
    sending.cancel()
    await asyncio.wait([sending])
    writer.transport.abort()
    assert await reader.read() == b""
    await finish(server, writer)


async def test_large_messages_both_ways(loop):
    server, reader, writer = await serve(echo)
    data = bytes(range(256)) * 16_000

    async def send():
        writer.write(data)
        await writer.drain()

    got, _ = await asyncio.gather(reader.readexactly(len(data)), send())
    assert got == data
    await finish(server, writer)


async def test_many_clients(loop):
    server = await asyncio.start_server(echo, HOST, 0)
    address = server.sockets[0].getsockname()

    async def client(n):
        reader, writer = await asyncio.open_connection(*address)
        for m in range(10):
            writer.write(b"%d %d\n" % (n, m))
            assert await reader.readline() == b"%d %d\n" % (n, m)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(client(n) for n in range(100)))
    await stop(server)


async def test_a_plain_function_as_handler(loop):
    def handler(reader, writer):
        writer.write(b"hello")
        writer.close()

    server, reader, writer = await serve(handler)
    assert await reader.read() == b"hello"
    await finish(server, writer)


async def test_writer(loop):
    server, _reader, writer = await serve(echo)
    assert writer.get_extra_info("peername") == server.sockets[0].getsockname()
    assert writer.can_write_eof()
    assert isinstance(writer.transport, asyncio.Transport)
    assert not writer.is_closing()
    writer.close()
    assert writer.is_closing()
    await writer.wait_closed()
    await finish(server, writer)


async def test_a_handler_that_raises(loop, problems):
    async def fail(reader, writer):
        await reader.readline()
        raise ValueError("handler")

    server, reader, writer = await serve(fail)
    writer.write(b"go\n")
    if sys.version_info >= (3, 12):
        assert await reader.read() == b"", "the transport is closed"
    else:
        while not problems.contexts:
            await turns(1)
    context = problems.take_one()
    assert str(context["exception"]) == "handler"
    assert context["message"] == "Unhandled exception in client_connected_cb"
    assert context["transport"].get_extra_info("peername")
    writer.close()
    if sys.version_info < (3, 12):
        context["transport"].close()
    await finish(server, writer)


async def test_a_reset_reaches_reader_and_writer(loop):
    async def vanish(reader, writer):
        await reader.readline()
        import socket
        import struct

        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        writer.transport.abort()

    server, reader, writer = await serve(vanish)
    writer.write(b"go\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    with pytest.raises(ConnectionResetError):
        while True:
            writer.write(b"more")
            await writer.drain()
    writer.close()
    with pytest.raises(ConnectionResetError):
        await writer.wait_closed()
    await stop(server)


async def test_cancelling_a_read_loses_no_data(loop):
    server, reader, writer = await serve(echo)
    for n in range(10):
        task = asyncio.create_task(reader.readline())
        await turns(1)
        writer.write(b"%d\n" % n)
        task.cancel()
        await asyncio.wait([task])
        assert await reader.readline() == b"%d\n" % n
    await finish(server, writer)


async def test_two_readers_at_once_are_refused(loop):
    server, reader, writer = await serve(echo)
    first = asyncio.create_task(reader.readline())
    await turns(1)
    with pytest.raises(RuntimeError, match="called while another coroutine is already waiting"):
        await reader.readline()
    writer.write(b"one\n")
    assert await first == b"one\n"
    await finish(server, writer)


async def test_a_subclass_of_the_reader_gets_the_data(loop):
    class Reader(asyncio.StreamReader):
        fed = b""

        def feed_data(self, data):
            Reader.fed += data
            super().feed_data(data)

    server = await asyncio.start_server(echo, HOST, 0)
    reader = Reader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.create_connection(lambda: protocol, *server.sockets[0].getsockname())
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    writer.write(b"hello\n")
    assert await reader.readline() == Reader.fed == b"hello\n"
    await finish(server, writer)

"""What feeds a StreamReader is decided by what is there at the time, not by what once was."""

import asyncio
import gc
import socket

from support.net import HOST, SECONDS, receive_exactly, tcp_pair
from support.protocols import Recorder
from support.servers import client_of
from support.tls import Peer, in_thread, server_context
from support.turns import turns, until


async def opened(limit=2**16):
    ours, peer = tcp_pair()
    reader, writer = await asyncio.open_connection(sock=ours, limit=limit)
    return reader, writer, peer


async def end(writer, peer):
    peer.close()
    writer.close()
    await writer.wait_closed()


async def test_a_replaced_feed_data_is_called(loop):
    reader, writer, peer = await opened()
    fed = []
    feed_data = reader.feed_data
    reader.feed_data = lambda data: (fed.append(bytes(data)), feed_data(data))
    peer.sendall(b"seen")
    assert await reader.readexactly(4) == b"seen"
    assert b"".join(fed) == b"seen"
    await end(writer, peer)


async def test_a_replaced_feed_eof_is_called(loop):
    reader, writer, peer = await opened()
    fed = []
    feed_eof = reader.feed_eof
    reader.feed_eof = lambda: (fed.append("eof"), feed_eof())
    peer.sendall(b"last")
    peer.close()
    assert await reader.read() == b"last"
    assert fed == ["eof"]
    await end(writer, peer)


async def test_a_replaced_data_received_of_the_protocol_is_called(loop):
    reader, writer, peer = await opened()
    protocol = writer.transport.get_protocol()
    seen = []
    received = protocol.data_received
    protocol.data_received = lambda data: (seen.append(bytes(data)), received(data))
    writer.transport.set_protocol(protocol)
    peer.sendall(b"seen")
    assert await reader.readexactly(4) == b"seen"
    assert b"".join(seen) == b"seen"
    await end(writer, peer)


async def test_a_subclass_of_the_protocol_gets_the_data(loop):
    class Protocol(asyncio.StreamReaderProtocol):
        seen = b""

        def data_received(self, data):
            Protocol.seen += data
            super().data_received(data)

    ours, peer = tcp_pair()
    reader = asyncio.StreamReader()
    transport, protocol = await loop.create_connection(lambda: Protocol(reader), sock=ours)
    peer.sendall(b"seen")
    assert await reader.readexactly(4) == Protocol.seen == b"seen"
    transport.close()
    await protocol._get_close_waiter(None)
    peer.close()


async def test_a_reader_that_is_gone_costs_nothing_but_its_data(loop, problems):
    """The protocol holds its reader weakly, once the user has the writer alone."""
    reader, writer, peer = await opened()
    del reader
    gc.collect()
    peer.sendall(b"for nobody")
    await turns(5)
    writer.write(b"goes on")
    assert await asyncio.to_thread(peer.recv, 100) == b"goes on"
    await end(writer, peer)
    problems.take()


async def test_set_protocol_decides_again(loop):
    reader, writer, peer = await opened()
    streams = writer.transport.get_protocol()
    peer.sendall(b"to the reader")
    assert await reader.readexactly(13) == b"to the reader"
    other = Recorder()
    writer.transport.set_protocol(other)
    peer.sendall(b"to the other")
    assert await other.received(12) == b"to the other"
    assert reader._buffer == b""
    writer.transport.set_protocol(streams)
    peer.sendall(b"and back")
    assert await reader.readexactly(8) == b"and back"
    await end(writer, peer)


async def test_past_twice_the_limit_the_reader_pauses_the_transport(loop):
    reader, writer, peer = await opened(limit=1000)
    peer.sendall(b"x" * 1500)
    await until(lambda: len(reader._buffer) == 1500)
    assert writer.transport.is_reading(), "up to twice the limit it goes on"
    peer.sendall(b"x" * 501)
    await until(lambda: not writer.transport.is_reading())
    assert await reader.readexactly(2001) == b"x" * 2001
    assert writer.transport.is_reading(), "resumed as the buffer is empty"
    await end(writer, peer)


async def test_the_reader_of_a_server_is_fed_before_its_handler_runs_on(loop):
    seen = asyncio.Queue()

    async def serve(reader, writer):
        seen.put_nowait(await reader.readline())
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    with client_of(server) as client:
        client.sendall(b"line\n")
        assert await seen.get() == b"line\n"
    server.close()
    await server.wait_closed()


async def test_start_tls_decides_again(loop):
    """What feeds the reader is the TLS transport from then on; a replaced feed_data is honoured."""
    fed = []
    done = loop.create_future()

    async def serve(reader, writer):
        assert await reader.readline() == b"plain\n"
        feed_data = reader.feed_data
        reader.feed_data = lambda data: (fed.append(bytes(data)), feed_data(data))
        writer.write(b"go\n")
        await writer.start_tls(server_context())
        writer.write(await reader.readexactly(6))
        await writer.drain()
        writer.close()
        done.set_result(None)

    def talk(address):
        with socket.create_connection(address, SECONDS) as sock:
            sock.sendall(b"plain\n")
            assert receive_exactly(sock, 3) == b"go\n"
            peer = Peer(sock, server_side=False)
            peer.handshake()
            peer.send(b"secret")
            return peer.receive(6)

    server = await asyncio.start_server(serve, HOST, 0)
    address = server.sockets[0].getsockname()
    assert await in_thread(talk, address) == b"secret"
    await done
    assert b"".join(fed) == b"secret"
    server.close()

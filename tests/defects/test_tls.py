"""TLS loses nothing at the upgrade (uvloop#707, cpython#142352); no close lingers (uvloop#471)."""

import asyncio
import socket

import pytest

from support import child
from support.net import HOST, SECONDS, reset
from support.protocols import Recorder
from support.servers import Accepting
from support.tls import Peer, in_thread, server_context, tls_connected, tls_server
from support.tls import connect as tls_client
from support.turns import turns


def beside(function, *args) -> asyncio.Task:
    """Begin to run what blocks beside the loop."""
    return asyncio.create_task(in_thread(function, *args))


class EarlyPeer(Peer):
    """A client that sends this ahead of its first flight, in one segment."""

    def __init__(self, sock, before: bytes):
        super().__init__(sock, server_side=False)
        self.before = before

    def flush(self) -> None:
        if self.outgoing.pending:
            before, self.before = self.before, b""
            self.sock.sendall(before + self.outgoing.read())


def talk(address, before: bytes) -> bytes:
    """Ask for the upgrade without waiting for an answer; then the first data's echo."""
    with socket.create_connection(address, SECONDS) as sock:
        peer = EarlyPeer(sock, before)
        peer.handshake()
        peer.send(b"under TLS")
        answer = peer.receive(9)
        peer.close_notify()
        return answer


@pytest.mark.rondel_only("asyncio's reader keeps what it has read of the handshake")
@pytest.mark.parametrize("ahead", [1, 300], ids=["one segment", "much of it"])
async def test_start_tls_keeps_what_arrived_before_the_upgrade(loop, ahead):
    """The client's handshake lies in the reader's buffer when the server comes to the upgrade."""
    done = loop.create_future()

    async def serve(reader, writer):
        for _ in range(ahead):
            assert await reader.readline() == b"STARTTLS\n"
        assert reader._buffer, "the case at hand"
        await writer.start_tls(server_context())
        writer.write(await reader.readexactly(9))
        await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set_result(None)

    server = await asyncio.start_server(serve, HOST, 0)
    address = server.sockets[0].getsockname()
    assert await in_thread(talk, address, b"STARTTLS\n" * ahead) == b"under TLS"
    await done
    server.close()
    await server.wait_closed()


async def test_start_tls_keeps_what_the_kernel_holds_at_the_upgrade(loop):
    """Reading was paused, so that the whole handshake waits in the socket."""
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    client = beside(talk, server.sockets[0].getsockname(), b"")
    (protocol,) = await accepting.connections()
    protocol.transport.pause_reading()
    await asyncio.sleep(0.01)
    upgraded = await loop.start_tls(
        protocol.transport, protocol, server_context(), server_side=True
    )
    data = await protocol.received(9)
    assert data == b"under TLS"
    upgraded.write(data)
    assert await client == b"under TLS"
    await protocol.lost
    server.close()


async def test_data_in_one_segment_with_the_end_of_the_handshake_is_kept(loop):
    def ask(address):
        with socket.create_connection(address, SECONDS) as sock:
            peer = Peer(sock, server_side=False)
            peer.handshake_unsent()
            peer.send(b"at once")
            answer = peer.receive(7)
            peer.close_notify()
            return answer

    accepting = Accepting()
    async with tls_server(accepting) as (_server, address):
        client = beside(ask, address)
        (protocol,) = await accepting.connections()
        assert await protocol.received(7) == b"at once"
        protocol.transport.write(b"at once")
        assert await client == b"at once"
        await protocol.lost


async def test_data_and_the_end_that_came_while_the_loop_was_busy_are_delivered(loop):
    async with tls_connected() as (_transport, protocol, peer):
        peer.send(b"last words")
        peer.close_notify()
        peer.sock.shutdown(socket.SHUT_WR)
        assert await protocol.lost is None
        assert protocol.data == b"last words"
        assert protocol.names[-2:] == ["eof", "lost"]


@pytest.mark.parametrize("queued", [0, 20_000_000], ids=["nothing queued", "much queued"])
async def test_close_never_lingers_past_its_timeout(loop, queued):
    """The peer reads nothing and answers nothing: not even close_notify."""
    async with tls_connected(ssl_shutdown_timeout=0.05) as (transport, protocol, _peer):
        transport.write(bytes(queued))
        transport.close()
        # What is wrong lingers for the 30 s of the default.
        async with asyncio.timeout(20):
            await protocol.lost


async def test_abort_does_not_linger(loop):
    async with tls_connected() as (transport, protocol, _peer):
        transport.write(bytes(20_000_000))
        transport.abort()
        await turns(5)
        assert protocol.lost.done()


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_close_does_not_linger_when_the_peer_is_gone(loop, how):
    async with tls_connected() as (transport, protocol, peer):
        if how == "close":
            peer.sock.close()
        else:
            reset(peer.sock)
        transport.close()
        async with asyncio.timeout(20):
            await protocol.lost


async def test_close_does_not_linger_when_the_peer_answers(loop):
    accepting = Accepting()
    async with tls_server(accepting) as (_server, address):
        client = await in_thread(tls_client, address)
        (protocol,) = await accepting.connections()
        unwrapping = beside(client.unwrap)
        protocol.transport.close()
        async with asyncio.timeout(20):
            assert await protocol.lost is None
        (await unwrapping).close()


async def test_server_ssl_context_is_there(loop):
    """A private name that the suite of websockets looks at."""
    context = server_context()
    async with tls_server(Recorder, context) as (server, _address):
        assert server._ssl_context is context


MEMORY = """
    import asyncio, gc, resource, sys
    from support.loops import new_loop
    from support.tls import client_context, server_context

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    async def serve(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def once(address, context, size):
        reader, writer = await asyncio.open_connection(
            *address, ssl=context, server_hostname="localhost"
        )
        for _ in range(size // 50_000 + 1):
            writer.write(b"x" * min(size, 50_000))
            await reader.readexactly(min(size, 50_000))
        writer.close()
        await writer.wait_closed()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context())
        address, context = server.sockets[0].getsockname(), client_context()
        if sys.argv[1] == "connections":
            rounds, at_once, size = 60, 10, 100
        else:
            rounds, at_once, size = 12, 1, 5_000_000
        for n in range(rounds):
            if n == rounds // 3:
                before = resident()
            await asyncio.gather(*(once(address, context, size) for _ in range(at_once)))
        print(resident() - before)
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
"""


@pytest.mark.parametrize("what", ["connections", "data"])
def test_tls_memory_stays_flat_under_load(loop_kind, what):
    """uvloop#565: 400 connections, or 40 MB over some, leave less than 2 MB behind."""
    grown = int(child.output(loop_kind, MEMORY, what))
    assert grown < 2_000_000

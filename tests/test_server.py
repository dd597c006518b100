"""Servers: create_server, its sockets, serving, closing and waiting for the end."""

import asyncio
import socket
import sys

import pytest

from support.net import HOST, listening, receive_all, receive_exactly
from support.servers import Accepting, client_of
from support.turns import turns

closes_clients = pytest.mark.skipif(sys.version_info < (3, 13), reason="came with 3.13")


@pytest.fixture
def accepting():
    return Accepting()


def port_of(server):
    return server.sockets[0].getsockname()[1]


async def test_serves(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    assert server.is_serving()
    assert server.get_loop() is loop
    with client_of(server) as client:
        (protocol,) = await accepting.connections()
        assert protocol.transport.get_extra_info("peername") == client.getsockname()
        assert protocol.transport.get_extra_info("sockname") == client.getpeername()
        client.send(b"hello")
        assert await protocol.received(5) == b"hello"
        protocol.transport.write(b"back")
        assert receive_exactly(client, 4) == b"back"
    await protocol.lost
    assert protocol.names == ["made", "data", "eof", "lost"]
    server.close()
    await server.wait_closed()


async def test_sockets(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    (sock,) = server.sockets
    assert sock.fileno() >= 0
    assert sock.getsockname()[0] == HOST
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    assert repr(sock.fileno()) in repr(server)
    server.close()
    assert server.sockets == ()
    await server.wait_closed()


async def test_on_a_given_socket(loop, accepting):
    sock = listening()
    server = await loop.create_server(accepting, sock=sock)
    client_of(server).close()
    (protocol,) = await accepting.connections()
    await protocol.lost
    server.close()
    await server.wait_closed()
    assert sock.fileno() == -1


async def test_on_several_hosts(loop, accepting):
    server = await loop.create_server(accepting, [HOST, "127.0.0.2"], 0)
    assert {sock.getsockname()[0] for sock in server.sockets} == {HOST, "127.0.0.2"}
    for sock in server.sockets:
        socket.create_connection(sock.getsockname()).close()
    for protocol in await accepting.connections(2):
        await protocol.lost
    server.close()
    await server.wait_closed()


async def test_start_serving_later(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0, start_serving=False)
    assert not server.is_serving()
    with pytest.raises(ConnectionRefusedError):
        client_of(server)
    await server.start_serving()
    await server.start_serving()
    assert server.is_serving()
    client_of(server).close()
    (protocol,) = await accepting.connections()
    await protocol.lost
    server.close()
    await server.wait_closed()


async def test_close_leaves_connections_open(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    address = server.sockets[0].getsockname()
    with client_of(server) as client:
        (protocol,) = await accepting.connections()
        server.close()
        server.close()
        assert not server.is_serving()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        client.send(b"still")
        assert await protocol.received(5) == b"still"
    await protocol.lost
    await server.wait_closed()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 does not wait for connections")
async def test_wait_closed_waits_for_connections(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    client = client_of(server)
    (protocol,) = await accepting.connections()
    waiting = asyncio.create_task(server.wait_closed())
    await turns(2)
    assert not waiting.done()
    server.close()
    await turns(2)
    assert not waiting.done()
    client.close()
    await waiting
    assert protocol.lost.done()


async def test_async_with(loop, accepting):
    async with await loop.create_server(accepting, HOST, 0) as server:
        client_of(server).close()
        (protocol,) = await accepting.connections()
        await protocol.lost
    assert not server.is_serving()


async def test_serve_forever(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0, start_serving=False)
    task = asyncio.create_task(server.serve_forever())
    await turns(2)
    assert server.is_serving()
    with pytest.raises(RuntimeError, match="is already being awaited on serve_forever"):
        await server.serve_forever()
    client_of(server).close()
    (protocol,) = await accepting.connections()
    await protocol.lost
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not server.is_serving()
    with pytest.raises(RuntimeError, match="is closed"):
        await server.serve_forever()


async def test_closing_a_server_ends_serve_forever(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0)
    task = asyncio.create_task(server.serve_forever())
    await turns(2)
    server.close()
    with pytest.raises(asyncio.CancelledError):
        await task


@closes_clients
@pytest.mark.parametrize("method", ["close_clients", "abort_clients"])
async def test_closing_clients(loop, accepting, method):
    server = await loop.create_server(accepting, HOST, 0)
    clients = [client_of(server) for _ in range(3)]
    protocols = await accepting.connections(3)
    server.close()
    getattr(server, method)()
    await server.wait_closed()
    assert [protocol.names for protocol in protocols] == [["made", "lost"]] * 3
    for client in clients:
        assert receive_all(client) == b""
        client.close()


@closes_clients
async def test_keep_alive(loop, accepting):
    server = await loop.create_server(accepting, HOST, 0, keep_alive=True)
    assert server.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    server.close()
    await server.wait_closed()


async def test_a_port_in_use(loop, accepting):
    with listening() as sock:
        address = sock.getsockname()
        with pytest.raises(OSError, match="error while attempting to bind on address") as caught:
            await loop.create_server(accepting, *address)
    assert str(address[1]) in str(caught.value)
    assert "address already in use" in str(caught.value)


async def test_reuse_port(loop, accepting):
    first = await loop.create_server(accepting, HOST, 0, reuse_port=True)
    second = await loop.create_server(accepting, HOST, port_of(first), reuse_port=True)
    assert port_of(first) == port_of(second)
    for server in (first, second):
        server.close()
        await server.wait_closed()


async def test_arguments_that_do_not_go_together(loop, accepting):
    both = pytest.raises(ValueError, match="can not be specified at the same time")
    with socket.socket() as sock, both:
        await loop.create_server(accepting, HOST, 0, sock=sock)
    with pytest.raises(ValueError, match="Neither host/port nor sock were specified"):
        await loop.create_server(accepting)
    no_stream = pytest.raises(ValueError, match="A Stream Socket was expected")
    with socket.socket(type=socket.SOCK_DGRAM) as sock, no_stream:
        await loop.create_server(accepting, sock=sock)
    with pytest.raises(TypeError, match="ssl argument must be an SSLContext or None"):
        await loop.create_server(accepting, HOST, 0, ssl=True)


async def test_an_unresolvable_host(loop, accepting):
    with pytest.raises(socket.gaierror):
        await loop.create_server(accepting, "no such host", 0)

"""create_server: each argument; and what a server tells of itself."""

import asyncio
import socket
import ssl
import sys

import pytest

from support.net import HOST, listening, receive_all
from support.servers import Accepting, client_of
from support.turns import turns
from support.unix import client_of as unix_client_of

counts_clients = pytest.mark.skipif(sys.version_info < (3, 13), reason="came with 3.13")


@pytest.fixture
def accepting():
    return Accepting()


@pytest.fixture(params=["tcp", "unix"])
def serve(request, loop, accepting, socket_path):
    """Starts a server of either family: `serve(**arguments)`."""

    async def serve(**arguments):
        if request.param == "unix":
            return await loop.create_unix_server(accepting, socket_path, **arguments)
        return await loop.create_server(accepting, HOST, 0, **arguments)

    return serve


def client(server) -> socket.socket:
    """A blocking client of a server of either family."""
    address = server.sockets[0].getsockname()
    return unix_client_of(address) if isinstance(address, str) else client_of(server)


async def end(server):
    server.close()
    await server.wait_closed()


async def greeted(accepting, sock):
    """Wait until the server has accepted this client; the client goes."""
    sock.close()
    (protocol,) = await accepting.connections()
    await protocol.lost


# --- Addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [None, ""])
async def test_all_interfaces(loop, accepting, host):
    server = await loop.create_server(accepting, host, 0, family=socket.AF_INET)
    (sock,) = server.sockets
    assert sock.getsockname()[0] == "0.0.0.0"
    await greeted(accepting, socket.create_connection((HOST, sock.getsockname()[1])))
    await end(server)


async def test_both_families(loop, accepting):
    server = await loop.create_server(accepting, None, 0)
    for sock in server.sockets:
        if sock.family == socket.AF_INET6:
            assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    assert socket.AF_INET in {sock.family for sock in server.sockets}
    await end(server)


async def test_a_host_that_comes_twice_is_bound_once(loop, accepting):
    server = await loop.create_server(accepting, (HOST, "127.0.0.2", HOST), 0)
    assert sorted(s.getsockname()[0] for s in server.sockets) == [HOST, "127.0.0.2"]
    await end(server)


async def test_the_port_as_text(loop, accepting):
    with listening() as sock:
        port = sock.getsockname()[1]
    server = await loop.create_server(accepting, HOST, str(port))
    assert server.sockets[0].getsockname() == (HOST, port)
    await end(server)


async def test_the_family(loop, accepting):
    server = await loop.create_server(accepting, "localhost", 0, family=socket.AF_INET)
    assert {sock.family for sock in server.sockets} == {socket.AF_INET}
    await end(server)
    with pytest.raises(socket.gaierror):
        await loop.create_server(accepting, HOST, 0, family=socket.AF_INET6)


async def test_flags_are_those_of_getaddrinfo(loop, accepting):
    with pytest.raises(socket.gaierror):
        await loop.create_server(accepting, "localhost", 0, flags=socket.AI_NUMERICHOST)


async def test_an_address_that_is_not_ours(loop, accepting):
    either = r"could not bind on any address|error while attempting to bind on address"
    with pytest.raises(OSError, match=either):
        await loop.create_server(accepting, "192.0.2.1", 0)


async def test_one_address_that_fails_closes_all(loop, accepting):
    with listening() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="error while attempting to bind on address"):
            await loop.create_server(accepting, ["127.0.0.2", HOST], port)
    with listening(host="127.0.0.2") as sock:
        assert sock.fileno() != -1


# --- Options of the socket ------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "is_set"), [(None, 1), (True, 1), (False, 0)])
async def test_reuse_address(loop, accepting, value, is_set):
    server = await loop.create_server(accepting, HOST, 0, reuse_address=value)
    (sock,) = server.sockets
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == is_set
    await end(server)


@pytest.mark.parametrize("value", [None, False])
async def test_without_reuse_port(loop, accepting, value):
    server = await loop.create_server(accepting, HOST, 0, reuse_port=value)
    assert not server.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
    await end(server)


@counts_clients
@pytest.mark.parametrize(("value", "is_set"), [(None, 0), (True, 1), (False, 0)])
async def test_keep_alive(loop, accepting, value, is_set):
    server = await loop.create_server(accepting, HOST, 0, keep_alive=value)
    assert server.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == is_set
    await end(server)


class Listening(socket.socket):
    """Keeps the backlogs that it is given."""

    def __init__(self):
        super().__init__()
        self.backlogs = []

    def listen(self, *backlog):
        self.backlogs += backlog
        super().listen(*backlog)


@pytest.mark.parametrize(("how", "backlog"), [({}, 100), ({"backlog": 7}, 7)])
async def test_the_backlog(loop, accepting, how, backlog):
    sock = Listening()
    sock.bind((HOST, 0))
    server = await loop.create_server(accepting, sock=sock, **how)
    assert sock.backlogs == [backlog]
    clients = [client_of(server) for _ in range(3)]
    await accepting.connections(3)
    for peer in clients:
        peer.close()
    for protocol in accepting.made:
        await protocol.lost
    await end(server)


async def test_a_given_socket_becomes_non_blocking(loop, accepting):
    sock = socket.create_server((HOST, 0))
    assert sock.getblocking()
    server = await loop.create_server(accepting, sock=sock, start_serving=False)
    assert not sock.getblocking()
    await end(server)


@pytest.mark.parametrize("option", ["ssl_handshake_timeout", "ssl_shutdown_timeout"])
async def test_timeouts_of_tls_need_tls(loop, accepting, option):
    with pytest.raises(ValueError, match=f"{option} is only meaningful with ssl"):
        await loop.create_server(accepting, HOST, 0, **{option: 1})


async def test_sockets_of_tls_are_refused(loop, accepting):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    refused = pytest.raises(TypeError, match="Socket cannot be of type SSLSocket")
    with context.wrap_socket(socket.socket()) as sock, refused:
        await loop.create_server(accepting, sock=sock)


# --- The server, of either family -----------------------------------------------------------------


async def test_it_is_asyncios_own(serve, loop, accepting):
    """So the names that frameworks look at are there."""
    server = await serve(backlog=5)
    assert type(server) is asyncio.Server
    assert server.get_loop() is server._loop is loop
    assert server._protocol_factory is accepting
    assert server._backlog == 5
    assert server._ssl_context is None
    assert server._ssl_handshake_timeout is None
    assert server._ssl_shutdown_timeout is None
    assert server._serving is True
    assert len(server._sockets) == 1
    assert repr(server).startswith("<Server sockets=(<asyncio.TransportSocket fd=")
    await end(server)
    assert server._sockets is None
    assert server._serving is False
    assert repr(server) == "<Server sockets=()>"


async def test_async_with(serve, accepting):
    async with await serve() as server:
        await greeted(accepting, client(server))
    assert not server.is_serving()
    assert server.sockets == ()


async def test_start_serving(serve, accepting):
    server = await serve(start_serving=False)
    sock = server.sockets[0]
    assert not server.is_serving()
    await server.start_serving()
    await server.start_serving()
    assert server.is_serving()
    await greeted(accepting, client(server))
    server.close()
    server.close()
    assert sock.fileno() == -1
    await server.wait_closed()


async def test_a_server_that_never_served_closes(serve):
    server = await serve(start_serving=False)
    sock = server.sockets[0]
    await end(server)
    assert sock.fileno() == -1


async def test_serve_forever_ends_with_close(serve, accepting):
    server = await serve(start_serving=False)
    task = asyncio.create_task(server.serve_forever())
    await turns(2)
    await greeted(accepting, client(server))
    server.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(RuntimeError, match="is closed"):
        await server.serve_forever()


async def test_serve_forever_cancelled_while_connections_are_open(serve, accepting):
    server = await serve(start_serving=False)
    task = asyncio.create_task(server.serve_forever())
    await turns(2)
    peer = client(server)
    (protocol,) = await accepting.connections()
    task.cancel()
    await turns(3)
    assert not server.is_serving()
    if sys.version_info >= (3, 12):
        assert not task.done(), "it waits for the connection"
    peer.close()
    await protocol.lost
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_wait_closed_of_an_idle_server(serve):
    server = await serve()
    waiting = asyncio.create_task(server.wait_closed())
    await turns(2)
    assert not waiting.done()
    server.close()
    await waiting
    await server.wait_closed()


async def test_wait_closed_while_connections_are_open(serve, accepting):
    server = await serve()
    peer = client(server)
    (protocol,) = await accepting.connections()
    server.close()
    waiting = asyncio.create_task(server.wait_closed())
    await turns(3)
    # Before 3.12 it waited only where it began before close().
    assert waiting.done() is (sys.version_info < (3, 12))
    peer.close()
    await protocol.lost
    await waiting


@counts_clients
@pytest.mark.parametrize("method", ["close_clients", "abort_clients"])
async def test_the_ends_of_clients(serve, accepting, method):
    """close_clients sends what is queued first, and abort_clients drops it."""
    server = await serve()
    peers = [client(server) for _ in range(2)]
    one, _two = protocols = await accepting.connections(2)
    one.transport.write(bytes(10_000_000))
    assert one.transport.get_write_buffer_size()
    server.close()
    getattr(server, method)()
    await protocols[1].lost
    reading = asyncio.create_task(asyncio.to_thread(receive_all, peers[0]))
    await one.lost
    data = await reading
    assert (len(data) == 10_000_000) is (method == "close_clients")
    assert receive_all(peers[1]) == b""
    for peer in peers:
        peer.close()
    await server.wait_closed()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="came with 3.13")
async def test_no_ends_of_clients(serve):
    server = await serve()
    assert not hasattr(server, "close_clients")
    assert not hasattr(server, "abort_clients")
    await end(server)


@pytest.mark.rondel_only("asyncio leaves such a connection to the garbage collector")
async def test_a_server_that_closes_behind_accept_closes_the_connection(serve, loop, accepting):
    server = await serve()
    peers = [client(server) for _ in range(3)]
    # One turn: this one, and accept. The next turn: close, and what follows accept.
    loop.call_soon(loop.call_soon, server.close)
    await turns(3)
    for peer in peers:
        assert receive_all(peer) == b""
        peer.close()
    assert accepting.made == []
    await server.wait_closed()

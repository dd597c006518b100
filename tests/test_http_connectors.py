"""Connectors: several addresses, Unix sockets, local addresses, sockets of the user."""

import asyncio
import errno
import socket

import pytest

from support.http_names import address
from support.http_raw import OK
from support.net import full_listener


async def fetch(session, url="http://example.test/"):
    async with session.get(url) as got:
        return await got.read()


@pytest.fixture
def refused(raw_server):
    """A port on which nobody listens."""
    server = raw_server(OK)
    port = server.port
    server.stop()
    return port


async def test_the_next_address(loop, client, raw_server, resolver, refused):
    server = raw_server(OK)
    resolving = resolver(address(refused), address(refused, "127.0.0.2"), address(server.port))
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session) == b"ok"


async def test_no_address(loop, client, resolver, refused):
    resolving = resolver(address(refused), address(refused, "127.0.0.2"))
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        with pytest.raises(client.ClientConnectorError) as caught:
            await fetch(session)
    assert caught.value.errno == errno.ECONNREFUSED
    assert f"Connect call failed ('127.0.0.2', {refused})" in str(caught.value)
    assert str(caught.value).startswith("Cannot connect to host example.test:80 ssl:default [")


@pytest.mark.parametrize("delay", [0.01, 0.25])
async def test_happy_eyeballs(loop, client, raw_server, resolver, delay):
    server = raw_server(OK)
    with full_listener() as (host, port):
        resolving = resolver(address(port, host), address(server.port))
        connector = client.TCPConnector(resolver=resolving, happy_eyeballs_delay=delay)
        async with client.ClientSession(connector=connector) as session:
            assert await fetch(session) == b"ok"
    assert len(server.connections) == 1


async def test_no_happy_eyeballs(loop, client, raw_server, resolver):
    server = raw_server(OK)
    with full_listener() as (host, port):
        resolving = resolver(address(port, host), address(server.port))
        connector = client.TCPConnector(resolver=resolving, happy_eyeballs_delay=None)
        async with client.ClientSession(connector=connector) as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.get("http://example.test/", timeout=client.ClientTimeout(connect=0.2))
    assert server.connections == []


async def test_ipv6(session, raw_server):
    try:
        server = raw_server(OK, host="::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    url = f"http://[::1]:{server.port}/"
    assert await fetch(session, url) == b"ok"
    assert server.requests[0].get("Host") == f"[::1]:{server.port}"


async def test_local_address(loop, client, serve):
    server = serve()
    connector = client.TCPConnector(local_addr=("127.0.0.5", 0))
    async with client.ClientSession(connector=connector) as session:
        await fetch(session, server.url())
    assert server.requests[0].peer[0] == "127.0.0.5"


async def test_a_local_address_that_is_not_ours(loop, client, raw_server):
    server = raw_server(OK)
    connector = client.TCPConnector(local_addr=("192.0.2.1", 0))
    async with client.ClientSession(connector=connector) as session:
        # Not the server's address alone.
        with pytest.raises(client.ClientConnectorError, match="cannot assign requested") as caught:
            await fetch(session, server.url())
    assert caught.value.errno == errno.EADDRNOTAVAIL


async def test_sockets_of_the_user(loop, client, raw_server):
    made = []

    def factory(info):
        family, kind, proto, _, _ = info
        made.append(info)
        sock = socket.socket(family, kind, proto)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return sock

    server = raw_server(OK)
    connector = client.TCPConnector(socket_factory=factory)
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session, server.url()) == b"ok"
    assert [info[4] for info in made] == [("127.0.0.1", server.port)]


async def test_no_socket_of_the_user(loop, client, raw_server):
    def factory(info):
        raise error

    url = raw_server(OK).url()
    connector = client.TCPConnector(socket_factory=factory)
    async with client.ClientSession(connector=connector) as session:
        error = ValueError("mistake")
        with pytest.raises(ValueError, match="mistake"):
            await fetch(session, url)
        error = PermissionError(1, "not you")
        with pytest.raises(client.ClientConnectorError, match="not you") as caught:
            await fetch(session, url)
        assert caught.value.errno == 1


async def test_a_unix_socket(loop, client, raw_server, socket_path):
    server = raw_server(OK, path=socket_path)
    connector = client.UnixConnector(socket_path)
    assert connector.path == socket_path
    async with client.ClientSession(connector=connector) as session:
        for _ in range(3):
            assert await fetch(session, "http://any.test/x") == b"ok"
    assert len(server.connections) == 1
    assert server.requests[0].get("Host") == "any.test"
    assert server.requests[0].target == "/x"


async def test_a_unix_socket_that_is_not_there(loop, client, socket_path):
    connector = client.UnixConnector(socket_path)
    async with client.ClientSession(connector=connector) as session:
        with pytest.raises(client.ClientConnectorError) as caught:
            await fetch(session)
    assert str(caught.value).startswith(
        f"Cannot connect to unix socket {socket_path} ssl:default [No such file or directory"
    )
    assert isinstance(caught.value, OSError)


async def test_a_unix_socket_of_a_real_server(loop, client, serve, socket_path):
    serve(path=socket_path)
    async with (
        client.ClientSession(connector=client.UnixConnector(socket_path)) as session,
        session.post("http://localhost/x", data=b"body") as got,
    ):
        assert (await got.json())["body"] == "body"


async def test_limits_of_a_unix_connector(loop, client, raw_server, socket_path):
    server = raw_server(OK, path=socket_path)
    connector = client.UnixConnector(socket_path, limit=2)
    async with client.ClientSession(connector=connector) as session:
        await asyncio.gather(*(fetch(session) for _ in range(20)))
    assert len(server.connections) <= 2


async def test_closed_connector(loop, client):
    connector = client.TCPConnector()
    assert not connector.closed
    await connector.close()
    await connector.close()
    assert connector.closed


async def test_defaults(loop, client):
    async with client.TCPConnector() as connector:
        assert connector.limit == 100
        assert connector.limit_per_host == 0
        assert connector.force_close is False
        assert connector.family == socket.AF_UNSPEC
        assert connector.use_dns_cache

"""Connectors: names and their addresses, Unix sockets, local addresses, sockets of the user."""

import asyncio
import errno
import socket

import pytest

from support.http_raw import OK
from support.net import full_listener
from support.turns import turns


def address(port, host="127.0.0.1", name="example.test"):
    """A result of a resolver."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return {
        "hostname": name,
        "host": host,
        "port": port,
        "family": family,
        "proto": 0,
        "flags": socket.AI_NUMERICHOST,
    }


@pytest.fixture
def resolver(client):
    """Makes a resolver that gives these addresses, and counts what it was asked."""

    class Resolver(client.abc.AbstractResolver):
        def __init__(self, *addresses, gate=None):
            self.addresses = addresses
            self.gate = gate
            self.asked = []
            self.closed = False

        async def resolve(self, host, port=0, family=socket.AF_INET):
            self.asked.append((host, port, family))
            if self.gate:
                await self.gate.wait()
            if isinstance(self.addresses[0], Exception):
                raise self.addresses[0]
            return list(self.addresses)

        async def close(self):
            self.closed = True

    return Resolver


async def fetch(session, url="http://example.test/"):
    async with session.get(url) as got:
        return await got.read()


async def test_a_resolver(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port))
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session, "http://example.test:8080/x") == b"ok"
    assert resolving.asked == [("example.test", 8080, socket.AF_UNSPEC)]
    assert server.requests[0].get("Host") == "example.test:8080"


async def test_an_address_is_not_looked_up(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(OSError("no"))
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session, server.url()) == b"ok"
    assert resolving.asked == []


async def test_the_loops_own(loop, session, raw_server, monkeypatch):
    server = raw_server(OK)
    asked = []

    async def getaddrinfo(host, port, **options):
        asked.append((host, port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    assert await fetch(session) == b"ok"
    assert asked == [("example.test", 80)]


async def test_the_family_is_asked_for(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port, "::1"), address(server.port))
    connector = client.TCPConnector(resolver=resolving, family=socket.AF_INET)
    assert connector.family == socket.AF_INET
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session) == b"ok"
    assert resolving.asked == [("example.test", 80, socket.AF_INET)]


@pytest.mark.parametrize("host", ["127.1", "2130706433"])
async def test_addresses_in_old_forms(client, session, host):
    """What only looks like an address must not slip past those who judge by it."""
    with pytest.raises(client.InvalidUrlClientError, match="is not a canonical IPv4 address"):
        await session.get(f"http://{host}/")


async def closing_each(session, times=3):
    """Requests of which each needs a new connection."""
    for _ in range(times):
        async with session.get("http://example.test/", headers={"Connection": "close"}) as got:
            assert await got.read() == b"ok"


async def test_results_are_kept(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port))
    connector = client.TCPConnector(resolver=resolving)
    assert connector.use_dns_cache
    async with client.ClientSession(connector=connector) as session:
        await closing_each(session)
        assert len(resolving.asked) == 1
        connector.clear_dns_cache("example.test", 80)
        await closing_each(session)
        assert len(resolving.asked) == 2
        connector.clear_dns_cache("other.test", 80)
        await closing_each(session)
        assert len(resolving.asked) == 2
        connector.clear_dns_cache()
        await closing_each(session)
        assert len(resolving.asked) == 3
        with pytest.raises(ValueError, match="either both host and port or none"):
            connector.clear_dns_cache("example.test")
    assert len(server.connections) == 12


async def test_results_are_not_kept(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port))
    connector = client.TCPConnector(resolver=resolving, use_dns_cache=False)
    async with client.ClientSession(connector=connector) as session:
        await closing_each(session)
    assert len(resolving.asked) == 3


async def test_results_expire(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port))
    connector = client.TCPConnector(resolver=resolving, ttl_dns_cache=0.01)
    async with client.ClientSession(connector=connector) as session:
        for _ in range(3):
            await closing_each(session, 1)
            await asyncio.sleep(0.05)
    assert len(resolving.asked) == 3


async def test_results_never_expire(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port))
    connector = client.TCPConnector(resolver=resolving, ttl_dns_cache=None)
    async with client.ClientSession(connector=connector) as session:
        await closing_each(session)
    assert len(resolving.asked) == 1


async def test_results_make_room_for_newer_ones(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port))
    connector = client.TCPConnector(resolver=resolving, ttl_dns_cache=None, dns_cache_max_size=2)
    async with client.ClientSession(connector=connector) as session:
        for name in ("a", "b", "a", "c", "a", "b"):
            url = f"http://{name}.test/"
            async with session.get(url, headers={"Connection": "close"}) as got:
                assert await got.read() == b"ok"
    # The one that was used least recently goes.
    assert [host for host, *_ in resolving.asked] == ["a.test", "b.test", "c.test", "b.test"]


async def test_failures_are_not_kept(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(OSError(None, "not today"))
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        for _ in range(2):
            with pytest.raises(client.ClientConnectorDNSError):
                await fetch(session)
        resolving.addresses = (address(server.port),)
        assert await fetch(session) == b"ok"
    assert len(resolving.asked) == 3


async def test_one_look_up_for_all_who_wait(loop, client, raw_server, resolver):
    server = raw_server(OK)
    resolving = resolver(address(server.port), gate=asyncio.Event())
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        tasks = [asyncio.ensure_future(fetch(session)) for _ in range(10)]
        await turns(10)
        # Whoever gives up does not spoil it for the others, not even the first.
        for task in tasks[:3]:
            task.cancel()
        await turns(10)
        resolving.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in found[:3]] == [asyncio.CancelledError] * 3
        assert found[3:] == [b"ok"] * 7
    assert len(resolving.asked) == 1


async def test_a_failure_is_for_all_who_wait(loop, client, resolver):
    resolving = resolver(OSError(None, "not today"), gate=asyncio.Event())
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        tasks = [asyncio.ensure_future(fetch(session)) for _ in range(5)]
        await turns(10)
        resolving.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [client.ClientConnectorDNSError] * 5
    assert len(resolving.asked) == 1


async def test_an_error_of_the_resolver(loop, client, resolver):
    connector = client.TCPConnector(resolver=resolver(OSError(None, "not today")))
    async with client.ClientSession(connector=connector) as session:
        with pytest.raises(client.ClientConnectorDNSError) as caught:
            await fetch(session, "http://example.test:81/")
    error = caught.value
    assert isinstance(error, client.ClientConnectorError)
    assert isinstance(error, OSError)
    assert (error.host, error.port) == ("example.test", 81)
    assert str(error) == "Cannot connect to host example.test:81 ssl:default [not today]"


async def test_other_errors_of_the_resolver(loop, client, resolver):
    """A mistake of the program is shown as it is, and a timeout as one of connecting."""
    resolving = resolver(KeyError("mistake"))
    connector = client.TCPConnector(resolver=resolving)
    async with client.ClientSession(connector=connector) as session:
        with pytest.raises(KeyError, match="mistake"):
            await fetch(session)
        resolving.addresses = (TimeoutError(),)
        with pytest.raises(client.ConnectionTimeoutError):
            await fetch(session)


async def test_closing_ends_a_look_up(loop, client):
    ended = asyncio.Event()

    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def close(self):
            pass

    session = client.ClientSession(connector=client.TCPConnector(resolver=Resolver()))
    task = asyncio.ensure_future(fetch(session))
    await turns(5)
    await session.close()
    await ended.wait()
    await asyncio.wait([task])
    assert task.cancelled() or isinstance(task.exception(), client.ClientConnectionError)


async def test_a_name_that_nobody_knows(loop, client, session, monkeypatch):
    async def getaddrinfo(host, port, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    with pytest.raises(client.ClientConnectorDNSError) as caught:
        await fetch(session)
    assert str(caught.value) == (
        "Cannot connect to host example.test:80 ssl:default [Name or service not known]"
    )
    assert isinstance(caught.value.os_error, socket.gaierror)


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
        with pytest.raises(client.ClientConnectorError):
            await fetch(session, server.url())


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

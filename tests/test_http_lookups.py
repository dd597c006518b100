"""Where addresses of names come from, and how long they count."""

import asyncio
import socket

import pytest

from support.http_names import address
from support.http_raw import OK
from support.turns import turns


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


async def test_a_look_up_that_was_cancelled(loop, client, resolver):
    connector = client.TCPConnector(resolver=resolver(asyncio.CancelledError()))
    async with client.ClientSession(connector=connector) as session:
        requests = [asyncio.ensure_future(fetch(session)) for _ in range(3)]
        await asyncio.wait(requests)
        assert all(request.cancelled() for request in requests)
        with pytest.raises(asyncio.CancelledError):
            await fetch(session)
        assert asyncio.current_task().cancelling() == 0


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

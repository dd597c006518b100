"""Timeouts: what each is for, and what is raised. Nothing here measures how long it took."""

import asyncio

import pytest

from support.http_raw import OK
from support.net import full_listener
from support.turns import turns

SOON = 0.05


def silent(connection):
    """Takes a request and never answers it."""
    connection.request()
    connection.until_closed()


def half(connection):
    """Sends a head and a part of the body."""
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    connection.until_closed()


async def whole(session, url):
    """The pool serves another request."""
    async with session.get(url) as response:
        assert await response.read() == b"ok"


async def test_total(client, session, raw_server):
    server = raw_server(silent)
    with pytest.raises(asyncio.TimeoutError) as caught:
        await session.get(server.url(), timeout=client.ClientTimeout(total=SOON))
    assert not isinstance(caught.value, client.ClientError)
    await server.until(lambda: server.connections[0].closed_by_client)
    await whole(session, raw_server(OK).url())


async def test_total_as_a_number(session, raw_server):
    server = raw_server(silent)
    with pytest.raises(asyncio.TimeoutError):
        await session.get(server.url(), timeout=SOON)


async def test_total_of_the_session(client, open_session, raw_server):
    server = raw_server(silent)
    session = open_session(timeout=client.ClientTimeout(total=SOON))
    with pytest.raises(asyncio.TimeoutError):
        await session.get(server.url())
    # The request's own one counts instead, whole.
    with pytest.raises(client.SocketTimeoutError):
        await session.get(server.url(), timeout=client.ClientTimeout(sock_read=SOON))


@pytest.mark.parametrize("read", ["read", "text", "json"])
async def test_total_goes_on_while_the_body_is_read(client, session, raw_server, read):
    server = raw_server(half)
    timeout = client.ClientTimeout(total=0.3)
    async with session.get(server.url(), timeout=timeout) as response:
        assert response.status == 200
        with pytest.raises(asyncio.TimeoutError):
            await getattr(response, read)()
    await server.until(lambda: server.connections[0].closed_by_client)


@pytest.mark.parametrize("read", ["readany", "readline", "read"])
async def test_total_goes_on_while_the_content_is_read(client, session, raw_server, read):
    server = raw_server(half)
    timeout = client.ClientTimeout(total=0.3)
    async with session.get(server.url(), timeout=timeout) as response:
        assert await response.content.readexactly(4) == b"half"
        with pytest.raises(asyncio.TimeoutError):
            await getattr(response.content, read)()


async def test_total_while_a_body_is_sent(client, session, raw_server):
    def script(connection):
        connection.head()
        connection.server.gate.wait(30)

    server = raw_server(script)

    async def endless():
        while True:
            yield bytes(1_000_000)

    with pytest.raises(asyncio.TimeoutError):
        await session.post(server.url(), data=endless(), timeout=client.ClientTimeout(total=0.2))
    # aiohttp's transport is there until the server has gone.
    server.gate.set()
    await server.until(lambda: server.connections[0].over)
    await turns(10)


@pytest.mark.parametrize("none", [None, 0])
async def test_none(client, session, raw_server, none):
    timeout = client.ClientTimeout(total=none, connect=none, sock_connect=none, sock_read=none)
    async with session.get(raw_server(OK).url(), timeout=timeout) as response:
        assert await response.read() == b"ok"


async def test_none_as_the_whole(session, raw_server):
    async with session.get(raw_server(OK).url(), timeout=None) as response:
        assert await response.read() == b"ok"


def assert_timeout(client, error, kind):
    assert type(error) is getattr(client, kind)
    for base in (
        client.ServerTimeoutError,
        client.ServerConnectionError,
        client.ClientConnectionError,
        client.ClientError,
        asyncio.TimeoutError,
        OSError,  # as asyncio.TimeoutError is one
    ):
        assert isinstance(error, base)


async def test_sock_read_before_the_head(client, session, raw_server):
    server = raw_server(silent)
    with pytest.raises(asyncio.TimeoutError) as caught:
        await session.get(server.url(), timeout=client.ClientTimeout(sock_read=SOON))
    assert_timeout(client, caught.value, "SocketTimeoutError")
    assert str(caught.value) == "Timeout on reading data from socket"
    await server.until(lambda: server.connections[0].closed_by_client)
    await whole(session, raw_server(OK).url())


async def test_sock_read_within_the_body(client, session, raw_server):
    server = raw_server(half)
    timeout = client.ClientTimeout(sock_read=0.2)
    async with session.get(server.url(), timeout=timeout) as response:
        assert await response.content.readexactly(4) == b"half"
        with pytest.raises(asyncio.TimeoutError) as caught:
            await response.content.read(1)
        assert_timeout(client, caught.value, "SocketTimeoutError")


async def test_sock_read_starts_anew_with_each_piece(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")
        for _ in range(30):
            # Thirty of these are longer than the timeout, each is much shorter.
            assert not connection.server.gate.wait(0.1)
            connection.send(b"x")
        connection.until_closed()

    server = raw_server(script)
    timeout = client.ClientTimeout(sock_read=2.5)
    async with session.get(server.url(), timeout=timeout) as response:
        assert await response.read() == b"x" * 30


async def test_sock_read_does_not_count_what_the_program_takes(client, session, raw_server):
    """A reader that is slow itself is not told that the server is."""
    body = bytes(5_000_000)
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + body)
    timeout = client.ClientTimeout(sock_read=0.3)
    async with session.get(server.url(), timeout=timeout) as response:
        await response.content.readany()
        await asyncio.sleep(0.6)
        count = 0
        async for piece in response.content.iter_any():
            count += len(piece)
        assert count > 4_000_000


async def test_connect_while_it_waits_for_a_slot(loop, client, raw_server):
    server = raw_server(half)
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(connector=connector) as session:
        async with session.get(server.url()):
            with pytest.raises(asyncio.TimeoutError) as caught:
                await session.get(server.url(), timeout=client.ClientTimeout(connect=SOON))
            assert_timeout(client, caught.value, "ConnectionTimeoutError")
            assert str(caught.value) == f"Connection timeout to host {server.url()}"
        # The one that gave up has taken no slot with it.
        await whole(session, raw_server(OK).url())


@pytest.mark.parametrize("which", ["connect", "sock_connect"])
async def test_a_server_that_does_not_accept(client, session, which):
    with full_listener() as (host, port):
        url = f"http://{host}:{port}/"
        with pytest.raises(asyncio.TimeoutError) as caught:
            await session.get(url, timeout=client.ClientTimeout(**{which: SOON}))
    assert_timeout(client, caught.value, "ConnectionTimeoutError")
    assert str(caught.value) == f"Connection timeout to host {url}"


async def test_total_while_it_connects(client, session):
    with full_listener() as (host, port), pytest.raises(asyncio.TimeoutError):
        await session.get(f"http://{host}:{port}/", timeout=client.ClientTimeout(total=SOON))


async def test_sock_connect_is_for_the_handshake_too(client, session, raw_server):
    def script(connection):
        connection.until_closed()  # no TLS here

    server = raw_server(script)
    url = f"https://localhost:{server.port}/"
    with pytest.raises(asyncio.TimeoutError) as caught:
        await session.get(url, timeout=client.ClientTimeout(sock_connect=SOON), ssl=False)
    assert_timeout(client, caught.value, "ConnectionTimeoutError")


async def test_a_look_up_that_does_not_end(loop, client):
    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            await asyncio.Event().wait()

        async def close(self):
            pass

    connector = client.TCPConnector(resolver=Resolver())
    async with client.ClientSession(connector=connector) as session:
        with pytest.raises(asyncio.TimeoutError) as caught:
            await session.get("http://example.test/", timeout=client.ClientTimeout(connect=SOON))
        assert_timeout(client, caught.value, "ConnectionTimeoutError")


async def test_asyncio_timeout_around_it(session, raw_server):
    server = raw_server(silent)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SOON):
            await session.get(server.url())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(session.get(server.url()), SOON)
    await server.until(lambda: all(each.closed_by_client for each in server.connections))


async def test_the_tutorials_way(client, session, raw_server):
    """`except asyncio.TimeoutError` and `except ClientError` both see what they should."""
    server = raw_server(silent)
    timeout = client.ClientTimeout(total=5, sock_read=SOON)
    try:
        async with session.get(server.url(), timeout=timeout):
            raise AssertionError
    except client.ClientError as error:
        assert isinstance(error, asyncio.TimeoutError)


def test_values(client):
    timeout = client.ClientTimeout()
    names = ("total", "connect", "sock_read", "sock_connect")
    assert [getattr(timeout, name) for name in names] == [None] * 4
    assert timeout.ceil_threshold == 5
    assert client.ClientTimeout(total=1) == client.ClientTimeout(total=1)
    assert client.ClientTimeout(total=1) != client.ClientTimeout(total=2)
    assert hash(client.ClientTimeout(total=1)) == hash(client.ClientTimeout(total=1))
    assert repr(client.ClientTimeout(total=1, connect=2)) == (
        "ClientTimeout(total=1, connect=2, sock_read=None, sock_connect=None, ceil_threshold=5)"
    )
    with pytest.raises(AttributeError):
        timeout.total = 1


@pytest.mark.rondel_only("aiohttp does not speak HTTP/2")
async def test_a_silent_connection_of_http2_takes_no_other_request(
    loop, client, open_session, raw_server
):
    def agrees_and_is_silent(connection):
        connection.send(b"\0\0\0\4\0\0\0\0\0")  # SETTINGS
        connection.until_closed()

    server = raw_server(agrees_and_is_silent)
    connector = client.TCPConnector(http2="prior-knowledge")
    session = open_session(connector=connector, timeout=client.ClientTimeout(sock_read=SOON))
    for count in (1, 2, 3):
        with pytest.raises(asyncio.TimeoutError):
            await session.get(server.url())
        assert len(server.connections) == count

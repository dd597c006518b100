"""Connections: which are kept, which are closed, and what is done when the server closes them."""

import asyncio
import socket

import pytest

from support.http_raw import OK, chunked, closing, response
from support.tls import client_context, server_context
from support.turns import turns


async def fetch(session, server, method="GET", path="/", **options):
    async with session.request(method, server.url(path), **options) as got:
        return await got.read()


async def test_one_for_many_requests(session, raw_server):
    server = raw_server(OK)
    for _ in range(20):
        assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 1
    assert len(server.requests) == 20


@pytest.mark.parametrize(
    "answer",
    [OK, chunked(b"ok"), response(b""), response(b"ok", "Connection: keep-alive")],
    ids=["length", "chunked", "empty", "said"],
)
@pytest.mark.parametrize("how", ["read", "release", "with"])
async def test_what_keeps_it(session, raw_server, answer, how):
    server = raw_server(answer)
    for _ in range(3):
        got = await session.get(server.url())
        await got.content.read()
        if how == "read":
            await got.read()
        elif how == "release":
            got.release()
        else:
            async with got:
                pass
        assert got.closed
        assert got.connection is None
    assert len(server.connections) == 1


async def test_the_end_of_a_body_is_enough(session, raw_server):
    """Nobody needs to release a response that was read."""
    server = raw_server(OK)
    first = await session.get(server.url())
    await first.read()
    second = await session.get(server.url())
    await second.read()
    assert len(server.connections) == 1


@pytest.mark.parametrize("how", ["close", "release", "with"])
async def test_a_body_that_is_left_unread_ends_it(session, raw_server, how):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nfirst")
        connection.until_closed()

    server = raw_server(script)
    got = await session.get(server.url())
    assert got.connection is not None
    assert await got.content.readexactly(5) == b"first"
    if how == "with":
        async with got:
            pass
    else:
        getattr(got, how)()
    assert got.closed
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_release_can_be_awaited(session, raw_server):
    server = raw_server(OK)
    got = await session.get(server.url())
    await got.read()
    await got.release()
    assert got.closed


async def test_close_ends_it(session, raw_server):
    server = raw_server([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", OK])
    got = await session.get(server.url())
    got.close()
    got.close()
    await server.until(lambda: server.connections[0].closed_by_client)
    assert await fetch(session, server) == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        response(b"ok", "Connection: close"),
        response(b"ok", "Connection: Close"),
        response(b"ok", version="HTTP/1.0"),
    ],
    ids=["close", "Close", "1.0"],
)
async def test_what_the_server_will_not_keep(session, raw_server, answer):
    # It says so, and yet leaves it open.
    server = raw_server(answer)
    for _ in range(3):
        assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 3
    await server.until(lambda: all(each.closed_by_client for each in server.connections))


async def test_an_old_server_that_keeps_it(session, raw_server):
    server = raw_server(response(b"ok", "Connection: keep-alive", version="HTTP/1.0"))
    for _ in range(3):
        assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 1


async def test_force_close(loop, client, raw_server):
    server = raw_server(OK)
    connector = client.TCPConnector(force_close=True)
    assert connector.force_close
    async with client.ClientSession(connector=connector) as session:
        for _ in range(3):
            assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 3
    assert [request.get("Connection") for request in server.requests] == ["close"] * 3


async def test_force_close_and_a_time_to_keep(loop, client):
    with pytest.raises(ValueError, match="keepalive_timeout cannot be set if force_close is True"):
        client.TCPConnector(force_close=True, keepalive_timeout=5)


async def test_the_request_says_close(session, raw_server):
    server = raw_server(OK)
    for _ in range(2):
        assert await fetch(session, server, headers={"Connection": "close"}) == b"ok"
    assert len(server.connections) == 2


async def test_kept_no_longer_than_it_should(loop, client, raw_server):
    server = raw_server(OK)
    connector = client.TCPConnector(keepalive_timeout=0.05)
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session, server) == b"ok"
        await server.until(lambda: server.connections[0].closed_by_client)
        assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 2


async def test_closed_with_the_session(loop, client, raw_server):
    server = raw_server(OK)
    async with client.ClientSession() as session:
        await asyncio.gather(*(fetch(session, server) for _ in range(3)))
    await server.until(lambda: all(each.closed_by_client for each in server.connections))


async def test_hosts_have_their_own(session, raw_server):
    server = raw_server(OK)
    for host in ("127.0.0.1", "localhost", "127.0.0.1", "localhost"):
        async with session.get(server.url(host=host)) as got:
            await got.read()
    assert len(server.connections) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST"])
async def test_closed_by_the_server_while_it_was_idle(session, raw_server, method):
    """aiohttp#3609: that it was closed is known, or found out, before the request is lost."""
    server = raw_server(closing(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    for _ in range(5):
        assert await fetch(session, server, method) == b""
        # The server has closed, and the loop had a look at its sockets since.
        await server.until(lambda: all(connection.over for connection in server.connections))
        await turns(5)
    assert len(server.connections) == 5


@pytest.mark.parametrize("how", ["plain", "context", "False"])
async def test_an_idle_connection_ends_with_the_servers_end(session, raw_server, how):
    """At once, not when the next request finds it."""

    def script(connection):
        connection.request()
        connection.send(OK)
        # The socket below: without TLS's goodbye.
        socket.socket.shutdown(connection.sock, socket.SHUT_WR)
        connection.until_closed()

    server = raw_server(script, context=None if how == "plain" else server_context())
    trust = {"plain": True, "context": client_context(), "False": False}[how]
    assert await fetch(session, server, ssl=trust) == b"ok"
    await server.until(lambda: server.connections[0].over)
    assert server.connections[0].closed_by_client


def dropping(connection):
    """Answers the first request of a connection, and closes when the second has come."""
    connection.request()
    connection.send(OK)
    connection.request()


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT", "DELETE"])
@pytest.mark.parametrize("reset", [False, True])
async def test_closed_by_the_server_at_the_moment_of_the_request(
    session, raw_server, method, reset
):
    def script(connection):
        dropping(connection)
        if reset:
            connection.reset()

    server = raw_server(script)
    for _ in range(4):
        assert await fetch(session, server, method, data=b"body") == b"ok"
    assert len(server.connections) == 4
    assert {request.body for request in server.requests} == {b"body"}


async def test_what_must_not_be_done_twice_is_not(client, session, raw_server):
    server = raw_server(dropping)
    assert await fetch(session, server, "POST") == b"ok"
    with pytest.raises(client.ServerDisconnectedError):
        await fetch(session, server, "POST")
    assert len(server.requests) == 2


async def test_a_body_that_is_gone_is_not_sent_again(client, session, raw_server):
    server = raw_server(dropping)

    async def once():
        yield b"body"

    assert await fetch(session, server, "PUT") == b"ok"
    with pytest.raises((client.ServerDisconnectedError, client.ClientOSError)):
        await fetch(session, server, "PUT", data=once())
    assert len(server.connections) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_server_that_always_closes(client, session, raw_server, method):
    server = raw_server(lambda connection: connection.request())
    with pytest.raises(client.ServerDisconnectedError) as caught:
        await fetch(session, server, method)
    assert isinstance(caught.value, client.ServerConnectionError)
    assert str(caught.value) == "Server disconnected"
    # Once, or once more; not for ever.
    assert len(server.requests) <= 2


@pytest.mark.rondel_only("what aiohttp makes of it depends on when it comes")
@pytest.mark.parametrize("later", [False, True])
async def test_an_answer_that_nobody_asked_for(session, raw_server, later):
    evil = response(b"evil")

    def script(connection):
        if connection.number:
            while connection.request():
                connection.send(OK)
            return
        connection.request()
        if later:
            connection.send(OK)
            connection.server.gate.wait(30)
            connection.send(evil)
        else:
            connection.send(OK + evil)
        connection.until_closed()

    server = raw_server(script)
    assert await fetch(session, server) == b"ok"
    server.gate.set()
    await server.until(lambda: server.connections[0].closed_by_client)
    assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 2


async def test_many_connections_at_once_are_kept(session, raw_server):
    server = raw_server(OK)
    for _ in range(3):
        await asyncio.gather(*(fetch(session, server) for _ in range(30)))
    assert len(server.connections) <= 31


async def test_the_server_goes_and_comes_back(client, session, raw_server):
    server = raw_server(OK)
    assert await fetch(session, server) == b"ok"
    port = server.port
    server.stop()
    await turns(10)
    with pytest.raises(client.ClientConnectorError):
        await session.get(f"http://127.0.0.1:{port}/")
    again = raw_server(OK)
    assert await fetch(session, again) == b"ok"

"""Middlewares: functions between a session and the network."""

import asyncio

import pytest

from support.http_raw import OK, response


async def fetch(session, url, method="GET", **options):
    async with session.request(method, url, **options) as got:
        return await got.read()


async def test_one(client, open_session, raw_server):
    seen = []

    async def middleware(request, handler):
        seen.append((request.method, str(request.url), type(request)))
        request.headers["X-A"] = "1"
        got = await handler(request)
        seen.append(got.status)
        return got

    server = raw_server(OK)
    session = open_session(middlewares=[middleware])
    assert await fetch(session, server.url("/x"), "PUT") == b"ok"
    assert seen == [("PUT", server.url("/x"), client.ClientRequest), 200]
    assert server.requests[0].get("X-A") == "1"


async def test_several_from_the_outside_in(open_session, raw_server):
    seen = []

    def middleware(name):
        async def middleware(request, handler):
            seen.append(f"{name} before")
            got = await handler(request)
            seen.append(f"{name} after")
            return got

        return middleware

    session = open_session(middlewares=(middleware("outer"), middleware("inner")))
    await fetch(session, raw_server(OK).url())
    assert seen == ["outer before", "inner before", "inner after", "outer after"]


async def test_those_of_the_request_replace_the_sessions(open_session, raw_server):
    seen = []

    def middleware(name):
        async def middleware(request, handler):
            seen.append(name)
            return await handler(request)

        return middleware

    session = open_session(middlewares=[middleware("session")])
    server = raw_server(OK)
    await fetch(session, server.url(), middlewares=[middleware("request")])
    await fetch(session, server.url())
    await fetch(session, server.url(), middlewares=())
    assert seen == ["request", "session"]


async def test_each_hop_of_a_redirect(open_session, raw_server):
    seen = []

    async def middleware(request, handler):
        seen.append(str(request.url))
        return await handler(request)

    server = raw_server([response(b"", "Location: /b", status="302 Found"), OK])
    session = open_session(middlewares=[middleware])
    assert await fetch(session, server.url("/a")) == b"ok"
    assert seen == [server.url("/a"), server.url("/b")]


async def test_another_try(open_session, raw_server):
    async def retrying(request, handler):
        for _ in range(3):
            got = await handler(request)
            if got.status < 500:
                break
            await got.read()
        return got

    busy = response(b"busy", status="503 Busy")
    server = raw_server([busy, busy, OK])
    session = open_session(middlewares=[retrying])
    assert await fetch(session, server.url(), "POST", data=b"body") == b"ok"
    assert [request.body for request in server.requests] == [b"body"] * 3
    assert len(server.connections) == 1


async def test_an_error_becomes_another_try(client, open_session, raw_server):
    async def retrying(request, handler):
        try:
            return await handler(request)
        except client.ClientConnectorError:
            return await handler(request)

    gone = raw_server(OK)
    url = gone.url()
    gone.stop()
    session = open_session(middlewares=[retrying])
    with pytest.raises(client.ClientConnectorError):
        await session.get(url)


async def test_an_error_of_a_middleware(open_session, raw_server):
    async def failing(request, handler):
        raise KeyError("mine")

    session = open_session(middlewares=[failing])
    server = raw_server(OK)
    with pytest.raises(KeyError, match="mine"):
        await session.get(server.url())
    assert server.connections == []


async def test_a_request_within_a_request(open_session, raw_server):
    async def signing(request, handler):
        if request.url.path != "/token":
            async with request.session.get(request.url.with_path("/token")) as got:
                request.headers["Authorization"] = (await got.read()).decode()
        return await handler(request)

    server = raw_server(OK)
    session = open_session(middlewares=[signing])
    assert await fetch(session, server.url("/x")) == b"ok"
    assert [request.target for request in server.requests] == ["/token", "/x"]
    assert server.requests[1].get("Authorization") == "ok"


async def test_another_body(open_session, raw_server):
    async def replacing(request, handler):
        await request.update_body(b"other body")
        return await handler(request)

    server = raw_server(OK)
    session = open_session(middlewares=[replacing])
    assert await fetch(session, server.url(), "POST", data=b"body") == b"ok"
    assert server.requests[0].body == b"other body"
    assert server.requests[0].get("Content-Length") == "10"


async def test_cancelled_within(open_session, raw_server):
    left = []

    async def middleware(request, handler):
        try:
            return await handler(request)
        except asyncio.CancelledError:
            left.append(True)
            raise

    server = raw_server(lambda connection: connection.request() and connection.until_closed())
    session = open_session(middlewares=[middleware])
    task = asyncio.ensure_future(fetch(session, server.url()))
    await server.until(lambda: server.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left == [True]
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_digest(client, open_session, raw_server):
    """aiohttp's own middleware: refused once, then with an answer to what was asked."""
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    server = raw_server([response(b"", challenge, status="401 Unauthorized"), OK])
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "secret")])
    assert await fetch(session, server.url("/x")) == b"ok"
    sent = server.requests[1].get("Authorization")
    assert sent.startswith("Digest ")
    assert 'username="user"' in sent
    assert 'uri="/x"' in sent

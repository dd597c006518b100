"""Cancelled at every await: the pool is whole, and the next request works."""

import asyncio
import contextlib

import pytest

from support.http_raw import OK, chunked, response
from support.tls import server_context
from support.turns import turns

BODY = b"0123456789" * 1000


async def get(session, server, **options):
    async with session.get(server.url("/x"), **options) as got:
        return await got.read()


async def post(session, server, **options):
    async def pieces():
        for _ in range(3):
            yield b"piece"
            await asyncio.sleep(0)

    async with session.post(server.url("/x"), data=pieces(), **options) as got:
        return await got.read()


async def stream(session, server, **options):
    got = await session.get(server.url("/x"), **options)
    try:
        found = b""
        async for piece in got.content.iter_any():
            found += piece
            await asyncio.sleep(0)
        return found
    finally:
        got.release()


async def redirected(session, server, **options):
    async with session.get(server.url("/a"), **options) as got:
        return await got.read()


def answers(connection):
    while request := connection.request():
        if request.target == "/a":
            connection.send(response(b"", "Location: /x", status="302 Found"))
        else:
            answer = chunked(BODY[:10], BODY[10:])
            connection.send(answer[:20])
            connection.send(answer[20:])


async def cancelled_after(turn, coroutine):
    """Run it for so many turns, cancel it, and say whether it was done before."""
    task = asyncio.ensure_future(coroutine)
    await turns(turn)
    if task.done():
        assert task.result() == BODY
        return True
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        # It may be that all had come, and the turn that sees it was too late to be cancelled.
        assert await task == BODY
    return False


@pytest.mark.parametrize("action", [get, post, stream, redirected])
@pytest.mark.parametrize(("limit", "secure"), [(1, False), (3, False), (1, True)])
async def test_after_each_turn(loop, client, raw_server, action, limit, secure):
    server = raw_server(answers, context=server_context() if secure else None)
    connector = client.TCPConnector(limit=limit)
    options = {"ssl": False} if secure else {}
    async with client.ClientSession(connector=connector) as session:
        for turn in range(40):
            await cancelled_after(turn, action(session, server, **options))
            # With all slots there at once.
            found = await asyncio.gather(*(get(session, server, **options) for _ in range(limit)))
            assert found == [BODY] * limit
    await server.until(lambda: all(each.closed_by_client for each in server.connections))


@pytest.mark.parametrize("fresh", [False, True])
async def test_with_others_on_their_way(loop, client, raw_server, fresh):
    server = raw_server(answers)
    connector = client.TCPConnector(limit=2, force_close=fresh)
    async with client.ClientSession(connector=connector) as session:
        for turn in range(40):
            others = [asyncio.ensure_future(get(session, server)) for _ in range(4)]
            await cancelled_after(turn, get(session, server))
            assert await asyncio.gather(*others) == [BODY] * 4


async def test_while_it_looks_up(loop, client, raw_server):
    server = raw_server(OK)
    gate = asyncio.Event()

    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            await gate.wait()
            found = {"hostname": host, "host": "127.0.0.1", "port": server.port}
            return [found | {"family": 2, "proto": 0, "flags": 0}]

        async def close(self):
            pass

    connector = client.TCPConnector(resolver=Resolver(), limit=1)
    async with client.ClientSession(connector=connector) as session:
        task = asyncio.ensure_future(session.get("http://example.test/"))
        await turns(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.set()
        async with session.get("http://example.test/") as got:
            assert await got.read() == b"ok"


async def test_while_the_server_thinks(session, raw_server):
    server = raw_server(lambda connection: connection.request() and connection.until_closed())
    task = asyncio.ensure_future(session.get(server.url()))
    await server.until(lambda: server.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_while_a_body_comes(session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.until_closed()

    server = raw_server(script)
    got = await session.get(server.url())
    reading = asyncio.ensure_future(got.read())
    await asyncio.sleep(0.02)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_a_read_of_the_content_may_be_repeated(session, raw_server):
    """Unlike `read`, which takes the response with it: what was not read is there."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        connection.server.gate.wait(30)
        connection.send(b"body")
        connection.until_closed()

    server = raw_server(script)
    async with session.get(server.url()) as got:
        for _ in range(3):
            reading = asyncio.ensure_future(got.content.read(4))
            await turns(3)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        server.gate.set()
        assert await got.content.readexactly(4) == b"body"


async def test_while_a_body_is_sent(session, raw_server):
    def script(connection):
        connection.head()
        connection.server.gate.wait(30)
        connection.until_closed()

    server = raw_server(script)
    closed = []

    async def endless():
        try:
            while True:
                yield bytes(1_000_000)
        finally:
            closed.append(True)

    task = asyncio.ensure_future(session.post(server.url(), data=endless()))
    await server.until(lambda: server.connections)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.gate.set()
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_a_group_that_fails(session, raw_server):
    """One of a task group fails, the others are cancelled: the tutorials' way to give up."""
    server = raw_server(lambda connection: connection.request() and connection.until_closed())

    async def failing():
        await server.until(lambda: len(server.requests) == 5)
        raise KeyError("mine")

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(get(session, server))
            group.create_task(failing())
    assert [type(each) for each in caught.value.exceptions] == [KeyError]
    await server.until(lambda: all(each.closed_by_client for each in server.connections))

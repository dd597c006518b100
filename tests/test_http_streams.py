"""HTTP/2: how many requests a server takes at a time, and when it says something else."""

import asyncio

import pytest

from hostile import frames
from support.http2 import Script, answer, at_once, most, never
from support.net import SECONDS

pytestmark = pytest.mark.rondel_only("aiohttp speaks HTTP/1.1 alone")


@pytest.fixture
def one(loop, client, open_session):
    """A session with one connection at a time."""

    async def connector():
        return client.TCPConnector(http2="prior-knowledge", limit=1)

    return open_session(connector=loop.run_until_complete(connector()))


async def fetch(session, server):
    async with session.get(server.url()) as got:
        return await got.read()


def begin(session, server, count):
    return [asyncio.ensure_future(fetch(session, server)) for _ in range(count)]


async def done(tasks):
    async with asyncio.timeout(SECONDS):
        assert await asyncio.gather(*tasks) == [b"good"] * len(tasks)


async def test_requests_start_when_the_limit_is_raised(one, raw_server):
    """The first request is never answered before: nothing but the SETTINGS can start the others."""
    script = Script(most(1), at_once, never)
    server = raw_server(script)
    await fetch(one, server)  # the SETTINGS are known by now
    tasks = begin(one, server, 5)
    await server.until(lambda: len(script.streams) == 2)
    await asyncio.sleep(0)
    server.connections[0].send(most(3))
    await server.until(lambda: len(script.streams) == 4)
    server.connections[0].send(most(100))
    await server.until(lambda: len(script.streams) == 6)
    for connection, stream in script.streams[1:]:
        server.connections[connection].send(answer(stream))
    await done(tasks)
    assert len(server.connections) == 1


async def test_requests_start_when_others_end(one, raw_server):
    script = Script(most(2), at_once)
    server = raw_server(script)
    await done(begin(one, server, 20))
    assert len(server.connections) == 1


async def test_a_limit_that_is_lowered(one, raw_server):
    """To nothing at all: what is under way goes on, and the others wait for better times."""
    script = Script(most(2), at_once, never)
    server = raw_server(script)
    await fetch(one, server)
    tasks = begin(one, server, 4)
    await server.until(lambda: len(script.streams) == 3)
    connection = server.connections[0]
    connection.send(most(1) + answer(script.streams[1][1]))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert len(script.streams) == 3
    connection.send(answer(script.streams[2][1]))
    await server.until(lambda: len(script.streams) == 4)
    connection.send(most(0))
    connection.send(most(2))
    await server.until(lambda: len(script.streams) == 5)
    for _, stream in script.streams[3:]:
        connection.send(answer(stream))
    await done(tasks)
    assert len(server.connections) == 1


async def test_a_limit_of_nothing_from_the_start(one, raw_server):
    script = Script(most(0), at_once)
    server = raw_server(script)
    tasks = begin(one, server, 3)
    await server.until(lambda: len(server.connections) == 1)
    for _ in range(100):
        await asyncio.sleep(0)
    server.connections[0].send(most(1))
    await done(tasks)
    assert len(server.connections) == 1


async def test_cancelled_while_the_limit_holds_them(one, raw_server):
    """Whoever goes leaves his turn to the next, whether he was granted it or not."""
    script = Script(most(1), at_once, never, at_once)
    server = raw_server(script)
    await fetch(one, server)
    tasks = begin(one, server, 6)
    await server.until(lambda: len(script.streams) == 2)
    tasks.pop(3).cancel()
    server.connections[0].send(most(2))
    while len(script.streams) == 2:
        await asyncio.sleep(0)
    tasks.pop(0).cancel()
    await done(tasks)
    assert len(server.connections) == 1


async def test_goaway_while_requests_wait(one, raw_server):
    """They go to another connection when what is under way on the first has come to its end."""

    def leave(connection, stream):
        connection.send(frames.goaway(stream))
        assert connection.server.gate.wait(SECONDS)
        connection.send(answer(stream))

    script = Script(most(1), at_once, leave, at_once)
    server = raw_server(script)
    await fetch(one, server)
    tasks = begin(one, server, 8)
    await server.until(lambda: len(script.streams) == 2)
    server.gate.set()
    await done(tasks)
    assert {number for number, _ in script.streams[2:]} == {1}
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_goaway_lets_others_have_a_new_connection_at_once(loop, client, raw_server):
    """Where there may be more than one: nobody waits for what is still under way."""

    def leave(connection, stream):
        if connection.number:
            at_once(connection, stream)
        else:
            connection.send(frames.goaway(3))

    script = Script(most(100), at_once, leave)
    server = raw_server(script)
    connector = client.TCPConnector(http2="prior-knowledge")
    async with client.ClientSession(connector=connector) as session:
        await fetch(session, server)
        [slow] = begin(session, server, 1)
        await server.until(lambda: (0, 3) in script.streams)
        await done(begin(session, server, 8))
        assert not slow.done()
        assert len(server.connections) == 2
        server.connections[0].send(answer(3))
        await done([slow])


async def test_goaway_before_the_limit_is_known(one, raw_server):
    """Requests that were begun in good faith, and never sent, go to another connection."""

    def leave(connection, stream):
        if connection.number:
            at_once(connection, stream)
        else:
            connection.send(frames.goaway(stream) + answer(stream))

    script = Script(most(1), leave)
    server = raw_server(script)
    await done(begin(one, server, 8))
    assert {number for number, _ in script.streams} == {0, 1}

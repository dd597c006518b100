"""HTTP/2 by ALPN: many first requests at once end up on one connection."""

import asyncio

import pytest

from hostile import frames
from support.http2 import Script, at_once
from support.http_raw import OK, answering
from support.net import SECONDS
from support.tls import server_context

pytestmark = pytest.mark.rondel_only("aiohttp speaks HTTP/1.1 alone")
COUNT = 50


def context(*protocols):
    made = server_context()
    made.set_alpn_protocols(protocols)
    return made


async def fetch(session, server):
    async with session.get(server.url()) as got:
        return await got.read()


async def burst(session, server, expected=b"good"):
    async with asyncio.timeout(SECONDS):
        found = await asyncio.gather(*(fetch(session, server) for _ in range(COUNT)))
    assert found == [expected] * COUNT


def standing(server):
    return sum(not connection.over for connection in server.connections)


def new_session(client, **options):
    return client.ClientSession(connector=client.TCPConnector(ssl=False, **options))


async def test_a_cold_burst(loop, client, raw_server):
    """Nobody knows yet that one connection will do. All but one are closed as soon as it is."""
    script = Script(frames.settings(), at_once)
    server = raw_server(script, context=context("h2"))
    async with new_session(client) as session:
        await burst(session, server)
        assert len({number for number, _ in script.streams}) == 1
        assert len(server.connections) <= COUNT
        await server.until(lambda: standing(server) <= 1)
        await burst(session, server)
        assert len({number for number, _ in script.streams}) == 1
    await server.until(lambda: standing(server) == 0)


async def test_a_burst_after_the_connection_was_closed(loop, client, raw_server):
    """It is known by then that one will do."""
    script = Script(frames.settings(), at_once)
    server = raw_server(script, context=context("h2"))
    async with new_session(client, keepalive_timeout=0.01) as session:
        assert await fetch(session, server) == b"good"
        for turn in (1, 2, 3):
            await server.until(lambda: standing(server) == 0)
            assert len(server.connections) == turn
            await burst(session, server)
        assert len(server.connections) == 4
    await server.until(lambda: standing(server) == 0)


async def test_a_server_that_speaks_http_2_no_more(loop, client, raw_server):
    """What is remembered is a guess: those who have waited open connections of their own."""
    spoken = context("h2")
    plain, script = answering(OK), Script(frames.settings(), at_once)

    def either(connection):
        (script if connection.sock.selected_alpn_protocol() == "h2" else plain)(connection)

    server = raw_server(either, context=spoken)
    async with new_session(client, keepalive_timeout=0.01) as session:
        assert await fetch(session, server) == b"good"
        await server.until(lambda: standing(server) == 0)
        spoken.set_alpn_protocols(["http/1.1"])
        await burst(session, server, b"ok")
    await server.until(lambda: standing(server) == 0)


async def test_one_that_fails_does_not_hold_the_others(loop, client, raw_server):
    """Whoever connects first for all is cancelled: the others connect."""
    script = Script(frames.settings(), at_once)
    server = raw_server(script, context=context("h2"))
    async with new_session(client, keepalive_timeout=0.01) as session:
        assert await fetch(session, server) == b"good"
        await server.until(lambda: standing(server) == 0)
        tasks = [asyncio.ensure_future(fetch(session, server)) for _ in range(COUNT)]
        await asyncio.sleep(0)
        tasks.pop(0).cancel()
        async with asyncio.timeout(SECONDS):
            assert await asyncio.gather(*tasks) == [b"good"] * (COUNT - 1)
    await server.until(lambda: standing(server) == 0)

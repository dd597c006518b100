"""What a program forgets to close is closed, and told."""

import gc
import warnings

import pytest

from support.http_raw import OK, response
from support.turns import turns


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_session(loop, client, raw_server, problems):
    server = raw_server(OK)

    async def forget():
        session = client.ClientSession()
        async with session.get(server.url()) as got:
            await got.read()

    with pytest.warns(ResourceWarning, match="Unclosed client session"):
        await forget()
        gc.collect()
    messages = [context["message"] for context in problems.take()]
    await server.until(lambda: server.connections[0].closed_by_client)
    # The connector goes with it, or behind it: the warning held the session.
    messages += [context["message"] for context in problems.take()]
    assert messages == ["Unclosed client session", "Unclosed connector"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_connector(loop, client, raw_server, problems):
    server = raw_server(OK)

    async def forget():
        connector = client.TCPConnector()
        async with (
            client.ClientSession(connector=connector, connector_owner=False) as session,
            session.get(server.url()) as got,
        ):
            await got.read()

    with pytest.warns(ResourceWarning, match="Unclosed connector"):
        await forget()
        gc.collect()
    assert [context["message"] for context in problems.take()] == ["Unclosed connector"]
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_a_session_that_was_closed_says_nothing(loop, client, raw_server, problems):
    server = raw_server(OK)

    async def use():
        async with client.ClientSession() as session, session.get(server.url()) as got:
            await got.read()

    await use()
    gc.collect()
    await turns(3)
    assert problems.take() == []


@pytest.mark.rondel_only("aiohttp holds a response until its body has come")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_response_gives_its_connection_back(loop, client, raw_server, problems):
    """Even one that nobody released: the slot is free again."""
    server = raw_server(response(b"x" * 1_000_000))
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(connector=connector) as session:
        for _ in range(5):
            got = await session.get(server.url())
            assert got.status == 200
            del got
            gc.collect()
            await turns(3)
        problems.take()
        async with session.get(server.url()) as got:
            assert len(await got.read()) == 1_000_000


@pytest.mark.rondel_only("aiohttp holds a response until its body has come")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_response_in_debug_mode(loop, session, raw_server, problems):
    server = raw_server(response(b"x" * 1_000_000))
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    got = await session.get(server.url())
    with pytest.warns(ResourceWarning, match="Unclosed response"):
        del got
        gc.collect()
    loop.set_debug(False)
    assert "Unclosed response" in [context["message"] for context in problems.take()]


async def test_a_request_that_is_never_awaited_does_nothing(session, raw_server):
    server = raw_server(OK)
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        session.get(server.url())
        gc.collect()
    await turns(3)
    assert server.connections == []


@pytest.mark.parametrize("checked", [False, True])
async def test_it_is_told_once(session, raw_server, checked):
    async def check(_response):
        raise AssertionError

    server = raw_server(OK)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        session.get(server.url(), raise_for_status=check if checked else None)
        gc.collect()
    assert [each.category for each in told] == [RuntimeWarning]
    assert server.connections == []


async def test_nothing_refers_to_a_response_that_is_done(session, raw_server):
    """It goes by its count of references, without the collector."""
    import weakref

    server = raw_server(OK)
    gc.collect()
    gc.disable()
    try:
        got = await session.get(server.url())
        await got.read()
        known = weakref.ref(got)
        del got
        await turns(3)
        assert known() is None
    finally:
        gc.enable()

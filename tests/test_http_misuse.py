"""What a program does wrong is told at once, and clearly."""

import asyncio

import pytest

from support.http_raw import OK, response


async def test_a_closed_session(loop, client, raw_server):
    session = client.ClientSession()
    await session.close()
    server = raw_server(OK)
    for request in (session.get, session.post, session.head, session.delete):
        with pytest.raises(RuntimeError, match="Session is closed"):
            await request(server.url())
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.request("GET", server.url())
    with pytest.raises(RuntimeError, match="Session is closed"):
        async with session.get(server.url()):
            raise AssertionError
    assert server.connections == []


async def test_a_response_after_its_with(client, session, raw_server):
    body = b"x" * 1_000_000
    server = raw_server(response(body))
    async with session.get(server.url()) as got:
        pass
    with pytest.raises(client.ClientConnectionError, match="Connection closed"):
        await got.read()
    with pytest.raises(client.ClientConnectionError, match="Connection closed"):
        await got.text()
    assert got.status == 200


@pytest.mark.parametrize("how", ["close", "release"])
async def test_a_response_that_was_closed(client, session, raw_server, how):
    server = raw_server(response(b"x" * 1_000_000))
    got = await session.get(server.url())
    getattr(got, how)()
    with pytest.raises(client.ClientConnectionError, match="Connection closed"):
        await got.read()
    with pytest.raises(client.ClientConnectionError, match="Connection closed"):
        await got.content.read(1)


async def test_a_response_after_its_session(loop, client, raw_server):
    server = raw_server(response(b"x" * 5_000_000))
    async with client.ClientSession() as session:
        got = await session.get(server.url())
    with pytest.raises((client.ClientError, RuntimeError)):
        await got.read()
    got.close()


async def test_an_argument_that_nobody_knows(session, raw_server):
    server = raw_server(OK)
    with pytest.raises(TypeError, match="nonsense"):
        await session.get(server.url(), nonsense=1)
    with pytest.raises(TypeError):
        await session.get()
    assert server.connections == []


def test_an_argument_of_the_session_that_nobody_knows(client):
    with pytest.raises(TypeError, match="nonsense"):
        client.ClientSession(nonsense=1)


def test_a_session_outside_of_a_loop(client):
    with pytest.raises(RuntimeError, match="no running event loop"):
        client.ClientSession()


def test_a_connector_outside_of_a_loop(client):
    with pytest.raises(RuntimeError, match="no running event loop"):
        client.TCPConnector()


async def test_awaited_twice(session, raw_server):
    request = session.get(raw_server(OK).url())
    async with await request as got:
        await got.read()
    with pytest.raises(RuntimeError, match=r"(?i)await"):
        await request


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_never_awaited(session, raw_server):
    server = raw_server(OK)
    session.get(server.url()).close()
    assert server.connections == []


@pytest.mark.parametrize(
    "options",
    [
        {"headers": 5},
        {"headers": ["ab", 7]},
        {"params": 5.5},
        {"cookies": 5},
        {"timeout": "soon"},
        {"data": 5},
        {"proxy": 5},
    ],
    ids=str,
)
async def test_values_of_the_wrong_type(session, raw_server, options):
    server = raw_server(OK)
    with pytest.raises((TypeError, ValueError, AttributeError)):
        await session.post(server.url(), **options)
    assert server.requests == []


def test_a_response_that_no_request_gave(client):
    with pytest.raises(TypeError, match="ClientResponse"):
        client.ClientResponse("GET", None)


async def test_two_at_once_on_one_response(session, raw_server):
    server = raw_server(response(b"x" * 100_000))
    async with session.get(server.url()) as got:
        first = await got.read()
        assert await asyncio.gather(got.read(), got.read()) == [first, first]


async def test_the_wrong_loop(loop, client, new_loop):
    """A connector belongs to the loop that it was made on."""
    connector = client.TCPConnector()
    other = new_loop()

    async def elsewhere():
        with pytest.raises(RuntimeError, match="loop"):
            client.ClientSession(connector=connector, loop=asyncio.get_running_loop())

    await loop.run_in_executor(None, other.run_until_complete, elsewhere())
    await connector.close()

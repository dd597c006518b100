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


@pytest.mark.rondel_only("they are aiohttp's own")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "arguments", "where"),
    [
        ("ClientTimeout", {"total": 5}, "timeout"),
        ("BasicAuth", {"login": "name", "password": "password"}, "auth"),
        ("FormData", {"fields": {"a": "b"}}, "data"),
        ("BytesPayload", {"value": b"x"}, "data"),
        ("Fingerprint", {"fingerprint": b"x" * 32}, "ssl"),
    ],
)
async def test_objects_of_aiohttp(session, raw_server, name, arguments, where):
    """Their names are the same: the error says whose they are."""
    aiohttp = pytest.importorskip("aiohttp")
    server = raw_server(OK)
    given = {where: getattr(aiohttp, name)(**arguments)}
    with pytest.raises(TypeError, match=rf"\(which is aiohttp's: take rondel\.http\.{name}\)"):
        await session.post(server.url(), **given)
    assert server.requests == []


@pytest.mark.rondel_only("they are aiohttp's own")
@pytest.mark.parametrize("name", ["ClientRequest", "ClientResponse"])
async def test_classes_of_aiohttp(loop, client, name):
    aiohttp = pytest.importorskip("aiohttp")
    argument = name.replace("Client", "").lower() + "_class"
    with pytest.raises(TypeError, match=rf"take rondel\.http\.{name}"):
        client.ClientSession(**{argument: getattr(aiohttp, name)})


@pytest.mark.rondel_only("they are aiohttp's own")
async def test_a_timeout_of_aiohttp_for_a_session(loop, client):
    aiohttp = pytest.importorskip("aiohttp")
    with pytest.raises(ValueError, match=r"take rondel\.http\.ClientTimeout"):
        client.ClientSession(timeout=aiohttp.ClientTimeout(total=5))


@pytest.mark.rondel_only("aiohttp raises an AttributeError, or fails later")
@pytest.mark.parametrize("connector", [5, "TCPConnector"])
async def test_a_connector_that_is_none(loop, client, connector):
    with pytest.raises(TypeError, match=r"connector is a connector of rondel\.http or None, got"):
        client.ClientSession(connector=getattr(client, str(connector), connector))


@pytest.mark.rondel_only("aiohttp names no argument, or takes it")
@pytest.mark.parametrize("name", ["read_bufsize", "max_line_size", "max_field_size", "max_headers"])
async def test_sizes(loop, client, session, raw_server, name):
    server = raw_server(OK)
    for value, error, match in [
        (-1, ValueError, f"{name} can't be -1"),
        (1 << 70, ValueError, f"{name} can't be"),
        ("x", TypeError, f"{name} is an int, got 'x'"),
    ]:
        with pytest.raises(error, match=match):
            await session.get(server.url(), **{name: value})
        with pytest.raises(error, match=match):
            client.ClientSession(**{name: value})
    with pytest.raises(TypeError, match="server_hostname is a str or None, got 5"):
        await session.get(server.url(), server_hostname=5)
    assert server.requests == []


@pytest.mark.rondel_only("aiohttp guesses by letters alone")
@pytest.mark.parametrize(
    ("name", "meant"), [("files", "data"), ("content", "data"), ("verify", "ssl")]
)
async def test_names_of_other_clients(session, name, meant):
    with pytest.raises(TypeError, match=f"'{name}'; did you mean '{meant}'"):
        await session.post("http://localhost/", **{name: None})


async def test_an_argument_of_a_websocket_that_nobody_knows(session):
    with pytest.raises(TypeError, match=r"ws_connect\(\) got an unexpected keyword argument 'foo'"):
        await session.ws_connect("http://localhost/", foo=1)

"""Sessions: their arguments, their defaults, how they are used and how they end."""

import asyncio
import json

import pytest
from yarl import URL

from support.http_raw import OK


async def test_get(client, session, http_server):
    async with session.get(http_server.url("/path")) as response:
        assert isinstance(response, client.ClientResponse)
        assert response.status == 200
        assert (await response.json())["target"] == "/path"


async def test_awaited_without_a_with(session, http_server):
    response = await session.get(http_server.url())
    assert response.status == 200
    assert (await response.json())["method"] == "GET"
    response.release()


async def test_as_a_task(loop, session, http_server):
    task = asyncio.create_task(session.get(http_server.url()))
    async with await task as response:
        assert response.status == 200


async def test_many_at_once(session, http_server):
    async def fetch(number):
        async with session.get(http_server.url(f"/{number}")) as response:
            return (await response.json())["target"]

    found = await asyncio.gather(*(fetch(number) for number in range(50)))
    assert found == [f"/{number}" for number in range(50)]


async def test_gather_takes_what_the_methods_give(session, http_server):
    responses = await asyncio.gather(*(session.get(http_server.url()) for _ in range(5)))
    for response in responses:
        assert response.status == 200
        await response.read()


async def test_a_url_object(session, http_server):
    async with session.get(URL(http_server.url("/a b"))) as response:
        assert (await response.json())["target"] == "/a%20b"


async def test_defaults(loop, client, session):
    assert session.timeout == client.ClientTimeout(total=300, sock_connect=30)
    assert session.headers == {}
    assert session.auth is None
    assert session.raise_for_status is False
    assert session.auto_decompress is True
    assert session.trust_env is False
    assert session.trace_configs == []
    assert session.skip_auto_headers == frozenset()
    assert session.json_serialize is json.dumps
    assert session.connector_owner is True
    assert session.requote_redirect_url is True
    assert session.version == client.HttpVersion11
    assert isinstance(session.cookie_jar, client.CookieJar)
    assert isinstance(session.connector, client.TCPConnector)
    assert session.connector.limit == 100
    assert session.connector.limit_per_host == 0
    assert session.connector.force_close is False
    assert not session.closed


async def test_what_it_is_given(loop, client):
    connector = client.TCPConnector()
    jar = client.DummyCookieJar()
    timeout = client.ClientTimeout(total=7)
    async with client.ClientSession(
        connector=connector,
        cookie_jar=jar,
        timeout=timeout,
        headers={"X-One": "1"},
        skip_auto_headers=["User-Agent"],
        raise_for_status=True,
        auto_decompress=False,
        trust_env=True,
        json_serialize=repr,
        version=client.HttpVersion10,
    ) as session:
        assert session.connector is connector
        assert session.cookie_jar is jar
        assert session.timeout is timeout
        assert session.headers == {"X-One": "1"}
        assert session.skip_auto_headers == {"User-Agent"}
        assert session.raise_for_status is True
        assert session.auto_decompress is False
        assert session.trust_env is True
        assert session.json_serialize is repr
        assert session.version == client.HttpVersion10


async def test_base_url(loop, client, http_server):
    async with client.ClientSession(http_server.url("/api/")) as session:
        for url, target in [("a", "/api/a"), ("/a", "/a"), ("b/c?d=e", "/api/b/c?d=e")]:
            async with session.get(url) as response:
                assert (await response.json())["target"] == target
        # An absolute one goes where it says.
        async with session.get(http_server.url("/other")) as response:
            assert (await response.json())["target"] == "/other"


async def test_base_url_is_a_folder(loop, client):
    with pytest.raises(ValueError, match="base_url must have a trailing '/'"):
        client.ClientSession("http://example.test/api")


async def test_a_timeout_of_the_wrong_type(loop, client):
    with pytest.raises(ValueError, match="timeout parameter cannot be of <class 'int'> type"):
        client.ClientSession(timeout=5)


async def test_json_serialize(loop, client, http_server):
    def dumps(value):
        return json.dumps({"wrapped": value})

    async with (
        client.ClientSession(json_serialize=dumps) as session,
        session.post(http_server.url(), json=[1]) as response,
    ):
        assert (await response.json())["body"] == '{"wrapped": [1]}'


async def test_close_is_final_and_may_be_repeated(loop, client, http_server):
    session = client.ClientSession()
    connector = session.connector
    async with session.get(http_server.url()) as response:
        await response.read()
    await session.close()
    await session.close()
    assert session.closed
    assert connector.closed
    assert session.connector is None
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.get(http_server.url())


async def test_a_session_is_left_by_an_error(loop, client, http_server):
    with pytest.raises(KeyError):
        async with client.ClientSession() as session, session.get(http_server.url()):
            raise KeyError
    assert session.closed


async def test_a_connector_of_several_sessions(loop, client, http_server):
    async with client.TCPConnector() as connector:
        for _ in range(3):
            async with (
                client.ClientSession(connector=connector, connector_owner=False) as session,
                session.get(http_server.url()) as response,
            ):
                await response.read()
            assert session.closed
            assert not connector.closed
        assert http_server.peers == 1
    assert connector.closed


async def test_the_connector_of_a_session_goes_with_it(loop, client):
    connector = client.TCPConnector()
    async with client.ClientSession(connector=connector):
        pass
    assert connector.closed


async def test_a_session_whose_connector_was_closed_is_closed(loop, client, http_server):
    async with client.ClientSession() as session:
        await session.connector.close()
        assert session.closed
        with pytest.raises(RuntimeError, match="Session is closed"):
            await session.get(http_server.url())


async def test_detach(loop, client, http_server):
    session = client.ClientSession()
    connector = session.connector
    session.detach()
    assert session.closed
    assert not connector.closed
    await connector.close()


async def test_no_plain_with(loop, session):
    with pytest.raises(TypeError, match="async with"), session:
        pass


async def test_request_by_a_function(loop, client, http_server):
    async with client.request("PUT", http_server.url("/f"), data=b"x") as response:
        seen = await response.json()
        assert (seen["method"], seen["target"], seen["body"]) == ("PUT", "/f", "x")


@pytest.mark.parametrize(("version", "line"), [("10", "HTTP/1.0"), ("11", "HTTP/1.1")])
async def test_version(loop, client, raw_server, version, line):
    server = raw_server(OK)
    version = getattr(client, f"HttpVersion{version}")
    async with (
        client.ClientSession(version=version) as session,
        session.get(server.url()) as response,
    ):
        assert await response.read() == b"ok"
    [request] = server.requests
    assert request.version == line
    assert request.get("Connection") == ("keep-alive" if line == "HTTP/1.0" else None)


async def test_the_class_of_the_responses(loop, client, http_server):
    class Response(client.ClientResponse):
        def shout(self):
            return str(self.status) + "!"

    async with (
        client.ClientSession(response_class=Response) as session,
        session.get(http_server.url()) as response,
    ):
        assert type(response) is Response
        assert response.shout() == "200!"


async def test_charset_of_last_resort(loop, client, raw_server):
    server = raw_server(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n\xe9"
    )
    asked = []

    def resolve(response, body):
        asked.append(body)
        return "latin-1"

    async with (
        client.ClientSession(fallback_charset_resolver=resolve) as session,
        session.get(server.url()) as response,
    ):
        assert await response.text() == "é"
    assert asked == [b"\xe9"]


@pytest.mark.filterwarnings("ignore:Inheritance:DeprecationWarning")
async def test_a_subclass_overrides_request(loop, client, http_server):
    """All requests go through it, with what the caller gave, and what is the subclass's own."""
    made = []

    class Session(client.ClientSession):
        async def _request(self, method, url, *, mark=None, **options):
            made.append((method, mark))
            return await super()._request(
                method, url, headers={"X-Mark": mark or "none"}, **options
            )

    async with Session() as session:
        async with session.get(http_server.url()) as got:
            assert got.status == 200
        await session.post(http_server.url(), data=b"x", mark="own")
        await session.request("PUT", http_server.url())
        await session.head(http_server.url())
    assert made == [("GET", None), ("POST", "own"), ("PUT", None), ("HEAD", None)]
    seen = [(each.method, each.get("X-Mark")) for each in http_server.requests]
    assert seen == [("GET", "none"), ("POST", "own"), ("PUT", "none"), ("HEAD", "none")]


async def test_request_is_replaced_in_the_class(loop, client, http_server, monkeypatch):
    """What tools do that trace or mock a client."""
    original = client.ClientSession._request
    made = []

    async def replaced(self, method, url, **options):
        made.append(method)
        return await original(self, method, url, **options)

    monkeypatch.setattr(client.ClientSession, "_request", replaced)
    async with client.ClientSession() as session, session.get(http_server.url()) as got:
        assert got.status == 200
    assert made == ["GET"]

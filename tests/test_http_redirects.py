"""Redirects: which are followed, with what, and where they end."""

import asyncio
import itertools

import pytest
from multidict import CIMultiDict

from support.http_raw import OK, response

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def routes(**locations):
    """Answers a redirect where the path has one: `a="302 /b"`; all other paths are fine."""

    def script(connection):
        while request := connection.request():
            path = request.target.partition("?")[0].strip("/")
            if path in locations:
                status, location = locations[path].split(" ", 1)
                connection.send(response(b"", f"Location: {location}", status=f"{status} Moved"))
            else:
                connection.send(OK[:-2] if request.method == "HEAD" else OK)

    return script


async def follow(session, server, method="GET", path="/a", **options):
    async with session.request(method, server.url(path), **options) as response:
        assert await response.read() == b"ok"
        return response


def lines(server):
    return [f"{request.method} {request.target}" for request in server.requests]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "POST"])
async def test_each_status_with_each_method(session, raw_server, status, method):
    def script(connection):
        while request := connection.request():
            if request.target == "/a":
                connection.send(response(b"", "Location: /b", status=f"{status} Moved"))
            else:
                connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = raw_server(script)
    async with session.request(method, server.url("/a"), data=b"body") as got:
        assert got.status == 204
        assert [each.status for each in got.history] == [status]
        assert got.method == server.requests[1].method
    becomes_get = (status == 303 and method != "HEAD") or (
        status in (301, 302) and method == "POST"
    )
    assert lines(server) == [f"{method} /a", f"{'GET' if becomes_get else method} /b"]
    assert server.requests[1].body == (b"" if becomes_get else b"body")
    assert server.requests[1].get("Content-Length") == (None if becomes_get else "4")


@pytest.mark.parametrize("status", [300, 304, 305, 306])
async def test_statuses_that_are_no_redirects(session, raw_server, status):
    server = raw_server(response(b"", "Location: /b", status=f"{status} X"))
    async with session.get(server.url("/a")) as got:
        assert got.status == status
        assert got.history == ()
    assert lines(server) == ["GET /a"]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "/b"),
        ("b", "/x/b"),
        ("../b", "/b"),
        ("./b/../c", "/x/c"),
        ("?q=1", "/x/a?q=1"),
        ("/b?c=d e", "/b?c=d+e"),
        ("/b c", "/b%20c"),
        ("/b%20c", "/b%20c"),
        ("/a%2Fb", "/a%2Fb"),
        ("/b#fragment", "/b"),
    ],
)
async def test_relative_locations(session, raw_server, location, target):
    server = raw_server([response(b"", f"Location: {location}", status="302 Found"), OK])
    await follow(session, server, path="/x/a?old=1")
    assert server.requests[1].target == target


async def test_utf8_in_a_location(session, raw_server):
    head = "HTTP/1.1 302 Found\r\nLocation: /ä\r\nContent-Length: 0\r\n\r\n".encode()
    server = raw_server([head, OK])
    await follow(session, server)
    assert server.requests[1].target == "/%C3%A4"


async def test_absolute_location(session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a=f"302 {other.url('/there?x=1')}"))
    got = await follow(session, server)
    assert str(got.url) == other.url("/there?x=1")
    assert lines(other) == ["GET /there?x=1"]
    assert other.requests[0].get("Host") == f"127.0.0.1:{other.port}"


async def test_location_without_a_scheme(session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a=f"302 //127.0.0.1:{other.port}/there"))
    await follow(session, server)
    assert lines(other) == ["GET /there"]


async def test_the_fragment_is_the_locations(session, raw_server):
    server = raw_server(routes(a="302 /b#new"))
    got = await follow(session, server, path="/a#old")
    assert str(got.real_url) == server.url("/b#new")
    assert str(got.url) == server.url("/b")


async def test_history(client, session, raw_server):
    server = raw_server(routes(a="301 /b", b="302 /c", c="307 /d"))
    got = await follow(session, server)
    assert [each.status for each in got.history] == [301, 302, 307]
    assert [str(each.url) for each in got.history] == [server.url(f"/{n}") for n in "abc"]
    assert all(isinstance(each, client.ClientResponse) for each in got.history)
    assert [each.headers["Location"] for each in got.history] == ["/b", "/c", "/d"]
    assert all(each.closed for each in got.history)
    assert got.history[0].history == ()


async def test_one_connection_for_all_hops(session, raw_server):
    server = raw_server(routes(a="302 /b", b="302 /c"))
    await follow(session, server)
    assert len(server.connections) == 1


async def test_params_are_for_the_first_hop(session, raw_server):
    server = raw_server(routes(a="302 /b"))
    await follow(session, server, params={"q": "1"})
    assert lines(server) == ["GET /a?q=1", "GET /b"]


async def test_not_allowed(session, raw_server):
    server = raw_server(routes(a="302 /b"))
    async with session.get(server.url("/a"), allow_redirects=False) as got:
        assert got.status == 302
        assert got.headers["Location"] == "/b"
        assert got.history == ()
    async with session.head(server.url("/a")) as got:
        assert got.status == 302
    async with session.head(server.url("/a"), allow_redirects=True) as got:
        assert got.status == 200


@pytest.mark.parametrize("limit", [1, 3, 10])
async def test_too_many(client, session, raw_server, limit):
    server = raw_server(routes(a="302 /a"))
    with pytest.raises(client.TooManyRedirects) as caught:
        await session.get(server.url("/a"), max_redirects=limit)
    assert isinstance(caught.value, client.ClientResponseError)
    assert len(caught.value.history) == limit
    assert caught.value.request_info.method == "GET"
    assert str(caught.value.request_info.real_url) == server.url("/a")
    assert len(server.requests) == limit
    async with session.get(server.url("/b")) as got:
        assert got.status == 200


async def test_ten_by_default(client, session, raw_server):
    server = raw_server(routes(a="302 /a"))
    with pytest.raises(client.TooManyRedirects):
        await session.get(server.url("/a"))
    assert len(server.requests) == 10


async def test_as_many_as_there_are(session, raw_server):
    names = [f"n{number}" for number in range(30)]
    server = raw_server(routes(**{a: f"302 /{b}" for a, b in itertools.pairwise(names)}))
    got = await follow(session, server, path="/n0", max_redirects=0)
    assert len(got.history) == 29


async def test_no_location(session, raw_server):
    server = raw_server(response(b"", status="302 Found"))
    async with session.get(server.url("/a")) as got:
        assert got.status == 302
    assert lines(server) == ["GET /a"]


@pytest.mark.parametrize("location", ["ftp://example.test/", "mailto:a@b", "javascript:x()"])
async def test_to_another_scheme(client, session, raw_server, location):
    server = raw_server(routes(a=f"302 {location}"))
    with pytest.raises(client.NonHttpUrlRedirectClientError) as caught:
        await session.get(server.url("/a"))
    assert isinstance(caught.value, client.RedirectClientError)
    assert isinstance(caught.value, client.NonHttpUrlClientError)
    assert location in str(caught.value)


@pytest.mark.parametrize("location", ["http://[::1", "http://a:b:c/", "http:///x"])
async def test_to_no_url(client, session, raw_server, location):
    server = raw_server(routes(a=f"302 {location}"))
    with pytest.raises(client.InvalidUrlRedirectClientError) as caught:
        await session.get(server.url("/a"))
    assert isinstance(caught.value, client.InvalidURL)
    async with session.get(server.url("/b")) as got:
        assert got.status == 200


async def test_a_body_that_is_gone(client, session, raw_server):
    server = raw_server(routes(a="307 /b"))

    async def once():
        yield b"body"

    with pytest.raises(client.ClientPayloadError, match="consumed request body"):
        await session.post(server.url("/a"), data=once())
    assert lines(server) == ["POST /a"]


async def test_a_body_that_is_gone_and_not_wanted(session, raw_server):
    server = raw_server(routes(a="303 /b"))

    async def once():
        yield b"body"

    await follow(session, server, "POST", data=once())
    assert lines(server) == ["POST /a", "GET /b"]


async def test_a_file_is_sent_again(session, raw_server, tmp_path):
    server = raw_server(routes(a="307 /b"))
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(2)
        await follow(session, server, "POST", data=file)
    assert [request.body for request in server.requests] == [b"23456789"] * 2


SECRETS = {"Authorization": "secret", "Cookie": "secret=1", "Proxy-Authorization": "secret"}


async def test_secrets_stay_with_their_origin(session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a="302 /b", b=f"302 {other.url('/c')}"))
    await follow(session, server, headers=SECRETS | {"X-Open": "1"})
    for request in server.requests:
        assert {name: request.get(name) for name in SECRETS} == SECRETS
    [request] = other.requests
    assert [request.get(name) for name in SECRETS] == [None] * 3
    assert request.get("X-Open") == "1"


async def test_secrets_of_the_session_stay_with_their_origin(open_session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a=f"302 {other.url('/c')}"))
    session = open_session(headers=CIMultiDict(SECRETS))
    await follow(session, server)
    assert [other.requests[0].get(name) for name in SECRETS] == [None] * 3
    # Only the request is without them, the session is not.
    assert session.headers == SECRETS


async def test_another_port_is_another_origin(session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a=f"302 http://127.0.0.1:{other.port}/"))
    await follow(session, server, headers={"Authorization": "secret"})
    assert other.requests[0].get("Authorization") is None


async def test_auth_stays_with_its_origin(client, session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a="302 /b", b=f"302 {other.url('/c')}"))
    await follow(session, server, auth=client.BasicAuth("user", "secret"))
    assert [request.get("Authorization") is not None for request in server.requests] == [True, True]
    assert other.requests[0].get("Authorization") is None


async def test_auth_in_the_location(client, session, raw_server):
    server = raw_server(OK)
    first = raw_server(routes(a=f"302 http://user:secret@127.0.0.1:{server.port}/b"))
    await follow(session, first)
    expected = client.BasicAuth("user", "secret").encode()
    assert server.requests[0].get("Authorization") == expected


async def test_cookies_of_the_request_stay_with_their_origin(session, raw_server):
    other = raw_server(OK)
    server = raw_server(routes(a="302 /b", b=f"302 {other.url('/c')}"))
    await follow(session, server, cookies={"secret": "1"})
    assert [request.get("Cookie") for request in server.requests] == ["secret=1"] * 2
    assert other.requests[0].get("Cookie") is None


async def test_cookies_that_a_hop_sets(loop, client, raw_server):
    first = response(b"", "Location: /b", "Set-Cookie: a=1; Path=/", status="302 Found")
    server = raw_server([first, OK])
    async with client.ClientSession(cookie_jar=client.CookieJar(unsafe=True)) as session:
        got = await follow(session, server)
        assert got.history[0].cookies["a"].value == "1"
    assert [request.get("Cookie") for request in server.requests] == [None, "a=1"]


async def test_raise_for_status_looks_at_the_last(client, session, raw_server):
    def script(connection):
        while request := connection.request():
            if request.target == "/a":
                connection.send(response(b"", "Location: /b", status="302 Found"))
            else:
                connection.send(response(b"", status="404 Not Found"))

    server = raw_server(script)
    with pytest.raises(client.ClientResponseError) as caught:
        await session.get(server.url("/a"), raise_for_status=True)
    assert caught.value.status == 404
    # aiohttp looks at the status before the response has its history.
    expected = [] if client.__name__ == "aiohttp" else [302]
    assert [each.status for each in caught.value.history] == expected


async def test_the_total_timeout_is_for_all_hops(client, session, raw_server):
    def script(connection):
        while request := connection.request():
            if request.target == "/stop":
                connection.until_closed()
                return
            connection.send(response(b"", "Location: /stop", status="302 Found"))

    server = raw_server(script)
    with pytest.raises(asyncio.TimeoutError):
        await session.get(server.url("/a"), timeout=client.ClientTimeout(total=0.2))
    await server.until(lambda: server.connections and server.connections[0].closed_by_client)


async def test_a_hop_with_a_long_body(session, raw_server):
    """What a redirect says besides is not read to its end, however long it is."""

    def script(connection):
        while request := connection.request():
            if request.target != "/a":
                connection.send(OK)
                continue
            head = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 1000000000\r\n\r\n"
            connection.send(head.encode() + bytes(1000))
            connection.until_closed()
            return

    server = raw_server(script)
    await follow(session, server)
    assert lines(server) == ["GET /a", "GET /b"]
    assert len(server.connections) == 2

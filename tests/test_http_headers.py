"""What heads of requests have: defaults, the session's, the request's, and credentials."""

import base64

import pytest
from multidict import CIMultiDict

from support.http_raw import OK

# `auth=` and `BasicAuth` are on their way out of aiohttp.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def basic(text):
    return "Basic " + base64.b64encode(text.encode("latin-1")).decode()


@pytest.fixture
def server(raw_server):
    return raw_server(OK)


async def send(session, server, method="GET", **options):
    """Make a request, and give what the server got."""
    async with session.request(method, server.url(options.pop("path", "/")), **options) as response:
        await response.read()
    return server.requests[-1]


async def test_defaults(session, server):
    request = await send(session, server)
    names = [name for name, _ in request.headers]
    assert names[0] == "Host"
    assert sorted(names) == ["Accept", "Accept-Encoding", "Host", "User-Agent"]
    assert request.get("Accept") == "*/*"
    codings = request.get("Accept-Encoding").split(", ")
    assert codings[:2] == ["gzip", "deflate"]
    assert request.get("User-Agent").startswith("Python/3.")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_methods_with_an_empty_body(session, server, method):
    request = await send(session, server, method)
    assert request.get("Content-Length") == "0"
    expected = None if method == "DELETE" else "application/octet-stream"
    assert request.get("Content-Type") == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_methods_without_a_body(session, server, method):
    if method == "HEAD":
        async with session.head(server.url()) as response:
            await response.read()
        request = server.requests[-1]
    else:
        request = await send(session, server, method)
    assert request.get("Content-Length") is None
    assert request.get("Transfer-Encoding") is None


@pytest.mark.parametrize(
    "headers",
    [{"X-A": "1", "x-b": "2"}, [("X-A", "1"), ("x-b", "2")], CIMultiDict({"X-A": "1", "x-b": "2"})],
)
async def test_of_the_request(session, server, headers):
    request = await send(session, server, headers=headers)
    assert (request.get("x-a"), request.get("x-b")) == ("1", "2")


async def test_of_the_session_and_the_request(open_session, server):
    session = open_session(headers={"X-A": "session", "X-B": "session"})
    request = await send(session, server, headers={"x-a": "request"})
    assert request.all("X-A") == ["request"]
    assert request.all("X-B") == ["session"]


async def test_the_session_is_changed(session, server):
    session.headers["X-A"] = "1"
    assert (await send(session, server)).get("X-A") == "1"
    session.headers["X-A"] = "2"
    assert (await send(session, server)).get("X-A") == "2"
    del session.headers["X-A"]
    assert (await send(session, server)).get("X-A") is None


async def test_several_of_one_name(session, server):
    headers = CIMultiDict([("X-A", "1"), ("X-A", "2")])
    request = await send(session, server, headers=headers)
    assert request.all("X-A") == ["1", "2"]


async def test_defaults_are_replaced(session, server):
    headers = {"Accept": "text/html", "User-Agent": "me", "Accept-Encoding": "identity"}
    request = await send(session, server, headers=headers | {"Host": "other.test"})
    assert request.get("Accept") == "text/html"
    assert request.get("User-Agent") == "me"
    assert request.get("Accept-Encoding") == "identity"
    assert request.get("Host") == "other.test"


async def test_skipped(open_session, server):
    session = open_session(skip_auto_headers=["User-Agent"])
    request = await send(session, server, skip_auto_headers=["accept"])
    assert request.get("User-Agent") is None
    assert request.get("Accept") is None
    assert request.get("Accept-Encoding") is not None


async def test_a_content_type_is_skipped(session, server):
    request = await send(session, server, "POST", data=b"x", skip_auto_headers=["Content-Type"])
    assert request.get("Content-Type") is None


async def test_no_letter_of_latin_1_is_lost(session, server):
    request = await send(session, server, headers={"X-A": "ä b\t!"})
    assert request.get("X-A").encode("latin-1").decode("utf-8") == "ä b\t!"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
@pytest.mark.parametrize("where", ["session", "request"])
async def test_values_that_would_be_two_headers(loop, client, server, where, value):
    headers = {"X-A": value}
    async with client.ClientSession(headers=headers if where == "session" else None) as session:
        with pytest.raises(ValueError, match=r"(?i)header"):
            await session.get(server.url(), headers=headers if where == "request" else None)
    assert server.requests == []


@pytest.mark.parametrize("name", ["X\r\nX-Evil", "X\n", "X\0"])
async def test_names_that_would_be_two_headers(session, server, name):
    with pytest.raises(ValueError, match=r"(?i)header"):
        await session.get(server.url(), headers={name: "1"})
    assert server.requests == []


async def test_header_values_are_strings(session, server):
    with pytest.raises(TypeError):
        await session.get(server.url(), headers={"X-A": 1})
    assert server.requests == []


async def test_auth(client, session, server):
    request = await send(session, server, auth=client.BasicAuth("user", "pass word"))
    assert request.get("Authorization") == basic("user:pass word")


async def test_auth_of_the_session(client, open_session, server):
    session = open_session(auth=client.BasicAuth("user", "pä"))
    assert (await send(session, server)).get("Authorization") == basic("user:pä")
    request = await send(session, server, auth=client.BasicAuth("other"))
    assert request.get("Authorization") == basic("other:")


async def test_auth_as_a_header(client, session, server):
    headers = {"Authorization": client.encode_basic_auth("user", "password")}
    assert (await send(session, server, headers=headers)).get("Authorization") == basic(
        "user:password"
    )


async def test_auth_in_the_url(session, server):
    async with session.get(f"http://us%20er:p%C3%A4@127.0.0.1:{server.port}/x") as response:
        await response.read()
        assert response.url.user is None
    [request] = server.requests
    assert request.get("Authorization") == basic("us er:pä")
    assert request.get("Host") == f"127.0.0.1:{server.port}"
    assert request.target == "/x"


async def test_auth_in_the_url_is_not_for_the_next_request(session, server):
    async with session.get(f"http://user:secret@127.0.0.1:{server.port}/") as response:
        await response.read()
    assert (await send(session, server)).get("Authorization") is None
    assert len(server.connections) == 1


async def test_auth_twice(client, session, server):
    auth = client.BasicAuth("user")
    with pytest.raises(ValueError, match="Cannot combine AUTH argument with credentials"):
        await session.get(f"http://user:secret@127.0.0.1:{server.port}/", auth=auth)
    with pytest.raises(ValueError, match="Cannot combine AUTHORIZATION header with AUTH"):
        await session.get(server.url(), auth=auth, headers={"Authorization": "x"})
    assert server.requests == []


async def test_auth_of_the_wrong_type(session, server):
    with pytest.raises(TypeError, match="BasicAuth"):
        await session.get(server.url(), auth=("user", "password"))


async def test_auth_of_the_session_stays_with_its_base_url(loop, client, server, raw_server):
    other = raw_server(OK)
    auth = client.BasicAuth("user", "password")
    async with client.ClientSession(server.url("/"), auth=auth) as session:
        assert (await send(session, server)).get("Authorization") == basic("user:password")
        assert (await send(session, other)).get("Authorization") is None


async def test_cookies_of_the_request(session, server):
    request = await send(session, server, cookies={"a": "1", "b": "x y"})
    assert request.get("Cookie") == 'a=1; b="x y"'
    # They are not the session's.
    assert (await send(session, server)).get("Cookie") is None


async def test_cookies_of_the_session_and_the_request(open_session, server):
    session = open_session(cookies={"a": "session", "b": "session"})
    request = await send(session, server, cookies={"b": "request"})
    assert sorted(request.get("Cookie").split("; ")) == ["a=session", "b=request"]


async def test_cookies_as_a_header_too(session, server):
    request = await send(session, server, cookies={"a": "1"}, headers={"Cookie": "b=2"})
    assert sorted(request.get("Cookie").split("; ")) == ["a=1", "b=2"]


async def test_cookies_of_a_response_come_back(client, loop, raw_server):
    first = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/p\r\n"
    server = raw_server([first + b"Content-Length: 0\r\n\r\n", OK])
    jar = client.CookieJar(unsafe=True)
    async with client.ClientSession(cookie_jar=jar) as session:
        async with session.get(server.url()) as response:
            assert {name: morsel.value for name, morsel in response.cookies.items()} == {
                "a": "1",
                "b": "2",
            }
        assert (await send(session, server)).get("Cookie") == "a=1"
        request = await send(session, server, path="/p/q")
        assert sorted(request.get("Cookie").split("; ")) == ["a=1", "b=2"]
    assert sorted(cookie.key for cookie in jar) == ["a", "b"]


async def test_what_was_sent_is_known(session, server):
    async with session.get(server.url("/x#f"), headers={"X-A": "1"}) as response:
        info = response.request_info
        assert info.method == "GET"
        assert str(info.url) == server.url("/x")
        assert str(info.real_url) == server.url("/x#f")
        assert info.headers["x-a"] == "1"
        assert info.headers["Host"] == f"127.0.0.1:{server.port}"
        assert "User-Agent" in info.headers


@pytest.mark.parametrize(
    "value",
    ["token\n", "token\r\nX: y", "token\0", "token\x01", "token\x7f", b"token"],
    ids=ascii,
)
async def test_a_secret_that_cannot_be_sent_is_not_shown(loop, loop_kind, client, server, value):
    """A token that was read from a file with its newline is in no log afterwards."""
    for session_headers, headers in [
        ({"Authorization": value}, None),
        (None, {"Authorization": value}),
        (None, [("Authorization", value)]),
    ]:
        async with client.ClientSession(headers=session_headers) as session:
            with pytest.raises((TypeError, ValueError)) as caught:
                await session.get(server.url(), headers=headers)
        if loop_kind == "rondel":
            assert "'Authorization'" in str(caught.value)
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
        if isinstance(value, str):
            assert "token" not in str(caught.value)
    assert not server.requests


@pytest.mark.rondel_only("aiohttp says 'not enough values to unpack', or less")
@pytest.mark.parametrize("headers", [{"Authorization": "token", 1: "x"}, [("token",)], "token"])
async def test_headers_that_are_none_are_not_shown(session, server, headers):
    with pytest.raises(TypeError, match="headers is a mapping or pairs of str, got") as caught:
        await session.get(server.url(), headers=headers)
    assert "token" not in str(caught.value)
    assert not server.requests


@pytest.mark.rondel_only("aiohttp sends it without what is no text")
async def test_a_lone_surrogate(session, server):
    with pytest.raises(ValueError, match="lone surrogate") as caught:
        await session.get(server.url(), headers={"Authorization": "token\ud800"})
    assert "token" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert not server.requests

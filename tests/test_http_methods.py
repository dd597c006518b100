"""Each method, and what becomes of a URL and its parameters on the way."""

import pytest
from multidict import MultiDict
from yarl import URL

from support.http_raw import OK

METHODS = ("get", "options", "post", "put", "patch", "delete")


@pytest.mark.parametrize("method", METHODS)
async def test_by_its_own_function(session, http_server, method):
    async with getattr(session, method)(http_server.url("/m")) as response:
        assert response.method == method.upper()
        assert (await response.json())["method"] == method.upper()


@pytest.mark.parametrize("method", ["get", "POST", "Propfind", "MKCOL", "TRACE"])
async def test_by_request(session, raw_server, method):
    server = raw_server(OK)
    async with session.request(method, server.url()) as response:
        assert response.method == method.upper()
        assert await response.read() == b"ok"
    assert [request.method for request in server.requests] == [method.upper()]


async def test_head_has_no_body(session, raw_server):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(2):
        async with session.head(server.url()) as response:
            assert response.headers["Content-Length"] == "1000"
            assert await response.read() == b""
    # It is no body that was cut: the connection is good for more.
    assert len(server.connections) == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_statuses_without_a_body(session, raw_server, status):
    server = raw_server([f"HTTP/1.1 {status}\r\nX: 1\r\n\r\n".encode(), OK])
    async with session.get(server.url()) as response:
        assert response.status == int(status[:3])
        assert await response.read() == b""
    async with session.get(server.url()) as response:
        assert await response.read() == b"ok"
    assert len(server.connections) == 1


@pytest.mark.parametrize("method", ["GE T", "GET\r\nX: y", "Gét", "GET\0"])
async def test_a_method_that_is_no_token(session, raw_server, method):
    server = raw_server(OK)
    with pytest.raises(ValueError, match="Method cannot contain non-token characters"):
        await session.request(method, server.url())
    assert server.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "?a=b",
        "/a?",
        "/a//b",
        "/a/../b/./c",
        "/%2e%2e/a",
        "/a b",
        "/ä",
        "/%C3%A4",
        "/%c3%a4",
        "/%7Euser",
        "/100%",
        "/a%2Fb",
        "/a+b?c+d=e+f",
        "/?a=b c",
        "/?a=%20",
        "/?q=ü&r=1",
        "/?a=1;b=2",
        "/a;p=1?x",
        "/?a[]=1&b={c}",
        "/'\"<>\\^`{|}",
        "/a#fragment",
        "/a?b#c?d",
        "/!$&'()*+,;=:@-._~",
        "/\N{WINKING FACE}",
    ],
)
async def test_paths_are_quoted_as_yarl_does(session, raw_server, path):
    server = raw_server(OK)
    url = f"http://127.0.0.1:{server.port}{path}"
    async with session.get(url) as response:
        assert await response.read() == b"ok"
        assert response.url == URL(url).with_fragment(None)
        assert response.real_url == URL(url)
    assert [request.target for request in server.requests] == [URL(url).raw_path_qs]


async def test_an_encoded_url_goes_as_it_is(session, raw_server):
    server = raw_server(OK)
    url = URL(server.url("/%2f%7e?a=%20b"), encoded=True)
    async with session.get(url) as response:
        assert await response.read() == b"ok"
    assert server.requests[0].target == "/%2f%7e?a=%20b"


@pytest.mark.parametrize("there", ["/p", "/p?a=0", "/p?a=0#f"])
@pytest.mark.parametrize(
    "params",
    [
        {"a": "1"},
        {"a": 1, "b": 2.5},
        {"a": "x y&z=ä"},
        [("a", "1"), ("a", "2")],
        MultiDict([("a", "1"), ("b", "2"), ("a", "3")]),
        {"a": ["1", "2"]},
        "a=b&c",
        {},
        None,
        "",
    ],
)
async def test_params_join_the_query_that_is_there(session, raw_server, params, there):
    server = raw_server(OK)
    url = URL(server.url(there))
    async with session.get(str(url), params=params) as response:
        await response.read()
    expected = url.extend_query(params) if params else url
    assert [request.target for request in server.requests] == [expected.raw_path_qs]


@pytest.mark.parametrize("params", [{"a": None}, {"a": True}, {"a": object()}])
async def test_params_that_are_none(session, raw_server, params):
    server = raw_server(OK)
    with pytest.raises(TypeError):
        await session.get(server.url(), params=params)
    assert server.requests == []


async def test_host_header(loop, session, raw_server):
    server = raw_server(OK)
    for host in ("127.0.0.1", "LOCALHOST"):
        async with session.get(f"http://{host}:{server.port}/") as response:
            await response.read()
    hosts = [request.get("Host") for request in server.requests]
    assert hosts == [f"127.0.0.1:{server.port}", f"localhost:{server.port}"]


@pytest.mark.parametrize(
    ("host", "sent"), [("example.test", "example.test"), ("bücher.test", "xn--bcher-kva.test")]
)
async def test_host_header_without_the_usual_port(loop, client, raw_server, host, sent):
    server = raw_server(OK)

    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            # Whatever the port of the URL is: that of the server.
            address = {"hostname": host, "host": "127.0.0.1", "port": server.port}
            return [address | {"family": 2, "proto": 0, "flags": 0}]

        async def close(self):
            pass

    connector = client.TCPConnector(resolver=Resolver())
    async with client.ClientSession(connector=connector) as session:
        for url in (f"http://{host}/", f"http://{host}:80/", f"http://{host}:8080/"):
            async with session.get(url) as response:
                await response.read()
    assert [request.get("Host") for request in server.requests] == [sent, sent, f"{sent}:8080"]


@pytest.mark.parametrize("url", ["", "/path", "path", "//", "http://", "http:///path"])
async def test_urls_without_a_host(client, session, url):
    with pytest.raises((client.InvalidURL, client.NonHttpUrlClientError)):
        await session.get(url)


@pytest.mark.parametrize("url", ["http://[::1", "http://a:port/", "http://a:99999999/"])
async def test_urls_that_are_none(client, session, url):
    with pytest.raises(client.InvalidUrlClientError) as caught:
        await session.get(url)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value.url) == url


@pytest.mark.parametrize("url", ["ftp://example.test/", "mailto:a@b", "example.test:80/x"])
async def test_schemes_that_are_not_http(client, session, url):
    with pytest.raises(client.NonHttpUrlClientError) as caught:
        await session.get(url)
    assert url in str(caught.value)


async def test_a_url_of_the_wrong_type(client, session):
    with pytest.raises(TypeError):
        await session.get(42)

"""Requests through a proxy: forwarded, and tunnelled by CONNECT."""

import base64

import pytest

from support.http_proxy import proxying, url_of
from support.http_raw import OK, response
from support.tls import client_context, server_context

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

AUTHORIZATION = "Basic " + base64.b64encode(b"user:secret").decode()


@pytest.fixture
def proxy(raw_server):
    return raw_server(proxying())


async def fetch(session, server, by=None, **options):
    if by is not None:
        options["proxy"] = url_of(by)
    async with session.get(server.url("/path?a=b"), **options) as got:
        assert got.status == 200
        return await got.read()


async def test_http(session, raw_server, proxy):
    server = raw_server(OK)
    assert await fetch(session, server, proxy, headers={"X-A": "1"}) == b"ok"
    [asked] = proxy.requests
    assert (asked.method, asked.target) == ("GET", server.url("/path?a=b"))
    assert asked.get("Host") == f"127.0.0.1:{server.port}"
    assert asked.get("X-A") == "1"
    assert asked.get("Proxy-Authorization") is None
    assert [request.target for request in server.requests] == ["/path?a=b"]


async def test_http_with_a_body(session, raw_server, proxy):
    server = raw_server(OK)
    async with session.post(server.url(), data=b"body", proxy=url_of(proxy)) as got:
        assert await got.read() == b"ok"
    assert server.requests[0].body == b"body"


async def test_names_are_the_proxys_to_look_up(session, raw_server):
    server = raw_server(OK)
    proxy = raw_server(proxying(to=("127.0.0.1", server.port)))
    async with session.get("http://nobody.knows.test/x", proxy=url_of(proxy)) as got:
        assert await got.read() == b"ok"
        assert str(got.url) == "http://nobody.knows.test/x"
    assert proxy.requests[0].target == "http://nobody.knows.test/x"
    assert server.requests[0].get("Host") == "nobody.knows.test"


async def test_https(session, raw_server, proxy):
    server = raw_server(OK, context=server_context())
    assert await fetch(session, server, proxy, ssl=client_context(), headers={"X-A": "1"}) == b"ok"
    [asked] = proxy.requests
    assert (asked.method, asked.target) == ("CONNECT", f"localhost:{server.port}")
    assert asked.get("Host") == f"localhost:{server.port}"
    assert asked.get("X-A") is None
    [request] = server.requests
    assert (request.target, request.get("X-A")) == ("/path?a=b", "1")


async def test_https_without_a_context(session, raw_server, proxy):
    server = raw_server(OK, context=server_context())
    assert await fetch(session, server, proxy, ssl=False) == b"ok"


async def test_a_certificate_that_is_not_trusted(client, session, raw_server, proxy):
    server = raw_server(OK, context=server_context())
    with pytest.raises(client.ClientConnectorCertificateError) as caught:
        await fetch(session, server, proxy)
    assert f"localhost:{server.port}" in str(caught.value)


async def test_connections_are_kept(session, raw_server, proxy):
    plain, secure = raw_server(OK), raw_server(OK, context=server_context())
    for _ in range(3):
        assert await fetch(session, plain, proxy) == b"ok"
        assert await fetch(session, secure, proxy, ssl=False) == b"ok"
    assert len(proxy.connections) == 2
    assert len(secure.connections) == 1


async def test_direct_ones_are_others(session, raw_server, proxy):
    server = raw_server(OK)
    assert await fetch(session, server, proxy) == b"ok"
    assert await fetch(session, server) == b"ok"
    assert len(proxy.requests) == 1
    assert len(server.requests) == 2


async def test_of_the_session(loop, client, raw_server, proxy):
    server, other = raw_server(OK), raw_server(proxying())
    async with client.ClientSession(proxy=url_of(proxy)) as session:
        assert await fetch(session, server) == b"ok"
        assert await fetch(session, server, other) == b"ok"
    assert len(proxy.requests) == len(other.requests) == 1


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("how", ["url", "argument", "session", "headers"])
async def test_with_credentials(loop, client, raw_server, secure, how):
    proxy = raw_server(proxying(AUTHORIZATION))
    server = raw_server(OK, context=server_context() if secure else None)
    auth = client.BasicAuth("user", "secret")
    options, session_options = {"proxy": url_of(proxy)}, {}
    if how == "url":
        options = {"proxy": url_of(proxy, "user:secret@")}
    elif how == "argument":
        options["proxy_auth"] = auth
    elif how == "headers":
        options["proxy_headers"] = {"Proxy-Authorization": AUTHORIZATION}
    else:
        session_options = {"proxy": url_of(proxy), "proxy_auth": auth}
        options = {}
    if how == "headers" and not secure:
        # These are for CONNECT; a forwarded request has its own.
        options = {"proxy": url_of(proxy), "headers": {"Proxy-Authorization": AUTHORIZATION}}
    async with client.ClientSession(**session_options) as session:
        for _ in range(2):
            assert await fetch(session, server, ssl=False, **options) == b"ok"
    # They are for the proxy alone.
    assert [request.get("Proxy-Authorization") for request in server.requests] == [None] * 2


async def test_headers_for_the_proxy(session, raw_server, proxy):
    server = raw_server(OK, context=server_context())
    options = {"ssl": False, "proxy_headers": {"X-Proxy": "1"}}
    assert await fetch(session, server, proxy, **options) == b"ok"
    assert proxy.requests[0].get("X-Proxy") == "1"
    assert server.requests[0].get("X-Proxy") is None


async def test_http_is_refused(session, raw_server):
    server, proxy = raw_server(OK), raw_server(proxying(AUTHORIZATION))
    async with session.get(server.url(), proxy=url_of(proxy)) as got:
        assert got.status == 407
        assert got.headers["Proxy-Authenticate"] == "Basic"
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (None, 407, "Proxy Authentication Required"),
        (response(b"no", status="403 Forbidden"), 403, "Forbidden"),
        (response(b"no", status="502 Bad Gateway"), 502, "Bad Gateway"),
    ],
    ids=["407", "403", "502"],
)
async def test_connect_is_refused(client, session, raw_server, answer, status, message):
    server = raw_server(OK, context=server_context())
    proxy = raw_server(answer or proxying(AUTHORIZATION))
    with pytest.raises(client.ClientHttpProxyError) as caught:
        await fetch(session, server, proxy)
    assert isinstance(caught.value, client.ClientResponseError)
    assert (caught.value.status, caught.value.message) == (status, message)
    assert caught.value.headers["Content-Length"] == ("2" if answer else "0")
    assert server.connections == []
    # And it is closed: nobody may mistake it for a tunnel.
    await proxy.until(lambda: proxy.connections[0].closed_by_client)


async def test_a_proxy_that_is_not_there(client, session, raw_server):
    server, proxy = raw_server(OK), raw_server(proxying())
    url, port = url_of(proxy), proxy.port
    proxy.stop()
    with pytest.raises(client.ClientProxyConnectionError) as caught:
        await session.get(server.url(), proxy=url)
    assert isinstance(caught.value, client.ClientConnectorError)
    # Named is who was not reached: the proxy.
    assert str(caught.value).startswith(f"Cannot connect to host 127.0.0.1:{port} ssl:default [")


async def test_a_server_that_hangs_up_behind_a_proxy(client, session, raw_server, proxy):
    server = raw_server(lambda connection: None)
    url = f"https://127.0.0.1:{server.port}/"
    with pytest.raises(client.ClientConnectorError) as caught:
        await session.get(url, proxy=url_of(proxy), ssl=False)
    # The proxy has done its part.
    assert not isinstance(caught.value, client.ClientProxyConnectionError)
    assert f"host 127.0.0.1:{server.port} " in str(caught.value)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("how", ["context", "False"])
async def test_a_proxy_with_tls(session, raw_server, secure, how):
    server = raw_server(OK, context=server_context() if secure else None)
    proxy = raw_server(proxying(), context=server_context())
    trust = client_context() if how == "context" else False
    for _ in range(2):
        options = {"proxy": f"https://localhost:{proxy.port}", "ssl": trust}
        assert await fetch(session, server, **options) == b"ok"
    assert len(proxy.connections) == 1


async def test_a_proxy_with_tls_that_is_not_trusted(client, session, raw_server):
    proxy = raw_server(proxying(), context=server_context())
    with pytest.raises(client.ClientConnectorCertificateError) as caught:
        await session.get("http://localhost/", proxy=f"https://localhost:{proxy.port}")
    assert caught.value.port == proxy.port


@pytest.mark.parametrize("secure", [False, True])
async def test_a_proxy_that_hangs_up(client, session, raw_server, secure):
    server = raw_server(OK, context=server_context() if secure else None)
    proxy = raw_server(lambda connection: connection.request())
    with pytest.raises(client.ClientConnectionError):
        await fetch(session, server, proxy, ssl=False)


async def test_a_proxy_that_is_no_url(client, session, raw_server):
    server = raw_server(OK)
    with pytest.raises(client.InvalidURL):
        await session.get(server.url(), proxy="http://[::1")


@pytest.mark.parametrize("trust_env", [False, True])
async def test_an_empty_proxy_is_none(open_session, raw_server, proxy, monkeypatch, trust_env):
    monkeypatch.setenv("http_proxy", url_of(proxy))
    server = raw_server(OK)
    async with open_session(trust_env=trust_env).get(server.url(), proxy="") as got:
        assert await got.read() == b"ok"
    assert proxy.requests == []


async def test_redirects_go_through_it_too(session, raw_server, proxy):
    target = raw_server(OK)
    server = raw_server(response(b"", f"Location: {target.url('/t')}", status="302 Found"))
    assert await fetch(session, server, proxy) == b"ok"
    assert [asked.target for asked in proxy.requests] == [
        server.url("/path?a=b"),
        target.url("/t"),
    ]

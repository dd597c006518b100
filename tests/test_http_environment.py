"""trust_env: proxies and passwords from the environment, for those who want them."""

import base64

import pytest

from support.http_proxy import proxying, url_of
from support.http_raw import OK, response
from support.tls import server_context

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy")


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """None of the machine's own settings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


async def fetch(session, server, **options):
    async with session.get(server.url("/x"), **options) as got:
        assert got.status == 200
        return await got.read()


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
async def test_a_proxy(open_session, raw_server, monkeypatch, name):
    server, proxy = raw_server(OK), raw_server(proxying())
    monkeypatch.setenv(name, url_of(proxy))
    session = open_session(trust_env=True)
    assert await fetch(session, server) == b"ok"
    assert [asked.target for asked in proxy.requests] == [server.url("/x")]


async def test_a_proxy_for_https(open_session, raw_server, monkeypatch):
    server, proxy = raw_server(OK, context=server_context()), raw_server(proxying())
    monkeypatch.setenv("https_proxy", url_of(proxy))
    session = open_session(trust_env=True)
    assert await fetch(session, server, ssl=False) == b"ok"
    assert [asked.method for asked in proxy.requests] == ["CONNECT"]
    assert await fetch(session, raw_server(OK)) == b"ok"
    assert len(proxy.requests) == 1


async def test_nobody_asked_for_it(session, raw_server, monkeypatch):
    server, proxy = raw_server(OK), raw_server(proxying())
    monkeypatch.setenv("http_proxy", url_of(proxy))
    assert await fetch(session, server) == b"ok"
    assert proxy.requests == []


async def test_hosts_without_one(open_session, raw_server, monkeypatch):
    server, proxy = raw_server(OK), raw_server(proxying())
    monkeypatch.setenv("http_proxy", url_of(proxy))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    session = open_session(trust_env=True)
    assert await fetch(session, server) == b"ok"
    assert proxy.requests == []
    async with session.get(server.url(host="localhost")) as got:
        assert await got.read() == b"ok"
    assert len(proxy.requests) == 1


async def test_credentials_of_a_proxy(open_session, raw_server, monkeypatch):
    server, proxy = raw_server(OK), raw_server(proxying(basic("user:secret")))
    monkeypatch.setenv("http_proxy", url_of(proxy, "user:secret@"))
    session = open_session(trust_env=True)
    assert await fetch(session, server) == b"ok"


async def test_an_argument_wins(open_session, raw_server, monkeypatch):
    server, proxy, other = raw_server(OK), raw_server(proxying()), raw_server(proxying())
    monkeypatch.setenv("http_proxy", url_of(proxy))
    session = open_session(trust_env=True)
    assert await fetch(session, server, proxy=url_of(other)) == b"ok"
    assert proxy.requests == []
    assert len(other.requests) == 1


@pytest.fixture
def netrc(tmp_path, monkeypatch):
    path = tmp_path / "secrets"
    path.write_text("machine 127.0.0.1 login user password secret\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return path


async def test_netrc(open_session, raw_server, netrc):
    server = raw_server(OK)
    session = open_session(trust_env=True)
    assert await fetch(session, server) == b"ok"
    assert server.requests[0].get("Authorization") == basic("user:secret")
    async with session.get(server.url(host="localhost")) as got:
        await got.read()
    assert server.requests[1].get("Authorization") is None


async def test_netrc_of_the_home(open_session, raw_server, tmp_path):
    path = tmp_path / ".netrc"
    path.write_text("default login anybody password secret\n")
    path.chmod(0o600)
    server = raw_server(OK)
    assert await fetch(open_session(trust_env=True), server) == b"ok"
    assert server.requests[0].get("Authorization") == basic("anybody:secret")


async def test_netrc_that_nobody_asked_for(session, raw_server, netrc):
    server = raw_server(OK)
    assert await fetch(session, server) == b"ok"
    assert server.requests[0].get("Authorization") is None


async def test_credentials_of_the_request_win(client, open_session, raw_server, netrc):
    server = raw_server(OK)
    session = open_session(trust_env=True)
    assert await fetch(session, server, auth=client.BasicAuth("me")) == b"ok"
    async with session.get(f"http://url:secret@127.0.0.1:{server.port}/") as got:
        await got.read()
    found = [request.get("Authorization") for request in server.requests]
    assert found == [basic("me:"), basic("url:secret")]


@pytest.mark.parametrize("text", ["machine", "\0\xff", ""])
async def test_a_netrc_that_is_none(open_session, raw_server, netrc, text):
    netrc.write_text(text)
    server = raw_server(OK)
    assert await fetch(open_session(trust_env=True), server) == b"ok"
    assert server.requests[0].get("Authorization") is None


async def test_a_netrc_that_is_not_there(open_session, raw_server, monkeypatch):
    monkeypatch.setenv("NETRC", "/nonexistent/netrc")
    server = raw_server(OK)
    assert await fetch(open_session(trust_env=True), server) == b"ok"


async def test_netrc_on_the_way_to_another_host(open_session, raw_server, netrc):
    """Credentials are looked up for each host of a redirect, not carried on."""
    target = raw_server(OK)
    location = f"http://localhost:{target.port}/"
    server = raw_server(response(b"", f"Location: {location}", status="302 Found"))
    assert await fetch(open_session(trust_env=True), server) == b"ok"
    assert server.requests[0].get("Authorization") == basic("user:secret")
    assert target.requests[0].get("Authorization") is None

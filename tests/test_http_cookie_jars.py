"""What a program's own jar of cookies raises reaches the one who made the request."""

import pytest

from support.http_raw import OK, response

pytestmark = pytest.mark.parametrize("traced", [False, True], ids=["plain", "traced"])

SETS = response(b"ok", "Set-Cookie: a=1")
SETS_AND_IS_LONG = response(b"x" * 5_000_000, "Set-Cookie: a=1")


class JarFailedError(Exception):
    """What only the jar of these tests raises."""


@pytest.fixture
def session(client, open_session, loop, traced):
    """A session with one connection at a time, whose jar fails where it is told to."""

    class Jar(client.CookieJar):
        failing = ""

        def filter_cookies(self, request_url):
            if self.failing and self.failing in request_url.path:
                raise JarFailedError("asked", str(request_url))
            return super().filter_cookies(request_url)

        def update_cookies_from_headers(self, headers, response_url):
            if self.failing == "set":
                raise JarFailedError("told", list(headers))
            super().update_cookies_from_headers(headers, response_url)

    async def make():
        return client.TCPConnector(limit=1), Jar(unsafe=True)

    connector, jar = loop.run_until_complete(make())
    configs = [client.TraceConfig()] if traced else None
    return open_session(connector=connector, cookie_jar=jar, trace_configs=configs)


async def test_when_it_is_asked(session, raw_server):
    server = raw_server(OK)
    session.cookie_jar.failing = "/"
    for _ in range(3):
        with pytest.raises(JarFailedError) as caught:
            await session.get(server.url("/a"))
        assert caught.value.args == ("asked", server.url("/a"))
        assert caught.traceback[-1].name == "filter_cookies"
    assert server.requests == []
    session.cookie_jar.failing = ""
    async with session.get(server.url()) as got:
        assert await got.text() == "ok"


@pytest.mark.parametrize("answer", [SETS, SETS_AND_IS_LONG], ids=["short", "long"])
async def test_when_it_is_told(session, raw_server, answer):
    server = raw_server([answer] * 3 + [OK])
    session.cookie_jar.failing = "set"
    for _ in range(3):
        with pytest.raises(JarFailedError) as caught:
            await session.get(server.url())
        assert caught.value.args == ("told", ["a=1"])
    async with session.get(server.url()) as got:
        assert await got.text() == "ok"


async def test_after_a_redirect(session, raw_server):
    server = raw_server([response(b"", "Location: /there", status="302 Found"), OK])
    session.cookie_jar.failing = "there"
    with pytest.raises(JarFailedError, match="there"):
        await session.get(server.url("/here"))
    assert [request.target for request in server.requests] == ["/here"]
    session.cookie_jar.failing = ""
    async with session.get(server.url()) as got:
        assert await got.text() == "ok"


async def test_an_error_of_the_system_stays_what_it_is(session, raw_server, monkeypatch):
    def missing(*_):
        raise FileNotFoundError(2, "No such file", "jar")

    monkeypatch.setattr(type(session.cookie_jar), "filter_cookies", missing)
    with pytest.raises(FileNotFoundError, match="jar"):
        await session.get(raw_server(OK).url())

"""Cookie jars: what is kept of a response, and which requests send it."""

from http.cookies import Morsel, SimpleCookie

import pytest
from yarl import URL

from support.http_cookies import HOST, SECURE, received, sent


def test_a_jar_is_empty_at_first(jar):
    assert len(jar) == 0
    assert list(jar) == []
    assert sent(jar, HOST) == {}
    assert jar.unsafe is False
    assert jar.quote_cookie is True
    assert jar.treat_as_secure_origin == frozenset()
    assert dict(jar.cookies) == {}
    assert jar.host_only_cookies == frozenset()


def test_what_a_program_sets_goes_everywhere(jar):
    jar.update_cookies({"a": "1", "b": "2"})
    jar.update_cookies([("c", "3")])
    jar.update_cookies(SimpleCookie("d=4"))
    expected = {"a": "1", "b": "2", "c": "3", "d": "4"}
    assert sent(jar, HOST) == expected
    assert sent(jar, "http://127.0.0.1/path") == expected
    assert len(jar) == 4
    assert {morsel.key for morsel in jar} == set(expected)


def test_a_morsel_is_copied(jar):
    cookie = SimpleCookie("a=1")
    jar.update_cookies(cookie, HOST)
    cookie["a"].set("a", "2", "2")
    assert sent(jar, HOST) == {"a": "1"}


def test_a_cookie_of_a_host_goes_to_no_other(jar):
    received(jar, "a=1")
    assert sent(jar, HOST) == {"a": "1"}
    for url in ("http://sub.example.com/", "http://other.com/", "http://com/"):
        assert sent(jar, url) == {}
    assert jar.host_only_cookies == {("example.com", "", "a")}


@pytest.mark.parametrize("domain", ["example.com", ".example.com"])
def test_a_cookie_of_a_domain_goes_to_all_below_it(jar, domain):
    received(jar, f"a=1; Domain={domain}", url="http://www.example.com/")
    for url in ("http://example.com/", "http://www.example.com/", "http://a.b.example.com/"):
        assert sent(jar, url) == {"a": "1"}
    for url in ("http://badexample.com/", "http://com/"):
        assert sent(jar, url) == {}


@pytest.mark.parametrize("domain", ["other.com", "sub.example.com", "ample.com"])
def test_a_cookie_of_another_domain_is_refused(jar, domain):
    received(jar, f"a=1; Domain={domain}")
    assert len(jar) == 0


def test_a_domain_with_a_dot_at_its_end_is_ignored(jar):
    jar.update_cookies(SimpleCookie("a=1; Domain=example.com."), HOST)
    assert sent(jar, HOST) == {"a": "1"}
    assert sent(jar, "http://sub.example.com/") == {}


def test_the_most_specific_cookie_of_a_name_is_sent(jar):
    received(jar, "a=domain; Domain=example.com", url="http://www.example.com/")
    received(jar, "a=host", url="http://www.example.com/")
    received(jar, "a=path; Path=/deep", url="http://www.example.com/")
    assert sent(jar, "http://www.example.com/") == {"a": "host"}
    assert sent(jar, "http://www.example.com/deep/er") == {"a": "path"}
    assert sent(jar, "http://example.com/") == {"a": "domain"}
    assert len(jar) == 3


@pytest.mark.parametrize(
    ("path", "matching", "others"),
    [
        ("/", ["/", "/a", "/a/b"], []),
        ("/a", ["/a", "/a/", "/a/b"], ["/", "/ab", "/b/a"]),
        ("/a/", ["/a/", "/a/b"], ["/", "/a"]),
        ("/a/b", ["/a/b", "/a/b/c"], ["/a", "/a/bc"]),
        ("relative", ["/dir/x", "/dir"], ["/", "/other"]),
    ],
)
def test_paths(jar, path, matching, others):
    received(jar, f"a=1; Path={path}", url="http://example.com/dir/page")
    for each in matching:
        assert sent(jar, f"http://example.com{each}") == {"a": "1"}, each
    for each in others:
        assert sent(jar, f"http://example.com{each}") == {}, each


def test_without_a_path_it_is_that_of_the_response(jar):
    received(jar, "a=1", url="http://example.com/one/two/three")
    assert sent(jar, "http://example.com/one/two/") == {"a": "1"}
    assert sent(jar, "http://example.com/one/two/four") == {"a": "1"}
    assert sent(jar, "http://example.com/one/") == {}


def test_secure_cookies_need_tls(jar):
    received(jar, "a=1; Secure", "b=2")
    assert sent(jar, HOST) == {"b": "2"}
    assert sent(jar, SECURE) == {"a": "1", "b": "2"}
    assert sent(jar, "wss://example.com/") == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "origins",
    [
        "http://example.com",
        URL("http://example.com"),
        ["http://x.com", URL("http://example.com/a")],
    ],
)
def test_origins_may_be_trusted_without_tls(make_jar, origins):
    jar = make_jar(treat_as_secure_origin=origins)
    received(jar, "a=1; Secure")
    assert sent(jar, HOST) == {"a": "1"}
    assert sent(jar, "http://example.com:8080/") == {}
    assert URL("http://example.com") in jar.treat_as_secure_origin


def test_addresses_have_cookies_in_unsafe_jars_only(make_jar):
    for url in ("http://127.0.0.1/", "http://[::1]/"):
        for unsafe in (False, True):
            jar = make_jar(unsafe=unsafe)
            received(jar, "a=1", url=url)
            assert sent(jar, url) == ({"a": "1"} if unsafe else {})
            jar.update_cookies({"b": "2"}, URL(url))
            assert len(jar) == (2 if unsafe else 0)


def test_clear(jar):
    received(jar, "a=1; Max-Age=10", "b=2")
    jar.clear()
    assert len(jar) == 0
    assert sent(jar, HOST) == {}
    received(jar, "c=3")
    assert sent(jar, HOST) == {"c": "3"}


def test_clear_with_a_predicate(jar):
    received(jar, "a=1", "b=2")
    jar.clear(lambda morsel: morsel.key == "a")
    assert sent(jar, HOST) == {"b": "2"}
    assert jar.host_only_cookies == {("example.com", "", "b")}


def test_clear_domain(jar):
    for host in ("example.com", "www.example.com", "other.com"):
        received(jar, "a=1", url=f"http://{host}/")
    jar.clear_domain("example.com")
    assert [morsel["domain"] for morsel in jar] == ["other.com"]


def test_views_of_cookies_stay_views(jar, tmp_path):
    view = jar.cookies
    received(jar, "a=1")
    assert set(view) == {("example.com", "")}
    with pytest.raises(TypeError):
        view["x", ""] = SimpleCookie()
    jar.save(tmp_path / "jar")
    jar.load(tmp_path / "jar")
    received(jar, "b=2; Path=/b")
    assert set(view) == {("example.com", ""), ("example.com", "/b")}


def test_dummy(loop, client):
    jar = client.DummyCookieJar(loop=loop)
    jar.update_cookies({"a": "1"}, HOST)
    jar.update_cookies_from_headers(["b=2"], HOST)
    jar.clear()
    jar.clear_domain("example.com")
    assert (len(jar), list(jar), jar.unsafe, jar.quote_cookie) == (0, [], False, True)
    assert jar.filter_cookies(HOST) == {}
    assert dict(jar.cookies) == {}


def test_a_jar_of_ones_own(loop, client):
    class Jar(client.CookieJar):
        def filter_cookies(self, request_url=HOST):
            found = super().filter_cookies(request_url)
            found["own"] = "1"
            return found

    jar = Jar(loop=loop)
    jar.update_cookies({"a": "1"})
    assert sent(jar, HOST) == {"a": "1", "own": "1"}


@pytest.mark.rondel_only("aiohttp refuses it, too, but leaves its connection behind")
@pytest.mark.parametrize(
    "options",
    [{"cookies": {"a": "1\r\nX: y"}}, {"headers": {"Cookie": "a=1\r\nX: y"}}],
    ids=["cookies", "headers"],
)
async def test_what_would_end_the_field_is_refused(client, open_session, http_server, options):
    session = open_session(cookie_jar=client.CookieJar(unsafe=True, quote_cookie=False))
    with pytest.raises(ValueError, match="Potential header injection attack"):
        await session.get(http_server.url(), **options)
    assert not http_server.requests


async def test_a_session_keeps_and_sends_them(session, serve):
    from aiohttp import web

    async def set_them(request):
        response = web.Response()
        response.set_cookie("a", "1")
        response.set_cookie("deep", "2", path="/deep")
        return response

    async def tell(request):
        return web.json_response(dict(request.cookies))

    server = serve({"/set": set_them, "/tell": tell, "/deep/tell": tell})
    url = URL(server.url()).with_host("localhost")
    async with session.get(url / "set") as response:
        assert response.cookies["a"].value == "1"
        assert isinstance(response.cookies["deep"], Morsel)
    async with session.get(url / "tell") as response:
        assert await response.json() == {"a": "1"}
    async with session.get(url / "deep/tell", cookies={"b": "3"}) as response:
        assert await response.json() == {"a": "1", "deep": "2", "b": "3"}
    session.cookie_jar.clear()
    async with session.get(url / "tell") as response:
        assert await response.json() == {}

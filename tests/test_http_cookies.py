"""Cookie jars: what is kept of a response, which requests send it, and for how long."""

import json
import logging
import pickle
import random
import stat
import time
from http.cookies import Morsel, SimpleCookie

import pytest
from yarl import URL

HOST = URL("http://example.com/")
SECURE = URL("https://example.com/")
NOW = 1_700_000_000.0


@pytest.fixture
def make_jar(loop, client):
    """`make_jar(**options)` makes jars of the client under test."""

    def make_jar(**options):
        return client.CookieJar(loop=loop, **options)

    return make_jar


@pytest.fixture
def jar(make_jar):
    return make_jar()


@pytest.fixture
def clock(monkeypatch):
    """The time, which stands still until a test moves it: `clock.now += 1`."""

    class Clock:
        now = NOW

    monkeypatch.setattr(time, "time", lambda: Clock.now)
    return Clock


def sent(jar, url):
    """What a request to this URL sends."""
    return {name: morsel.value for name, morsel in jar.filter_cookies(URL(url)).items()}


def received(jar, *fields, url=HOST):
    """A response from this URL has these fields Set-Cookie."""
    jar.update_cookies_from_headers(fields, URL(url))


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


def test_max_age(jar, clock):
    received(jar, "a=1; Max-Age=10", "b=2; Max-Age=20", "c=3")
    assert sent(jar, HOST) == {"a": "1", "b": "2", "c": "3"}
    clock.now += 10
    assert sent(jar, HOST) == {"b": "2", "c": "3"}
    assert len(jar) == 2
    clock.now += 10**9
    assert [morsel.key for morsel in jar] == ["c"]


@pytest.mark.parametrize("max_age", ["0", "-1"])
def test_a_max_age_that_is_over_deletes(jar, max_age):
    received(jar, "a=1")
    received(jar, f"a=; Max-Age={max_age}")
    assert len(jar) == 0
    assert jar.host_only_cookies == frozenset()


def test_max_age_counts_rather_than_expires(jar, clock):
    received(jar, "a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:01 GMT")
    assert sent(jar, HOST) == {"a": "1"}


def test_a_max_age_of_any_size(jar, clock):
    received(jar, f"a=1; Max-Age={10**30}", "b=2; Max-Age=soon")
    clock.now += 10**9
    assert sent(jar, HOST) == {"a": "1", "b": "2"}


def test_a_cookie_that_is_set_anew_does_not_inherit_its_time(jar, clock):
    received(jar, "a=1; Max-Age=10")
    received(jar, "a=1")
    clock.now += 11
    assert sent(jar, HOST) == {"a": "1"}
    received(jar, "a=1; Max-Age=10")
    received(jar, "a=1; Max-Age=20")
    clock.now += 15
    assert sent(jar, HOST) == {"a": "1"}
    clock.now += 5
    assert sent(jar, HOST) == {}


@pytest.mark.parametrize(
    ("date", "expires"),
    [
        ("Wed, 15 Nov 2023 00:00:00 GMT", 1_700_006_400),
        ("Wednesday, 15-Nov-23 00:00:00 GMT", 1_700_006_400),
        ("Wed Nov 15 00:00:00 2023", 1_700_006_400),
        ("Wed, 15-Nov-2023 00:00:00 GMT", 1_700_006_400),
        ("15 Nov 2023 00:00:00", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ("Wed, 32 Nov 2023 00:00:00 GMT", None),
        ("Wed, 15 Foo 2023 00:00:00 GMT", None),
        ("Wed, 15 Nov 2023 25:00:00 GMT", None),
        ("Wed, 15 Nov 1600 00:00:00 GMT", None),
        ("soon", None),
    ],
)
def test_expires(jar, clock, date, expires):
    received(jar, f"a=1; Expires={date}")
    if expires is None:
        clock.now = 10.0**12
        assert sent(jar, HOST) == {"a": "1"}
        return
    clock.now = expires - 1.0
    assert sent(jar, HOST) == {"a": "1"}
    clock.now = expires
    assert sent(jar, HOST) == {}


def test_a_date_in_the_past_deletes(jar):
    received(jar, "a=1")
    received(jar, "a=; Expires=Thu, 01 Jan 1970 00:00:10 GMT")
    assert len(jar) == 0


def test_values_are_quoted(jar):
    jar.update_cookies({"a": 'x y;"z"', "b": "plain"})
    coded = {name: morsel.coded_value for name, morsel in jar.filter_cookies(HOST).items()}
    assert coded == {"a": r'"x y\073\"z\""', "b": "plain"}


def test_values_are_not_quoted_if_that_is_wanted(make_jar):
    jar = make_jar(quote_cookie=False)
    assert jar.quote_cookie is False
    jar.update_cookies({"a": "x y"})
    assert jar.filter_cookies(HOST)["a"].OutputString() == "a=x y"


@pytest.mark.parametrize("coded", ["plain", '"quoted"', r'"with \"quotes\""', '"semi;colon"'])
def test_values_go_back_as_they_came(jar, coded):
    received(jar, f"a={coded}")
    assert jar.filter_cookies(HOST)["a"].OutputString() == f"a={coded}"


def test_attributes_are_not_sent(jar):
    received(jar, "a=1; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=100")
    assert jar.filter_cookies(SECURE).output(header="", sep=";") == " a=1"


def test_malformed_fields_are_left_out(jar, caplog):
    with caplog.at_level(logging.ERROR):
        received(
            jar,
            "",
            ";",
            "=1",
            "nothing",
            "bad\x01=1",
            "a=\x7f",
            "in valid=1",
            "b=1; Path",
            "c",
            "d=2",
        )
    assert sent(jar, HOST) == {"b": "1", "d": "2"}


def test_fields_are_taken_as_servers_write_them(jar):
    received(jar, "a=1;path=/;;  HTTPONLY", "b=2 ; Secure=yes", "c=x=y=z", "[d]=4", "e=; Unknown=1")
    assert sent(jar, SECURE) == {"a": "1", "b": "2", "c": "x=y=z", "[d]": "4", "e": ""}
    assert jar.cookies["example.com", ""]["a"]["httponly"] is True


def test_too_large_and_too_many_fields_are_left_out(jar):
    received(jar, f"a={'x' * 4096}", f"b={'x' * 4095}")
    assert set(sent(jar, HOST)) == {"b"}
    received(jar, *(f"c{number}=1" for number in range(60)))
    assert len(jar) == 1 + 50


def test_names_that_are_attributes_elsewhere(jar):
    received(jar, "path=1; Path=/", "secure=2", "expires=3")
    assert sent(jar, HOST) == {"path": "1", "secure": "2", "expires": "3"}


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


def filled(jar):
    jar.update_cookies({"shared": "0"})
    received(jar, 'a="1 2"; Path=/p; HttpOnly; Max-Age=50', url="http://example.com/")
    received(jar, "b=2; Domain=example.com; Secure", url="http://www.example.com/")
    return jar


def test_save_and_load(make_jar, clock, tmp_path):
    path = tmp_path / "jar"
    jar = filled(make_jar())
    jar.save(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = make_jar()
    received(loaded, "gone=1")
    loaded.load(path)
    for url in ("http://example.com/p", "https://example.com/p", "https://sub.example.com/"):
        assert sent(loaded, url) == sent(jar, url)
    assert loaded.host_only_cookies == jar.host_only_cookies
    assert len(loaded) == 3
    clock.now += 51
    assert sent(loaded, "https://example.com/p") == {"shared": "0", "b": "2"}


def test_the_format_of_files(make_jar, clock, tmp_path):
    path = tmp_path / "jar"
    filled(make_jar()).save(path)
    assert json.loads(path.read_text()) == {
        "|": {"shared": {"key": "shared", "value": "0", "coded_value": "0", "path": "/"}},
        "example.com|/p": {
            "a": {
                "key": "a",
                "value": "1 2",
                "coded_value": '"1 2"',
                "path": "/p",
                "domain": "example.com",
                "httponly": True,
                "host_only": True,
                "expires_timestamp": NOW + 50,
            }
        },
        "example.com|": {
            "b": {
                "key": "b",
                "value": "2",
                "coded_value": "2",
                "path": "/",
                "domain": "example.com",
                "secure": True,
            }
        },
    }


def test_old_files_are_pickles(make_jar, tmp_path):
    path = tmp_path / "jar"
    path.write_bytes(pickle.dumps(dict(filled(make_jar()).cookies)))
    jar = make_jar()
    jar.load(path)
    assert sent(jar, "http://example.com/p") == {"shared": "0", "a": "1 2"}


@pytest.mark.parametrize(
    "content",
    [
        b'{"example.com": {}}',
        b'{"example.com|": {"a": {"key": "a"}}}',
        b'{"example.com|": {"a": {"key": "a", "value": "", "coded_value": "", '
        b'"expires_timestamp": "soon"}}}',
        pickle.dumps(print),
        b"garbage",
    ],
    ids=["key", "record", "time", "pickle", "garbage"],
)
def test_a_malformed_file_changes_nothing(jar, tmp_path, content):
    received(jar, "a=1")
    path = tmp_path / "jar"
    path.write_bytes(content)
    with pytest.raises((ValueError, KeyError, pickle.UnpicklingError)):
        jar.load(path)
    assert sent(jar, HOST) == {"a": "1"}


def test_a_pickle_of_anything_else_is_not_run(jar, tmp_path):
    path = tmp_path / "jar"
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(pickle.UnpicklingError, match="Forbidden class"):
        jar.load(path)


def test_a_domain_has_a_bound(jar):
    for start in range(0, 180, 45):
        received(jar, *(f"c{number}=1" for number in range(start, start + 45)))
    assert len(jar) == 180
    received(jar, "other=1", url="http://other.com/")
    assert len(jar) == 181
    received(jar, "new=1")
    left = {morsel.key for morsel in jar}
    # The longest unused ones have gone.
    assert len(left) == 151
    assert {"new", "other", "c179", "c31"} <= left
    assert not left & {f"c{number}" for number in range(31)}


def test_secure_cookies_are_pushed_out_by_secure_ones_only(jar):
    for start in range(0, 180, 45):
        received(jar, *(f"c{number}=1; Secure" for number in range(start, start + 45)))
    received(jar, "plain=1")
    assert len(jar) == 180
    received(jar, "new=1; Secure")
    assert len(jar) == 150


def test_all_domains_together_have_a_bound(jar):
    for host in range(33):
        for start in (0, 50):
            fields = [f"c{number}=1" for number in range(start, start + 50)]
            received(jar, *fields, url=f"http://h{host}.com/")
    assert len(jar) == 3300
    received(jar, "new=1")
    assert len(jar) == 3001
    assert sent(jar, "http://h0.com/") == {}
    assert sent(jar, HOST) == {"new": "1"}


def test_a_request_has_a_bound(jar):
    for number in range(4):
        path = "/".join("abcd"[: number + 1])
        received(jar, *(f"c{number}-{each}=1; Path=/{path}" for each in range(45)))
    found = sent(jar, "http://example.com/a/b/c/d")
    assert len(found) == 150
    # The most specific ones.
    assert sum(name.startswith("c0") for name in found) == 15


def test_a_header_has_a_bound(jar):
    received(jar, *(f"c{number}={'x' * 1000}" for number in range(20)))
    found = jar.filter_cookies(HOST)
    header = "; ".join(f"{morsel.key}={morsel.coded_value}" for morsel in found.values())
    assert len(found) == 8
    assert len("Cookie: " + header) <= 8190


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


@pytest.mark.rondel_only("both jars are compared")
@pytest.mark.parametrize("seed", range(30))
def test_as_aiohttp_keeps_them(loop, clock, seed):
    aiohttp = pytest.importorskip("aiohttp")
    from rondel import http

    rng = random.Random(seed)
    jars = [module.CookieJar(loop=loop, unsafe=seed % 2 == 0) for module in (aiohttp, http)]
    hosts = ["example.com", "www.example.com", "a.b.example.com", "other.org", "127.0.0.1"]
    paths = ["/", "/a", "/a/", "/a/b", "/ab/c"]
    values = ["1", '"q"', '"x;y"', "a b", "", '"', "é", "x=y", '"\\"\\054"', "a,b", "\t"]
    attributes = [
        "Path=/a",
        "path=/a/",
        "Path=b",
        'Path="/a/b"',
        "Domain=example.com",
        "domain=.example.com",
        "Domain=example.com.",
        "Domain=org",
        "Max-Age=5",
        "Max-Age=0",
        "max-age=x",
        "Secure",
        "secure=1",
        "HttpOnly",
        "Expires=Wed, 15 Nov 2023 00:00:00 GMT",
        "expires=Wed, 15-Nov-23 00:00:00 GMT Path=/a",
        "Expires=Wed Nov 15 00:00:00 2023",
        "expires=1 Jan",
        "SameSite=Lax",
        'bad[="',
        "",
        "Unknown=1",
        "Path=/a HttpOnly Secure",
    ]
    for _ in range(120):
        url = URL(f"{rng.choice(['http', 'https'])}://{rng.choice(hosts)}{rng.choice(paths)}")
        name = rng.choice(["a", "b", "path", "[c]", "c d", 'd"', "e,f", ""])
        chosen = rng.sample(attributes, rng.randrange(4))
        separator = rng.choice(["; ", ";", " ; ", " "])
        field = separator.join([f"{name}={rng.choice(values)}", *chosen])
        for jar in jars:
            jar.update_cookies_from_headers([field], url)
        clock.now += rng.randrange(3)
        asked = URL(f"{rng.choice(['http', 'https'])}://{rng.choice(hosts)}{rng.choice(paths)}")
        expected, found = (
            [
                (morsel.key, morsel.value, morsel.coded_value)
                for morsel in jar.filter_cookies(asked).values()
            ]
            for jar in jars
        )
        assert found == expected, (field, asked)
        assert len(jars[1]) == len(jars[0]), field
        assert jars[1].host_only_cookies == jars[0].host_only_cookies, field
    assert dict(jars[1].cookies) == dict(jars[0].cookies)


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

"""Cookies in header fields: as they are written, read, and bounded."""

import logging
import random

import pytest
from yarl import URL

from support.http_cookies import HOST, SECURE, received, sent


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

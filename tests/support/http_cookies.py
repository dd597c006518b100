"""What tests of cookie jars have in common."""

import time

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

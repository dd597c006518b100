"""How long cookies are kept."""

import pytest

from support.http_cookies import HOST, received, sent


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


@pytest.mark.rondel_only("aiohttp takes the second 0 for no date")
def test_a_date_at_the_beginning_of_time_deletes(jar):
    received(jar, "a=1")
    received(jar, "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    assert len(jar) == 0

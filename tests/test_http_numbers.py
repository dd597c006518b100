"""Numbers that are none, or out of range: the error says which argument it was."""

import math

import pytest

from support.http_raw import OK, response

HUGE = 10**30
SIZES = ["read_bufsize", "max_line_size", "max_field_size", "max_headers"]
BAD_SIZES = [
    (math.nan, ValueError),
    (math.inf, ValueError),
    (HUGE, ValueError),
    (-1, ValueError),
    ("x", TypeError),
]
words_of_rondel = pytest.mark.rondel_only("aiohttp's errors come late, or name no argument")


def bad(names, values):
    return [
        pytest.param(name, *value, id=f"{name}-{value[0]}") for name in names for value in values
    ]


@words_of_rondel
@pytest.mark.parametrize(
    ("name", "value", "error"),
    bad(SIZES, [*BAD_SIZES, (None, TypeError)])
    + bad(["read_timeout", "conn_timeout"], [(math.nan, ValueError), ("x", TypeError)]),
)
async def test_of_sessions(loop, client, name, value, error):
    with pytest.raises(error, match=name):
        client.ClientSession(**{name: value})


@words_of_rondel
@pytest.mark.parametrize(("name", "value", "error"), bad(SIZES, BAD_SIZES))
async def test_of_requests(session, raw_server, name, value, error):
    server = raw_server(OK)
    with pytest.raises(error, match=name):
        await session.get(server.url(), **{name: value})
    assert server.connections == []


@words_of_rondel
@pytest.mark.parametrize(
    ("name", "value", "error"),
    bad(
        ["keepalive_timeout", "ttl_dns_cache", "happy_eyeballs_delay"],
        [(-1, ValueError), (math.nan, ValueError), ("x", TypeError)],
    )
    + bad(
        ["limit", "limit_per_host", "interleave", "dns_cache_max_size"],
        [(-1, ValueError), (2.5, TypeError), ("x", TypeError)],
    )
    + bad(["timeout_ceil_threshold"], [("x", TypeError)])
    + bad(["family"], [(-1, ValueError), (HUGE, ValueError), ("x", TypeError), (None, TypeError)])
    + bad(
        ["local_addr"],
        [
            (("127.0.0.1", -1), ValueError),
            (("127.0.0.1", 70000), ValueError),
            (("127.0.0.1", "x"), TypeError),
            ("127.0.0.1", TypeError),
            (5, TypeError),
        ],
    ),
)
async def test_of_connectors(loop, client, name, value, error):
    with pytest.raises(error, match=name):
        client.TCPConnector(**{name: value})


@words_of_rondel
@pytest.mark.parametrize(
    ("name", "value", "error"),
    bad(
        ["total", "connect", "sock_read", "sock_connect", "ceil_threshold"],
        [(math.nan, ValueError), ("x", TypeError)],
    )
    + bad(["ceil_threshold"], [(None, TypeError)]),
)
def test_of_timeouts(client, name, value, error):
    with pytest.raises(error, match=name):
        client.ClientTimeout(**{name: value})


@words_of_rondel
@pytest.mark.parametrize(
    ("name", "value", "error"),
    bad(["max_msg_size"], [*BAD_SIZES, (None, TypeError)])
    + bad(["heartbeat"], [(math.nan, ValueError), (math.inf, ValueError), ("x", TypeError)])
    + bad(["ws_receive", "ws_close"], [(math.nan, ValueError), ("x", TypeError)]),
)
async def test_of_websockets(client, session, raw_server, name, value, error):
    server = raw_server(OK)
    options = {name: value}
    if name.startswith("ws_"):
        options = {"timeout": client.ClientWSTimeout(**options)}
    with pytest.raises(error, match=name):
        await session.ws_connect(server.url(), **options)
    assert server.connections == []


@pytest.mark.rondel_only("aiohttp has no Retry")
@pytest.mark.parametrize(("kind", "name"), [("Retry", "attempts"), ("RetryBudget", "reserve")])
def test_of_retries(client, kind, name):
    with pytest.raises(ValueError, match=name):
        getattr(client, kind)(**{name: HUGE})


@pytest.mark.parametrize("size", [0, 1, 2.5], ids=str)
async def test_small_buffers(open_session, raw_server, size):
    server = raw_server(response(b"x" * 300_000))
    session = open_session(read_bufsize=size)
    for options in ({}, {"read_bufsize": size}):
        async with session.get(server.url(), **options) as got:
            assert len(await got.read()) == 300_000


@pytest.mark.parametrize("threshold", [-1, 0, 2.5, HUGE], ids=str)
async def test_thresholds(client, session, raw_server, threshold):
    timeout = client.ClientTimeout(total=100, connect=50, ceil_threshold=threshold)
    async with session.get(raw_server(OK).url(), timeout=timeout) as got:
        assert await got.read() == b"ok"


@pytest.mark.parametrize("name", ["limit", "limit_per_host", "dns_cache_max_size", "interleave"])
async def test_huge_numbers_are_no_limit(client, open_session, raw_server, name):
    session = open_session(connector=client.TCPConnector(**{name: HUGE}))
    async with session.get(raw_server(OK).url(), max_redirects=HUGE) as got:
        assert await got.read() == b"ok"

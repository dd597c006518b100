"""getaddrinfo and getnameinfo give what those of the module socket give."""

import socket

import pytest

CALLS = [
    (("127.0.0.1", 80), {}),
    (("127.0.0.1", "80"), {}),
    (("127.0.0.1", b"80"), {}),
    (("127.0.0.1", None), {}),
    (("127.0.0.1", 0), {}),
    (("127.0.0.1", "http"), {"type": socket.SOCK_STREAM}),
    ((b"127.0.0.1", 80), {}),
    (("::1", 80), {}),
    (("::1", 80), {"family": socket.AF_INET6, "type": socket.SOCK_STREAM}),
    (("fe80::1%lo", 80), {}),
    (("localhost", 80), {}),
    (("localhost", 80), {"family": socket.AF_INET}),
    (("localhost", 80), {"type": socket.SOCK_STREAM}),
    (("localhost", 80), {"type": socket.SOCK_DGRAM, "proto": socket.IPPROTO_UDP}),
    (("localhost", "https"), {"proto": socket.IPPROTO_TCP}),
    (("127.0.0.1", 80), {"proto": socket.IPPROTO_TCP}),
    (("127.0.0.1", 80), {"type": socket.SOCK_RAW}),
    (("127.0.0.1", 80), {"flags": socket.AI_NUMERICHOST}),
    (("127.0.0.1", 80), {"flags": socket.AI_CANONNAME}),
    ((None, 80), {}),
    ((None, 80), {"flags": socket.AI_PASSIVE, "type": socket.SOCK_STREAM}),
    (("", 80), {"type": socket.SOCK_STREAM}),
    (("0", 80), {}),
    (("127.1", 80), {}),
    (("localhost", 70000), {}),
    (("127.0.0.1", 80), {"family": socket.AF_INET6}),
    (("127.0.0.1", "no such service"), {}),
    (("no.such.host.invalid", 80), {"flags": socket.AI_NUMERICHOST}),
    ((None, None), {}),
    (("localhost", 1.5), {}),
    ((7, 80), {}),
    (("a" * 70 + ".invalid", 80), {}),
    (("nul\0byte", 80), {}),
]


def outcome(call, *args, **kwargs):
    """What a function returned, or the type and text of what it raised."""
    try:
        return call(*args, **kwargs)
    except Exception as error:
        return type(error), getattr(error, "errno", None), str(error)


async def async_outcome(call, *args, **kwargs):
    try:
        return await call(*args, **kwargs)
    except Exception as error:
        return type(error), getattr(error, "errno", None), str(error)


@pytest.mark.parametrize(("args", "kwargs"), CALLS, ids=str)
async def test_getaddrinfo(loop, args, kwargs):
    expected = outcome(socket.getaddrinfo, *args, **kwargs)
    assert await async_outcome(loop.getaddrinfo, *args, **kwargs) == expected


async def test_unresolvable(loop):
    with pytest.raises(socket.gaierror):
        await loop.getaddrinfo("no.such.host.invalid", 80, flags=socket.AI_NUMERICHOST)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("flags", [0, socket.NI_NUMERICHOST, socket.NI_NUMERICSERV, 3])
async def test_getnameinfo(loop, host, flags):
    expected = outcome(socket.getnameinfo, (host, 80), flags)
    assert await async_outcome(loop.getnameinfo, (host, 80), flags) == expected


@pytest.mark.parametrize("wrong", [("localhost", 80), ("127.0.0.1",), "127.0.0.1", None], ids=str)
async def test_getnameinfo_of_what_is_no_address(loop, wrong):
    expected = outcome(socket.getnameinfo, wrong, 0)
    assert await async_outcome(loop.getnameinfo, wrong, 0) == expected


async def test_in_debug_mode(loop):
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    expected = socket.getaddrinfo("127.0.0.1", 80)
    assert await loop.getaddrinfo("127.0.0.1", 80) == expected

"""getaddrinfo gives what socket.getaddrinfo gives, for 2430 combinations (303 differ in uvloop)."""

import itertools
import socket

import pytest

# No name: of what a resolver answers, and how long it takes, test_dns has enough.
HOSTS = [None, "", "127.1", "127.0.0.1", "::1", b"0.0.0.0"]
PORTS = [None, 0, 80, "80", b"http"]
FAMILIES = [0, socket.AF_INET, socket.AF_INET6]
TYPES = [0, socket.SOCK_STREAM, socket.SOCK_DGRAM]
PROTOCOLS = [0, socket.IPPROTO_TCP, socket.IPPROTO_UDP]
FLAGS = [0, socket.AI_PASSIVE, socket.AI_NUMERICHOST | socket.AI_CANONNAME]

LATER = list(itertools.product(FAMILIES, TYPES, PROTOCOLS, FLAGS))


async def in_loop(loop, *args, **kwargs):
    try:
        return await loop.getaddrinfo(*args, **kwargs)
    except Exception as error:
        return type(error), error.args


def in_socket(*args, **kwargs):
    try:
        return socket.getaddrinfo(*args, **kwargs)
    except Exception as error:
        return type(error), error.args


def test_there_are_2430_combinations():
    assert len(HOSTS) * len(PORTS) * len(LATER) == 2430


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("host", HOSTS, ids=repr)
async def test_getaddrinfo_gives_what_socket_getaddrinfo_gives(loop, host, debug):
    loop.set_debug(debug)
    loop.slow_callback_duration = 60
    different = []
    for port in PORTS:
        for family, kind, protocol, flags in LATER:
            kwargs = {"family": family, "type": kind, "proto": protocol, "flags": flags}
            expected = in_socket(host, port, **kwargs)
            if await in_loop(loop, host, port, **kwargs) != expected:
                different.append((port, kwargs))
    assert different == []

"""getaddrinfo of the loop against that of the module socket, for arguments of every sort."""

import asyncio
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HOSTS = [None, "", "127.0.0.1", b"127.0.0.1", "::1", "localhost", b"localhost", "0.0.0.0", "::"]
PORTS = [None, 0, 80, "80", b"80", "http"]
FAMILIES = [socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6]
TYPES = [0, socket.SOCK_STREAM, socket.SOCK_DGRAM]


def outcome(host, port, family, kind, proto, flags):
    """What socket.getaddrinfo gives, or the type and arguments of what it raises."""
    try:
        return socket.getaddrinfo(host, port, family, kind, proto, flags)
    except Exception as error:
        return type(error), error.args


async def outcome_of(loop, host, port, family, kind, proto, flags):
    """The same, of the loop."""
    try:
        return await loop.getaddrinfo(
            host, port, family=family, type=kind, proto=proto, flags=flags
        )
    except Exception as error:
        return type(error), error.args


NUMBERS = st.one_of(st.integers(-3, 300), st.sampled_from([2**16, 2**31, 2**63, 1.5, "x"]))
TEXT = st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: text + "%")
HOST = st.one_of(
    st.sampled_from([*HOSTS, 7, "127.1", "0x7f.1", "fe80::1%lo", "::ffff:1.2.3.4", "a" * 64, "\0"]),
    st.ip_addresses().map(str),
    TEXT,
    TEXT.map(str.encode),
)
PORT = st.one_of(st.sampled_from(PORTS), NUMBERS, st.text(max_size=5), st.binary(max_size=5))


@given(
    host=HOST,
    port=PORT,
    family=st.one_of(st.sampled_from(FAMILIES), NUMBERS),
    kind=st.one_of(st.sampled_from(TYPES), NUMBERS),
    proto=NUMBERS,
    flags=st.integers(0, 2**11),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_arguments(loop, host, port, family, kind, proto, flags):
    """AI_NUMERICHOST is always there: a name that hypothesis makes up is not looked for."""
    arguments = host, port, family, kind, proto, flags | socket.AI_NUMERICHOST
    got = loop.run_until_complete(outcome_of(loop, *arguments))
    assert got == outcome(*arguments)


@pytest.mark.parametrize("count", [1, 40])
async def test_many_at_once(loop, count):
    calls = [loop.getaddrinfo("127.0.0.1", port) for port in range(count)]
    for port, result in enumerate(await asyncio.gather(*calls)):
        assert result == socket.getaddrinfo("127.0.0.1", port)

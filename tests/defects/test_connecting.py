"""happy_eyeballs_delay, interleave and all_errors do what they do in asyncio (uvloop#406)."""

import asyncio
import socket
import sys

import pytest

from support.net import HOST, full_listener, listening, watch_connects
from support.protocols import Recorder

needs_all_errors = pytest.mark.skipif(sys.version_info < (3, 12), reason="since Python 3.12")


@pytest.fixture
def resolves(loop, monkeypatch):
    """Have the loop's look-up give these addresses, in this order."""

    def resolves(*addresses):
        async def getaddrinfo(host, port, **kwargs):
            return [
                (
                    socket.AF_INET6 if ":" in address else socket.AF_INET,
                    socket.SOCK_STREAM,
                    socket.IPPROTO_TCP,
                    "",
                    (address, to, 0, 0) if ":" in address else (address, to),
                )
                for address, to in addresses
            ]

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)

    return resolves


@pytest.fixture
def attempts(loop, monkeypatch):
    """The addresses that the loop tries to connect to, in their order."""
    attempts = []
    watch_connects(loop, monkeypatch, lambda address: attempts.append(address[0]))
    return attempts


@pytest.fixture
def full():
    """The port of a listener whose queue is full: connecting to it stays under way."""
    with full_listener() as address:
        yield address[1]


@pytest.fixture
def free_port():
    with listening() as listener:
        return listener.getsockname()[1]


async def test_happy_eyeballs_goes_on_while_the_first_address_hangs(loop, resolves, attempts, full):
    with listening(host="127.0.0.2") as listener:
        resolves((HOST, full), listener.getsockname())
        transport, protocol = await loop.create_connection(
            Recorder, "name.invalid", 1, happy_eyeballs_delay=0.01
        )
        assert transport.get_extra_info("peername") == listener.getsockname()
        assert attempts == [HOST, "127.0.0.2"]
        transport.abort()
        await protocol.lost


async def test_happy_eyeballs_goes_on_at_once_when_the_first_address_refuses(
    loop, resolves, attempts, free_port
):
    with listening(host="127.0.0.2") as listener:
        resolves((HOST, free_port), listener.getsockname())
        transport, protocol = await loop.create_connection(
            Recorder, "name.invalid", 1, happy_eyeballs_delay=3600
        )
        assert transport.get_extra_info("peername") == listener.getsockname()
        transport.abort()
        await protocol.lost


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ({}, ["::1", "::2", HOST, "127.0.0.2"]),
        ({"interleave": 1}, ["::1", HOST, "::2", "127.0.0.2"]),
        ({"interleave": 2}, ["::1", "::2", HOST, "127.0.0.2"]),
        ({"happy_eyeballs_delay": 3600}, ["::1", HOST, "::2", "127.0.0.2"]),
    ],
    ids=str,
)
async def test_interleave_orders_the_families(loop, resolves, attempts, arguments, order):
    async def refuse(sock, address):
        attempts.append(address[0])
        raise ConnectionRefusedError

    loop.sock_connect = refuse
    resolves(*((address, 1) for address in ("::1", "::2", HOST, "127.0.0.2")))
    with pytest.raises(OSError, match=r"Connect|^$|Multiple"):
        await loop.create_connection(Recorder, "name.invalid", 1, **arguments)
    assert attempts == order


@needs_all_errors
@pytest.mark.parametrize("delay", [None, 0.001])
async def test_all_errors_gives_a_group_with_each_error(loop, resolves, free_port, delay):
    resolves((HOST, free_port), ("127.0.0.2", free_port))
    with pytest.raises(ExceptionGroup) as caught:
        await loop.create_connection(
            Recorder, "name.invalid", 1, all_errors=True, happy_eyeballs_delay=delay
        )
    assert [type(error) for error in caught.value.exceptions] == [ConnectionRefusedError] * 2


async def test_without_all_errors_one_oserror_tells_of_each_address(loop, resolves, free_port):
    resolves((HOST, free_port), ("127.0.0.2", free_port))
    with pytest.raises(OSError, match="Multiple exceptions") as caught:
        await loop.create_connection(Recorder, "name.invalid", 1)
    assert HOST in str(caught.value)
    assert "127.0.0.2" in str(caught.value)


async def test_cancelled_happy_eyeballs_leave_nothing_behind(loop, resolves, full, log):
    resolves((HOST, full), (HOST, full), (HOST, full))
    before = asyncio.all_tasks()
    task = asyncio.create_task(
        loop.create_connection(Recorder, "name.invalid", 1, happy_eyeballs_delay=0.001)
    )
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(task, 0.01)
    assert asyncio.all_tasks() == before

"""Flow control of datagrams: what the system does not take waits, and the protocol is told."""

import socket
import sys

import pytest

from support.datagrams import Recorder, endpoint
from support.net import SECONDS
from support.turns import turns

SIZE = 1000
#: What a datagram that waits counts beside its bytes.
HEADER = 8 if sys.version_info >= (3, 13) else 0


@pytest.fixture
def pair():
    """A Unix datagram socket that nobody reads yet, and one that is to send to it.

    Unlike UDP, it refuses what its receiver has no room for.
    """
    receiver, sender = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(b"")
    receiver.settimeout(SECONDS)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
    with receiver:
        yield receiver, sender


def numbered(number: int) -> bytes:
    return b"%06d" % number + bytes(SIZE - 6)


def fill(transport, address=None) -> int:
    """Send until something waits. Gives how many datagrams that took."""
    count = 0
    while not transport.get_write_buffer_size():
        transport.sendto(numbered(count), address)
        count += 1
        assert count < 1000
    return count


@pytest.mark.parametrize("connected", [True, False])
async def test_what_is_refused_waits_and_follows_in_order(loop, pair, connected):
    receiver, sender = pair
    address = None
    if connected:
        sender.connect(receiver.getsockname())
    else:
        address = receiver.getsockname()
    async with endpoint(sock=sender) as (transport, protocol):
        count = fill(transport, address)
        assert transport.get_write_buffer_size() == SIZE + HEADER
        assert "write=<polling" in repr(transport)
        for number in range(count, count + 20):
            transport.sendto(numbered(number), address)
        assert transport.get_write_buffer_size() == 21 * (SIZE + HEADER)
        for number in range(count + 20):
            if number % 5 == 0:
                await turns(2)
            assert receiver.recv(2 * SIZE) == numbered(number)
        await turns(3)
        assert transport.get_write_buffer_size() == 0 or loop_leaks_headers(transport)
        assert "write=<idle" in repr(transport)
        transport.sendto(b"direct", address)
        assert receiver.recv(10) == b"direct"
        assert protocol.events == [("made",)]


def loop_leaks_headers(transport) -> bool:
    """asyncio of 3.13.0 never takes the headers off again."""
    return not type(transport).__module__.startswith("rondel") and HEADER > 0


async def test_pause_and_resume(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, protocol):
        transport.set_write_buffer_limits(high=3 * (SIZE + HEADER), low=SIZE + HEADER)
        assert transport.get_write_buffer_limits() == (SIZE + HEADER, 3 * (SIZE + HEADER))
        count = fill(transport)
        for number in range(2):
            transport.sendto(numbered(count + number))
        assert protocol.all("pause") == []
        transport.sendto(numbered(count + 2))
        assert protocol.all("pause") == [()]
        transport.sendto(numbered(count + 3))
        assert protocol.all("pause") == [()]
        for number in range(count + 4):
            await turns(2)
            assert receiver.recv(2 * SIZE) == numbered(number)
        if not loop_leaks_headers(transport):
            assert await protocol.had("resume") == [()]
            assert [event[0] for event in protocol.events] == ["made", "pause", "resume"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, (16384, 65536)),
        ({"high": 1000}, (250, 1000)),
        ({"low": 10}, (10, 40)),
        ({"high": 0}, (0, 0)),
        ({"high": 5, "low": 5}, (5, 5)),
    ],
    ids=str,
)
async def test_limits(loop, limits, expected):
    async with endpoint() as (transport, _):
        transport.set_write_buffer_limits(**limits)
        assert transport.get_write_buffer_limits() == expected


@pytest.mark.parametrize("limits", [{"high": 1, "low": 2}, {"high": -1}, {"low": -1}], ids=str)
async def test_wrong_limits(loop, limits):
    async with endpoint() as (transport, _):
        with pytest.raises(ValueError, match=r"high .* must be >= low .* must be >= 0"):
            transport.set_write_buffer_limits(**limits)
        assert transport.get_write_buffer_limits() == (16384, 65536)


async def test_a_limit_below_what_waits_pauses_at_once(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, protocol):
        fill(transport)
        assert protocol.all("pause") == []
        transport.set_write_buffer_limits(high=10)
        assert protocol.all("pause") == [()]


async def test_close_sends_what_waits(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, protocol):
        count = fill(transport)
        transport.sendto(b"last")
        transport.close()
        await turns(5)
        assert protocol.all("lost") == []
        for number in range(count):
            assert receiver.recv(2 * SIZE) == numbered(number)
            await turns(2)
        assert await protocol.lost is None
        assert receiver.recv(2 * SIZE) == b"last"


async def test_abort_drops_what_waits(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, protocol):
        count = fill(transport)
        transport.abort()
        assert await protocol.lost is None
        receiver.setblocking(False)
        for number in range(count - 1):
            assert receiver.recv(2 * SIZE) == numbered(number)
        with pytest.raises(BlockingIOError):
            receiver.recv(1)


async def test_a_buffer_may_be_used_again_after_sendto(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, _):
        count = fill(transport)
        buffer = bytearray(b"before")
        transport.sendto(buffer)
        transport.sendto(memoryview(buffer))
        buffer[:] = b"after!"
        buffer.clear()
        for _ in range(count):
            receiver.recv(2 * SIZE)
            await turns(2)
        assert [receiver.recv(10), receiver.recv(10)] == [b"before", b"before"]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="since 3.13 they are sent")
async def test_empty_datagrams_are_not_sent(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, _):
        transport.sendto(b"")
        transport.sendto(b"x")
        assert receiver.recv(10) == b"x"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="before 3.13 they are not sent")
async def test_empty_datagrams_wait_as_well(loop, pair):
    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, protocol):
        transport.sendto(b"")
        assert receiver.recv(10) == b""
        count = fill(transport)
        transport.sendto(b"")
        assert transport.get_write_buffer_size() == SIZE + 2 * HEADER
        transport.close()
        for number in range(count):
            assert receiver.recv(2 * SIZE) == numbered(number)
            await turns(2)
        assert await protocol.lost is None
        assert receiver.recv(10) == b""


async def test_what_pause_writing_raises_leaves_the_endpoint_open(loop, pair, problems):
    class Raises(Recorder):
        def pause_writing(self):
            super().pause_writing()
            raise ZeroDivisionError

    receiver, sender = pair
    sender.connect(receiver.getsockname())
    async with endpoint(Raises, sock=sender) as (transport, protocol):
        transport.set_write_buffer_limits(high=10)
        fill(transport)
        context = problems.take_one()
        assert context["message"] == "protocol.pause_writing() failed"
        assert type(context["exception"]) is ZeroDivisionError
        assert context["transport"] is transport
        assert context["protocol"] is protocol
        assert not transport.is_closing()

"""Large messages: whole, in order, in objects of their own size."""

import asyncio
import os
import sys

import pytest

from support.net import connected

EMPTY = sys.getsizeof(b"")


def pieces(protocol) -> list[bytes]:
    return [event[1] for event in protocol.events if event[0] == "data"]


async def send(peer, protocol, message: bytes) -> list[bytes]:
    """Send one message, wait for it, and give the pieces that it came in."""
    before, known = len(protocol.data), len(pieces(protocol))
    sending = asyncio.create_task(asyncio.to_thread(peer.sendall, message))
    assert (await protocol.received(before + len(message)))[before:] == message
    await sending
    return pieces(protocol)[known:]


@pytest.mark.parametrize(
    "sizes",
    [
        [100_000] * 20,
        [64 * 1024] * 5,
        [1_000_000, 1, 1_000_000, 20_000, 5, 300_000, 16 * 1024, 70_000],
        [1, 70_000] * 10,
    ],
    ids=["alike", "of the buffer's size", "mixed", "in turn"],
)
async def test_messages_of_any_size_come_whole(loop, sizes):
    async with connected() as (_, protocol, peer):
        for size in sizes:
            got = await send(peer, protocol, os.urandom(size))
            assert all(type(piece) is bytes for piece in got)
            assert [sys.getsizeof(piece) for piece in got] == [EMPTY + len(piece) for piece in got]


class Keeper(asyncio.Protocol):
    """Keeps what comes, and says when a number of bytes has come."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.size = 0
        self.wanted: tuple[int, asyncio.Future] | None = None

    async def until(self, size: int) -> None:
        if self.size < size:
            self.wanted = size, asyncio.get_running_loop().create_future()
            await self.wanted[1]

    def data_received(self, data) -> None:
        self.kept.append(data)
        self.size += len(data)
        if self.wanted and self.size >= self.wanted[0] and not self.wanted[1].done():
            self.wanted[1].set_result(None)


async def test_kept_messages_hold_no_more_than_their_size(loop):
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    first, count, size = 500_000, 1000, 20_000
    async with connected(Keeper) as (_, protocol, peer):
        sending = asyncio.create_task(asyncio.to_thread(peer.sendall, bytes(first)))
        await protocol.until(first)
        await sending
        before = resident()
        for number in range(1, count + 1):
            peer.sendall(bytes(size))
            await protocol.until(first + number * size)
        grown = resident() - before
    assert sum(map(len, protocol.kept)) == first + count * size
    assert grown < 2 * count * size


async def test_an_end_and_a_reset_after_bulk(loop):
    for kind in (None, ConnectionResetError):
        async with connected() as (transport, protocol, peer):
            await send(peer, protocol, bytes(400_000))
            if kind:
                # Unread data makes a reset of a close.
                transport.write(b"never read")
            peer.close()
            lost = await protocol.lost
            assert (type(lost) if lost else None) in (kind, None)
            assert len(protocol.data) == 400_000


async def test_reading_paused_amid_bulk(loop):
    data = os.urandom(1_000_000)
    async with connected() as (transport, protocol, peer):
        add = protocol._add

        def pausing(piece):
            add(piece)
            transport.pause_reading()
            loop.call_later(0, transport.resume_reading)

        protocol.data_received = pausing
        sending = asyncio.create_task(asyncio.to_thread(peer.sendall, data))
        assert await protocol.received(len(data)) == data
        await sending


@pytest.mark.parametrize("size", [1, 2, 100, 1024, 10_000])
async def test_messages_of_one_size_are_objects_of_their_own(loop, size):
    """Those that are kept stay as they are; those that are not leave nothing behind."""
    kept, seen = [], []

    def received(data):
        number = len(seen)
        # A copy, so that the object itself is let go.
        seen.append((bytes(bytearray(data)), hash(data)))
        if number % 3 == 0:
            kept.append((number, data, memoryview(data)))
        add(data)

    messages = [os.urandom(size) for _ in range(30)]
    async with connected() as (_, protocol, peer):
        add, protocol.data_received = protocol._add, received
        for number, message in enumerate(messages, 1):
            peer.sendall(message)
            await protocol.received(number * size)
    assert [copy for copy, _ in seen] == messages
    assert [value for _, value in seen] == [hash(message) for message in messages]
    assert [number for number, _, _ in kept] == list(range(0, 30, 3))
    for number, data, view in kept:
        assert data == view == messages[number]
        assert sys.getsizeof(data) == EMPTY + size


async def test_a_kept_message_holds_no_memory_of_a_larger_one(loop):
    sizes = [10_000, 9_900, 9_000, 100, 99, 10_000, 2]
    async with connected() as (_, protocol, peer):
        for size in sizes:
            (piece,) = await send(peer, protocol, os.urandom(size))
            assert sys.getsizeof(piece) == EMPTY + size

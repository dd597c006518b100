"""Objects whose death, comparison or arithmetic runs Python in the middle of the loop's work."""

import asyncio
import fractions
import gc
import os
import socket

import pytest

from support import loops
from support.net import connected, tcp_pair
from support.protocols import Recorder
from support.turns import one_turn, turns


class Dying:
    """Calls a function when it dies."""

    def __init__(self, function):
        self.function = function

    def method(self, *args):
        pass

    def __del__(self):
        self.function()


def nothing(*args):
    pass


@pytest.fixture
def seen():
    return []


def test_an_argument_that_schedules_as_it_dies(loop, seen):
    for _ in range(10):
        loop.call_soon(nothing, Dying(lambda: loop.call_soon(seen.append, "soon")))
        loop.call_later(-1, nothing, Dying(lambda: loop.call_later(-1, seen.append, "later")))
        loop.call_soon_threadsafe(
            nothing, Dying(lambda: loop.call_soon_threadsafe(seen.append, "threadsafe"))
        )
    one_turn(loop)
    assert seen == []
    one_turn(loop)
    assert len(seen) == 30


def test_a_cancelled_argument_that_cancels_others(loop, seen):
    handles = []
    for _ in range(100):
        handles.append(
            loop.call_later(
                3600, nothing, Dying(lambda: (seen.append(1), handles and handles.pop().cancel()))
            )
        )
    handles.pop().cancel()
    assert len(seen) == 100
    assert handles == []


def test_a_cancelled_argument_that_cancels_itself(loop, seen):
    handle = loop.call_soon(nothing, Dying(lambda: (handle.cancel(), seen.append(repr(handle)))))
    handle.cancel()
    assert len(seen) == 1
    assert "cancelled" in seen[0]
    one_turn(loop)


def test_cancelling_timers_from_a_timer(loop, seen):
    timers = []

    def fire():
        seen.append(1)
        for timer in timers:
            timer.cancel()
        timers[:] = [loop.call_later(-1, fire) for _ in range(3)] if len(seen) < 5 else []

    timers.extend(loop.call_at(0, fire) for _ in range(3))
    for _ in range(6):
        one_turn(loop)
    assert len(seen) == 5


def test_closing_a_loop_whose_handles_use_it(loop_kind, seen):
    loop = loops.new_loop(loop_kind)

    def use():
        loop.close()
        loop.time()
        for call in (lambda: loop.call_soon(nothing), lambda: loop.call_later(1, nothing)):
            with pytest.raises(RuntimeError, match="Event loop is closed"):
                call()
        seen.append(repr(loop))

    for _ in range(5):
        loop.call_soon(nothing, Dying(use))
        loop.call_later(3600, nothing, Dying(use))
        loop.call_soon_threadsafe(nothing, Dying(use))
    loop.close()
    assert len(seen) == 15


def test_a_replaced_reader_that_changes_readers_as_it_dies(loop, seen):
    reader, writer = os.pipe()
    os.write(writer, b".")

    def meddle():
        seen.append("dead")
        loop.remove_reader(reader)
        loop.add_reader(reader, seen.append, "meddled")

    loop.add_reader(reader, Dying(meddle).method)
    loop.add_reader(reader, nothing)
    assert seen == ["dead"]
    one_turn(loop)
    assert seen == ["dead", "meddled"]
    loop.remove_reader(reader)
    loop.add_reader(reader, Dying(meddle).method)
    assert loop.remove_reader(reader) is True
    one_turn(loop)
    assert seen == ["dead", "meddled"] * 2
    loop.remove_reader(reader)
    os.close(reader), os.close(writer)


def test_a_reader_that_closes_its_own_descriptor(loop, seen):
    ours, theirs = socket.socketpair()
    theirs.send(b".")
    loop.add_reader(ours, lambda: (seen.append(1), loop.remove_reader(ours), ours.close()))
    loop.add_writer(theirs, lambda: (seen.append(2), loop.remove_writer(theirs), theirs.close()))
    for _ in range(3):
        one_turn(loop)
    assert sorted(seen) == [1, 2]


def test_a_callback_that_stops_and_runs_other_loops(loop, new_loop, seen):
    other = new_loop()

    def misuse():
        with pytest.raises(RuntimeError):
            other.run_until_complete(other.create_future())
        with pytest.raises(RuntimeError):
            loop.run_until_complete(loop.create_future())
        seen.append("refused")
        loop.stop()

    loop.call_soon(misuse)
    loop.run_forever()
    assert seen == ["refused"]


class Hostile:
    """Cannot be compared."""

    def __eq__(self, other):
        raise LookupError("eq")

    __hash__ = None

    def __call__(self):
        pass


def test_timers_whose_callbacks_cannot_be_compared(loop):
    one, two = loop.call_at(1e9, Hostile()), loop.call_at(1e9, Hostile())
    with pytest.raises(LookupError):
        one == two  # noqa: B015  the comparison is what is tested
    assert one < loop.call_at(2e9, Hostile())


def test_times_that_are_not_floats(loop, seen):
    loop.call_later(fractions.Fraction(-1, 3), seen.append, 1)
    loop.call_later(True - 2, seen.append, 2)

    class Delay(float):
        pass

    loop.call_later(Delay(-5), seen.append, 3)
    loop.call_at(Delay(0.5), seen.append, 4)
    one_turn(loop)
    assert sorted(seen) == [1, 2, 3, 4]


def test_a_delay_whose_arithmetic_raises(loop):
    class Delay:
        def __radd__(self, other):
            raise LookupError("radd")

    with pytest.raises((LookupError, TypeError)):
        loop.call_later(Delay(), nothing)
    one_turn(loop)


async def test_a_replaced_protocol_that_uses_the_transport_as_it_dies(loop, seen):
    class Replaced(Recorder):
        def __del__(self):
            self.transport.write(b"from the grave")
            seen.append(self.transport.is_closing())

    ours, peer = tcp_pair()
    transport, protocol = await loop.create_connection(Replaced, sock=ours)
    protocol.made = None  # a future whose result is the transport
    del protocol
    transport.set_protocol(Recorder())
    gc.collect()
    assert seen == [False]
    assert peer.recv(100) == b"from the grave"
    transport.abort()
    peer.close()
    await turns(2)


async def test_a_buffer_that_dies_in_write(loop):
    class Data(bytearray):
        def __del__(self):
            died.append(transport.get_write_buffer_size())

    died = []
    async with connected() as (transport, _, peer):
        transport.write(Data(b"once"))
        assert peer.recv(100) == b"once"
        assert died == [0]


async def test_writing_inside_data_received_and_back(loop):
    class Mirror(Recorder):
        def data_received(self, data):
            super().data_received(data)
            for _ in range(100):
                self.transport.write(data)
            self.transport.pause_reading()
            self.transport.resume_reading()

    async with connected(Mirror) as (_, protocol, peer):
        peer.send(b"x")
        await protocol.received(1)
        data = await asyncio.to_thread(peer.recv, 1000, socket.MSG_WAITALL | socket.MSG_PEEK)
        assert set(data) == set(b"x")


async def test_a_protocol_that_swaps_itself_in_each_call(loop):
    chain = []

    class Swap(Recorder):
        def data_received(self, data):
            chain.append(self)
            following = Swap()
            following.transport = self.transport
            self.transport.set_protocol(following)
            del self.transport

    async with connected(Swap) as (_, _protocol, peer):
        for n in range(5):
            peer.send(b"x")
            while len(chain) <= n:
                await asyncio.sleep(0)
        assert len(set(map(id, chain))) == 5

"""The order in which a loop runs what is ready: traps that programs rely on without knowing."""

import asyncio
import os
import socket
import threading
import time

import pytest

from support.turns import one_turn


@pytest.fixture
def seen():
    """The log of events: callbacks append to it what they are."""
    return []


@pytest.fixture
def pipe():
    """A pipe (read end, write end) that is readable already."""
    reader, writer = os.pipe()
    os.write(writer, b".")
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_a_turn_runs_what_was_ready_and_nothing_newer(loop, seen):
    loop.call_soon(lambda: (seen.append("a"), loop.call_soon(seen.append, "c")))
    loop.call_soon(seen.append, "b")
    one_turn(loop)
    assert seen == ["a", "b"]
    one_turn(loop)
    assert seen == ["a", "b", "c"]
    one_turn(loop)
    assert seen == ["a", "b", "c"]


def test_call_soon_is_first_in_first_out(loop, seen):
    for n in range(1000):
        loop.call_soon(seen.append, n)
    one_turn(loop)
    assert seen == list(range(1000))


def test_io_runs_behind_call_soon_and_timers_behind_io(loop, seen, pipe):
    loop.call_at(loop.time() - 1, seen.append, "timer")
    loop.add_reader(pipe[0], seen.append, "io")
    loop.call_soon(seen.append, "soon")
    one_turn(loop)
    assert seen == ["soon", "io", "timer"]
    loop.remove_reader(pipe[0])


def test_what_io_and_timers_schedule_runs_in_the_next_turn(loop, seen, pipe):
    loop.call_at(loop.time() - 1, loop.call_soon, seen.append, "of timer")
    loop.add_reader(
        pipe[0], lambda: (loop.remove_reader(pipe[0]), loop.call_soon(seen.append, "of io"))
    )
    one_turn(loop)
    assert seen == []
    one_turn(loop)
    assert seen == ["of io", "of timer"]


def test_a_due_timer_made_in_a_turn_waits_for_the_next(loop, seen):
    loop.call_soon(loop.call_later, 0, seen.append, "timer")
    loop.call_soon(loop.call_soon, seen.append, "soon")
    one_turn(loop)
    assert seen == []
    one_turn(loop)
    assert seen == ["soon", "timer"]


def test_timers_run_in_the_order_of_their_deadlines(loop, seen):
    now = loop.time()
    for n in (3, 1, 4, 2, 0):
        loop.call_at(now - 10 + n, seen.append, n)
    one_turn(loop)
    assert seen == [0, 1, 2, 3, 4]


def test_timers_of_the_future_stay(loop, seen):
    loop.call_later(3600, seen.append, "in an hour")
    loop.call_at(loop.time() - 1, seen.append, "now")
    one_turn(loop)
    one_turn(loop)
    assert seen == ["now"]


@pytest.mark.rondel_only("asyncio's heap leaves the order of equal deadlines open")
def test_timers_of_equal_deadline_are_first_in_first_out(loop, seen):
    when = loop.time() - 1
    for n in range(100):
        loop.call_at(when, seen.append, n)
        loop.call_at(when + 0.5, seen.append, n + 100)
    one_turn(loop)
    assert seen == list(range(200))


def test_a_chain_of_call_soon_does_not_starve_io(loop, pipe):
    reader, writer = pipe
    os.read(reader, 1)
    links = []

    def link():
        links.append(None)
        if len(links) == 5:
            os.write(writer, b".")
        if len(links) < 1000:
            loop.call_soon(link)

    def ready():
        at.append(len(links))
        loop.remove_reader(reader)
        loop.stop()

    at = []
    loop.add_reader(reader, ready)
    loop.call_soon(link)
    loop.run_forever()
    assert at == [6], "ready at the poll of the turn after the write"


def test_a_chain_of_call_soon_does_not_starve_timers(loop):
    def link():
        nonlocal handle
        handle = loop.call_soon(link)

    handle = loop.call_soon(link)
    loop.call_later(0.005, loop.stop)
    loop.run_forever()
    handle.cancel()


def test_a_chain_of_timers_does_not_starve_io(loop, pipe):
    def link():
        nonlocal timer
        timer = loop.call_later(0, link)

    timer = loop.call_later(0, link)
    loop.add_reader(pipe[0], loop.stop)
    loop.run_forever()
    timer.cancel()
    loop.remove_reader(pipe[0])


async def test_a_ready_reader_has_run_after_two_sleeps_of_zero(loop, seen, pipe):
    reader, writer = pipe
    os.read(reader, 1)
    loop.add_reader(reader, lambda: seen.append(os.read(reader, 10)))
    for n in range(20):
        os.write(writer, b"%d" % n)
        await asyncio.sleep(0)
        assert len(seen) == n, "the poll came before the write"
        await asyncio.sleep(0)
        assert seen[n:] == [b"%d" % n]
    loop.remove_reader(reader)


def test_reader_and_writer_of_one_descriptor(loop, seen):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b".")
        loop.add_writer(ours, seen.append, "write")
        loop.add_reader(ours, seen.append, "read")
        one_turn(loop)
        assert seen == ["read", "write"]
        loop.remove_reader(ours)
        loop.remove_writer(ours)


def test_a_cancelled_handle_of_the_same_turn_does_not_run(loop, seen, pipe):
    later = []
    loop.call_soon(lambda: [handle.cancel() for handle in later])
    later.append(loop.call_soon(seen.append, "soon"))
    later.append(loop.call_at(loop.time() - 1, seen.append, "timer"))
    loop.call_soon(lambda: loop.remove_reader(pipe[0]))
    loop.add_reader(pipe[0], seen.append, "io")
    one_turn(loop)
    one_turn(loop)
    assert seen == []


def test_threadsafe_shares_the_queue_of_call_soon(loop, seen):
    loop.call_soon(seen.append, 1)
    loop.call_soon_threadsafe(seen.append, 2)
    loop.call_soon(seen.append, 3)
    one_turn(loop)
    assert seen == [1, 2, 3]

    def inside():
        loop.call_soon(seen.append, 4)
        loop.call_soon_threadsafe(seen.append, 5)
        loop.call_soon(seen.append, 6)

    loop.call_soon(inside)
    one_turn(loop)
    assert seen == [1, 2, 3]
    one_turn(loop)
    assert seen == [1, 2, 3, 4, 5, 6]


def test_threadsafe_keeps_the_order_of_each_thread(loop, seen):
    def work(name):
        for n in range(500):
            loop.call_soon_threadsafe(seen.append, (name, n))

    async def main():
        await asyncio.gather(*(asyncio.to_thread(work, name) for name in "abc"))

    loop.run_until_complete(main())
    assert len(seen) == 1500
    for name in "abc":
        assert [n for who, n in seen if who == name] == list(range(500))


def test_threadsafe_wakes_a_loop_that_waits(loop, seen):
    entered = threading.Event()
    loop.call_soon(entered.set)

    def work():
        entered.wait()
        loop.call_soon_threadsafe(seen.append, "woken")
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=work)
    thread.start()
    loop.run_forever()
    thread.join()
    assert seen == ["woken"]


def test_threadsafe_before_the_loop_runs(loop, seen):
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(seen.append, "early"))
    thread.start()
    thread.join()
    one_turn(loop)
    assert seen == ["early"]


def test_done_callbacks_come_by_call_soon_in_the_order_they_were_added(loop, seen):
    future = loop.create_future()
    future.add_done_callback(lambda _: seen.append("first"))
    future.add_done_callback(lambda _: seen.append("second"))

    def resolve():
        future.set_result(None)
        loop.call_soon(seen.append, "third")
        assert seen == []

    loop.call_soon(resolve)
    one_turn(loop)
    assert seen == []
    one_turn(loop)
    assert seen == ["first", "second", "third"]


async def test_tasks_start_in_the_order_they_were_made_and_take_turns(loop, seen):
    async def step(name):
        for n in range(3):
            seen.append(f"{name}{n}")
            await asyncio.sleep(0)

    await asyncio.gather(*(step(name) for name in "abc"))
    assert seen == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_a_stopping_loop_does_not_wait(loop, seen):
    loop.call_later(3600, seen.append, "in an hour")
    one_turn(loop)
    assert seen == []


def test_time_is_the_monotonic_clock(loop):
    before = time.monotonic()
    now = loop.time()
    after = time.monotonic()
    assert isinstance(now, float)
    assert before <= now <= after

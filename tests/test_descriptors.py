"""Descriptors that are closed, reused or duplicated while the loop watches them."""

import asyncio
import errno
import os
import time

import pytest

from support.turns import one_turn


@pytest.fixture
def pipe():
    """A pipe (read end, write end); the test may close either."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        if end is not None:
            os.close(end)


@pytest.fixture
def seen():
    return []


def test_a_closed_descriptor(loop, pipe):
    os.close(pipe[0])
    closed, pipe[0] = pipe[0], None
    for use in (loop.add_reader, loop.add_writer):
        with pytest.raises(OSError, match="Bad file descriptor") as caught:
            use(closed, print)
        assert caught.value.errno == errno.EBADF
    assert loop.remove_reader(closed) is False


def test_watched_then_closed(loop, pipe, seen):
    loop.add_reader(pipe[0], seen.append, "r")
    os.write(pipe[1], b".")
    os.close(pipe[0])
    closed, pipe[0] = pipe[0], None
    one_turn(loop)
    one_turn(loop)
    assert seen == []
    assert loop.remove_reader(closed) is True
    assert loop.remove_reader(closed) is False


def reopened(pipe):
    """Close the read end of a pipe, and open another pipe whose read end has the same number."""
    number = pipe[0]
    os.close(number)
    pipe[0], writer = os.pipe()
    if pipe[0] != number:
        os.dup2(pipe[0], number)
        os.close(pipe[0])
        pipe[0] = number
    return writer


@pytest.mark.skipif(
    os.environ.get("RONDEL_SELECTOR") == "poll", reason="poll(2) knows a descriptor by its number"
)
def test_the_next_owner_of_a_number_does_not_meet_the_old_callback(loop, pipe, seen):
    loop.add_reader(pipe[0], seen.append, "old")
    writer = reopened(pipe)
    os.write(writer, b".")
    one_turn(loop)
    one_turn(loop)
    assert seen == []
    assert loop.remove_reader(pipe[0]) is True
    os.close(writer)


@pytest.mark.rondel_only("asyncio takes the new descriptor for the old one, and never watches it")
def test_the_next_owner_of_a_number_is_watched(loop, pipe, seen):
    loop.add_reader(pipe[0], seen.append, "old")
    writer = reopened(pipe)
    loop.add_reader(pipe[0], seen.append, "new")
    os.write(writer, b".")
    one_turn(loop)
    assert seen == ["new"]
    assert loop.remove_reader(pipe[0]) is True
    os.close(writer)


@pytest.mark.rondel_only("epoll goes on reporting what a dup keeps alive, and asyncio spins")
def test_a_descriptor_that_lives_on_in_a_dup_does_not_spin(loop, pipe, seen):
    loop.add_reader(pipe[0], seen.append, "r")
    dup = os.dup(pipe[0])
    os.close(pipe[0])
    closed, pipe[0] = pipe[0], None
    os.write(pipe[1], b".")
    loop.remove_reader(closed)
    before = time.thread_time()
    loop.run_until_complete(asyncio.sleep(0.2))
    assert time.thread_time() - before < 0.1, "processor time, not time on the clock"
    assert seen == []
    os.close(dup)


@pytest.mark.rondel_only("epoll goes on reporting what a dup keeps alive, and asyncio spins")
def test_a_descriptor_closed_while_it_is_watched_and_never_removed_does_not_spin(loop, pipe, seen):
    """Its callback is called for a while, as it would be for data that nobody reads."""
    loop.add_reader(pipe[0], seen.append, "r")
    dup = os.dup(pipe[0])
    os.close(pipe[0])
    closed, pipe[0] = pipe[0], None
    os.write(pipe[1], b".")
    for _ in range(1000):
        one_turn(loop)
    assert len(seen) < 1000
    seen.clear()
    before = time.thread_time()
    loop.run_until_complete(asyncio.sleep(0.2))
    assert time.thread_time() - before < 0.1, "processor time, not time on the clock"
    assert seen == []
    assert loop.remove_reader(closed) is True
    os.close(dup)

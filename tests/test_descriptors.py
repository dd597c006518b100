"""Descriptors that are closed, reused or duplicated while the loop watches them."""

import asyncio
import errno
import functools
import os
import socket
import time

import pytest

from support.protocols import Recorder
from support.turns import one_turn, turns


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


@pytest.mark.rondel_only("the selector of asyncio takes the number for the old one")
@pytest.mark.parametrize("over_udp", [False, True], ids=["stream", "datagrams"])
async def test_a_transport_whose_number_is_anothers_by_now_leaves_it_alone(loop, over_udp):
    """Its socket was closed behind its back, with something still to send."""
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM if over_udp else socket.SOCK_STREAM)
    with theirs:
        if over_udp:
            theirs.setblocking(False)
            path = "\0rondel-" + str(os.getpid())
            theirs.bind(path)
            old, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, sock=ours)
            send = functools.partial(old.sendto, b"x" * 1000, path)
        else:
            old, _ = await loop.connect_accepted_socket(Recorder, ours)
            send = functools.partial(old.write, b"x" * 1000)
        while not old.get_write_buffer_size():
            send()
        number = ours.fileno()
        old.close()
        os.close(ours.detach())
        ours, peer = socket.socketpair()
        with peer:
            assert ours.fileno() == number
            transport, protocol = await loop.connect_accepted_socket(Recorder, ours)
            old.abort()
            old.resume_reading()
            await turns(3)
            peer.send(b"hello")
            assert await protocol.received(5) == b"hello"
            transport.close()
            await protocol.lost

"""add_reader, add_writer, remove_reader, remove_writer, and descriptors that misbehave."""

import os
import socket

import pytest

from support.net import connected
from support.turns import one_turn, turns


@pytest.fixture
def pair():
    """Two connected non-blocking sockets."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


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


def test_reader_and_writer(loop, pair, seen):
    ours, theirs = pair
    assert loop.add_reader(ours, seen.append, "r") is None
    one_turn(loop)
    assert seen == [], "nothing to read yet"
    theirs.send(b".")
    one_turn(loop)
    one_turn(loop)
    assert seen == ["r", "r"], "as long as it is readable"
    ours.recv(10)
    one_turn(loop)
    assert seen == ["r", "r"]
    assert loop.add_writer(ours, seen.append, "w") is None
    one_turn(loop)
    assert seen == ["r", "r", "w"]
    assert loop.remove_writer(ours) is True
    assert loop.remove_reader(ours) is True
    theirs.send(b".")
    one_turn(loop)
    assert seen == ["r", "r", "w"]


def test_remove_what_is_not_there(loop, pair):
    ours, _ = pair
    assert loop.remove_reader(ours) is False
    assert loop.remove_writer(ours) is False
    loop.add_reader(ours, print)
    assert loop.remove_writer(ours) is False
    assert loop.remove_reader(ours) is True
    assert loop.remove_reader(ours) is False


def test_a_second_callback_replaces_the_first(loop, pair, seen):
    ours, theirs = pair
    theirs.send(b".")
    loop.add_reader(ours, seen.append, 1)
    loop.add_reader(ours, seen.append, 2)
    loop.add_writer(ours, seen.append, 3)
    loop.add_writer(ours, seen.append, 4)
    one_turn(loop)
    assert seen == [2, 4]
    assert loop.remove_reader(ours) is True
    assert loop.remove_reader(ours) is False
    loop.remove_writer(ours)


def test_a_callback_replaced_in_the_turn_it_was_ready_in(loop, pair, seen):
    ours, theirs = pair
    theirs.send(b".")
    loop.add_reader(ours, seen.append, "old")
    loop.call_soon(loop.add_reader, ours, seen.append, "new")
    one_turn(loop)
    assert seen == []
    one_turn(loop)
    assert seen == ["new"]
    loop.remove_reader(ours)


def test_objects_with_fileno(loop, pipe, seen):
    class File:
        def fileno(self):
            return pipe[0]

    os.write(pipe[1], b".")
    for file in (pipe[0], File()):
        loop.add_reader(file, seen.append, "r")
        one_turn(loop)
        assert loop.remove_reader(pipe[0]) is True
    loop.add_reader(pipe[0], seen.append, "r")
    assert loop.remove_reader(File()) is True
    assert seen == ["r", "r"]


class NoFile:
    def fileno(self):
        return "seven"


@pytest.mark.parametrize(
    "wrong", ["0", 1.5, None, object(), NoFile()], ids=lambda w: type(w).__name__
)
def test_what_is_no_descriptor(loop, wrong):
    for use in (loop.add_reader, loop.add_writer):
        with pytest.raises(ValueError, match="Invalid file object"):
            use(wrong, print)
    for use in (loop.remove_reader, loop.remove_writer):
        with pytest.raises(ValueError, match="Invalid file object"):
            use(wrong)


def test_negative_descriptors(loop, pair):
    pair[0].close()
    for wrong in (-1, pair[0]):
        with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
            loop.add_reader(wrong, print)
        with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
            loop.add_writer(wrong, print)


def test_a_regular_file_cannot_be_watched(loop, tmp_path):
    with open(tmp_path / "file", "w") as file:
        for use in (loop.add_reader, loop.add_writer):
            with pytest.raises(PermissionError):
                use(file, print)
        assert loop.remove_reader(file) is False


def test_end_of_file_makes_readable(loop, pipe, seen):
    loop.add_reader(pipe[0], seen.append, "eof")
    os.close(pipe[1])
    pipe[1] = None
    one_turn(loop)
    assert seen == ["eof"]
    loop.remove_reader(pipe[0])


def test_a_lost_reader_makes_writable(loop, pipe, seen):
    os.set_blocking(pipe[1], False)
    os.write(pipe[1], b"." * 65536)
    loop.add_writer(pipe[1], seen.append, "error")
    one_turn(loop)
    assert seen == []
    os.close(pipe[0])
    pipe[0] = None
    one_turn(loop)
    assert seen == ["error"]
    loop.remove_writer(pipe[1])


def test_a_hang_up_calls_both(loop, pair, seen):
    ours, theirs = pair
    while True:
        try:
            ours.send(b"." * 65536)
        except BlockingIOError:
            break
    loop.add_reader(ours, seen.append, "r")
    loop.add_writer(ours, seen.append, "w")
    one_turn(loop)
    assert seen == []
    theirs.close()
    one_turn(loop)
    assert seen == ["r", "w"]
    loop.remove_reader(ours)
    loop.remove_writer(ours)


def test_one_of_two_ready_suppresses_the_other(loop, seen):
    first, second = socket.socketpair(), socket.socketpair()
    for (ours, theirs), (other, _) in ((first, second), (second, first)):
        theirs.send(b".")
        loop.add_reader(
            ours, lambda ours=ours, other=other: (seen.append(ours), loop.remove_reader(other))
        )
    one_turn(loop)
    assert len(seen) == 1
    loop.remove_reader(seen[0])
    for sock in first + second:
        sock.close()


def test_a_reader_that_removes_the_writer_of_the_same_descriptor(loop, pair, seen):
    ours, theirs = pair
    theirs.send(b".")
    loop.add_reader(ours, lambda: (seen.append("r"), loop.remove_writer(ours)))
    loop.add_writer(ours, seen.append, "w")
    one_turn(loop)
    assert seen == ["r"]
    loop.remove_reader(ours)


async def test_the_descriptor_of_a_transport_is_taken(loop):
    async with connected() as (transport, _, _peer):
        sock = transport.get_extra_info("socket")
        for use in (loop.add_reader, loop.add_writer):
            with pytest.raises(RuntimeError, match=r"File descriptor .* is used by transport"):
                use(sock, print)
        for use in (loop.remove_reader, loop.remove_writer):
            with pytest.raises(RuntimeError, match=r"File descriptor .* is used by transport"):
                use(sock.fileno())


def test_many_descriptors(loop, seen):
    pairs = [socket.socketpair() for _ in range(200)]
    for n, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, lambda n=n, ours=ours: (seen.append(n), ours.recv(10)))
        theirs.send(b".")
    while len(seen) < 200:
        one_turn(loop)
    assert sorted(seen) == list(range(200))
    one_turn(loop)
    assert len(seen) == 200
    for ours, theirs in pairs:
        assert loop.remove_reader(ours)
        ours.close(), theirs.close()


async def test_from_inside_the_loop(loop, pair, seen):
    ours, theirs = pair
    loop.add_reader(ours, seen.append, "r")
    theirs.send(b".")
    await turns(2)
    assert seen == ["r"]
    loop.remove_reader(ours)
    await turns(2)
    assert seen == ["r"]


def test_arguments_by_name(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop.add_reader(fd=ours, callback=print)
        loop.add_writer(ours.fileno(), callback=print)
        assert loop.remove_reader(fd=ours) is True
        assert loop.remove_writer(fd=ours.fileno()) is True
        assert loop.remove_writer(ours) is False


def test_wrong_arguments(loop):
    for method in (loop.add_reader, loop.add_writer, loop.remove_reader, loop.remove_writer):
        with pytest.raises(TypeError):
            method()
        with pytest.raises(TypeError):
            method(nonsense=1)
    for method in (loop.add_reader, loop.add_writer):
        with pytest.raises(TypeError):
            method(0)
    for method in (loop.remove_reader, loop.remove_writer):
        with pytest.raises(TypeError):
            method(0, print)


def test_on_a_closed_loop(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop.add_reader(ours, print)
        loop.close()
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            loop.add_reader(ours, print)
        assert loop.remove_reader(ours) is False

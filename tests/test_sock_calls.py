"""What sock_recv and its siblings are, and how they call the socket."""

import array
import asyncio
import collections.abc
import gc
import inspect
import os
import socket
import sys
import warnings
from unittest import mock

import pytest

from support.turns import turns

NAMES = [
    "sock_recv",
    "sock_recv_into",
    "sock_recvfrom",
    "sock_recvfrom_into",
    "sock_sendall",
    "sock_sendto",
    "sock_connect",
    "sock_accept",
    "sock_sendfile",
]


@pytest.fixture
def pair():
    """Two connected non-blocking sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


@pytest.mark.parametrize("name", NAMES)
def test_they_are_coroutine_functions(loop, name):
    method = getattr(loop, name)
    assert inspect.iscoroutinefunction(method)
    assert asyncio.iscoroutinefunction(method)


async def test_they_are_coroutines(loop, pair):
    call = loop.sock_recv(pair[0], 10)
    assert asyncio.iscoroutine(call)
    assert inspect.iscoroutine(call)
    assert isinstance(call, collections.abc.Coroutine)
    assert "sock_recv" in repr(call)
    future = call.send(None)
    assert asyncio.isfuture(future)
    assert call.cr_frame.f_code.co_name == "sock_recv"
    with pytest.raises(LookupError, match="thrown in"):
        call.throw(LookupError("thrown in"))


@pytest.mark.rondel_only("asyncio goes on waiting until its future is done, which is never")
async def test_closed_in_the_middle_it_waits_no_more(loop, pair):
    call = loop.sock_recv(pair[0], 10)
    call.send(None)
    call.close()
    assert loop.remove_reader(pair[0]) is False


async def test_nothing_is_done_before_it_is_awaited(loop, pair):
    ours, theirs = pair
    theirs.send(b"data")
    call = loop.sock_recv(ours, "no number")
    with pytest.raises(TypeError):
        await call
    assert await loop.sock_recv(ours, 10) == b"data"


def test_never_awaited(loop, pair):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop.sock_recv(pair[0], 10)
        gc.collect()
    assert [w.category for w in caught] == [RuntimeWarning]
    assert "sock_recv' was never awaited" in str(caught[0].message)


async def test_the_task_shows_where_it_waits(loop, pair):
    task = asyncio.create_task(loop.sock_recv(pair[0], 10))
    await turns(2)
    assert [frame.f_code.co_name for frame in task.get_stack()] == ["sock_recv"]
    assert "sock_recv" in repr(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Counting(socket.socket):
    """Counts the calls of its methods."""

    calls = 0

    def recv(self, *args):
        self.calls += 1
        return super().recv(*args)

    def recv_into(self, *args):
        self.calls += 1
        return super().recv_into(*args)

    def send(self, *args):
        self.calls += 1
        return super().send(*args)


async def test_the_methods_of_a_subclass_are_called(loop, pair):
    with Counting(fileno=pair[0].detach()) as ours:
        ours.setblocking(False)
        await loop.sock_sendall(ours, b"data")
        assert pair[1].recv(10) == b"data"
        assert ours.calls == 1
        task = asyncio.create_task(loop.sock_recv(ours, 10))
        await turns(2)
        pair[1].send(b"data")
        assert await task == b"data"
        assert ours.calls == 3
        pair[1].send(b"data")
        assert await loop.sock_recv_into(ours, bytearray(10)) == 4
        assert ours.calls == 4


async def test_a_method_put_into_the_class_is_called(loop, pair):
    ours, theirs = pair
    theirs.send(b"real")
    with mock.patch.object(socket.socket, "recv", return_value=b"patched"):
        assert await loop.sock_recv(ours, 10) == b"patched"
    assert await loop.sock_recv(ours, 10) == b"real"
    with mock.patch.object(socket.socket, "send", return_value=7):
        await loop.sock_sendall(theirs, b"nowhere")
    await loop.sock_sendall(theirs, b"real")
    assert await loop.sock_recv(ours, 10) == b"real"


async def test_a_socket_of_no_class_of_ours(loop, pair):
    ours = mock.Mock(spec=socket.socket)
    ours.recv.side_effect = [BlockingIOError, InterruptedError, b"data"]
    ours.gettimeout.return_value = 0
    ours.fileno.return_value = pair[0].fileno()
    task = asyncio.create_task(loop.sock_recv(ours, 10))
    await turns(2)
    pair[1].send(b".")
    assert await task == b"data"
    assert ours.recv.call_args_list == [mock.call(10)] * 3


@pytest.mark.parametrize("size", [1, 1000, 65536, 65537, 262144, 1 << 21, 1 << 40])
async def test_sizes(loop, pair, size):
    if size == 1 << 40:
        with pytest.raises(MemoryError):
            await loop.sock_recv(pair[0], size)
        return
    ours, theirs = pair
    theirs.send(b"0123456789")
    assert await loop.sock_recv(ours, size) == b"0123456789"[:size]
    if size == 1:
        assert await loop.sock_recv(ours, 100) == b"123456789"
    theirs.close()
    assert await loop.sock_recv(ours, size) == b""


async def test_unusual_sizes(loop, pair):
    ours, theirs = pair
    theirs.send(b"data")
    assert await loop.sock_recv(ours, 0) == b""
    assert await loop.sock_recv(ours, True) == b"d"
    with pytest.raises(ValueError, match="negative buffersize in recv"):
        await loop.sock_recv(ours, -1)
    with pytest.raises(OverflowError):
        await loop.sock_recv(ours, 1 << 70)
    with pytest.raises(TypeError, match="integer"):
        await loop.sock_recv(ours, 1.0)


async def test_a_large_datagram_arrives_whole(loop):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400_000)
        data = bytes(range(256)) * 400
        theirs.send(data)
        assert await loop.sock_recv(ours, 1 << 18) == data


async def test_unusual_data(loop, pair):
    ours, theirs = pair
    await loop.sock_sendall(ours, bytearray(b"bytearray"))
    assert await loop.sock_recv(theirs, 100) == b"bytearray"
    for wrong in ("text", None, 1):
        with pytest.raises(TypeError):
            await loop.sock_sendall(ours, wrong)


@pytest.mark.rondel_only("asyncio counts the items, and waits for what is sent already")
async def test_data_of_items_larger_than_bytes(loop, pair):
    ours, theirs = pair
    await loop.sock_sendall(ours, memoryview(array.array("I", [1, 2, 3])))
    assert await loop.sock_recv(theirs, 100) == array.array("I", [1, 2, 3]).tobytes()


async def test_a_buffer_is_held_while_it_is_sent(loop, pair):
    ours, _ = pair
    data = bytearray(4_000_000)
    task = asyncio.create_task(loop.sock_sendall(ours, data))
    await turns(2)
    with pytest.raises(BufferError):
        data.clear()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    data.clear()


@pytest.mark.rondel_only("asyncio waits for the socket, and the loop stands still")
async def test_a_blocking_socket_does_not_stop_the_loop(loop):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        task = asyncio.create_task(loop.sock_recv(ours, 10))
        await turns(2)
        theirs.send(b"data")
        assert await task == b"data"


async def test_methods_replaced_while_sock_sendall_waits(loop, pair):
    ours, theirs = pair
    data = bytes(range(256)) * 20_000
    sending = loop.create_task(loop.sock_sendall(ours, data))
    await turns(2)
    own = socket.socket.send
    received = bytearray()
    with mock.patch.object(socket.socket, "send", lambda sock, part: own(sock, part[:5000])):
        while len(received) < len(data):
            received += await loop.sock_recv(theirs, 1 << 20)
        await sending
    assert received == data


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688")
async def test_a_buffer_that_closes_the_socket(loop):
    """Whoever has the descriptor's number by then gets nothing."""

    class Closing:
        def __buffer__(self, flags):
            ours.close()
            os.dup2(other.fileno(), number)
            return memoryview(bytearray(4))

    ours, peer = socket.socketpair()
    other, witness = socket.socketpair()
    with ours, peer, other, witness:
        ours.setblocking(False)
        witness.setblocking(False)
        number = ours.fileno()
        with pytest.raises(OSError, match="Bad file descriptor"):
            await loop.sock_sendall(ours, Closing())
        os.close(number)
        with pytest.raises(BlockingIOError):
            witness.recv(4)

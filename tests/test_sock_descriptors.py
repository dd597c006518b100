"""sock_recv and its siblings while descriptors are closed, reused, duplicated or shared."""

import asyncio
import os
import signal
import socket
import time

import pytest

from support.net import tcp_pair
from support.turns import turns


def pair():
    """Two connected non-blocking sockets."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


async def wait_and_receive(loop, ours, theirs, data):
    """Receive what comes only after the wait has begun."""
    task = asyncio.create_task(loop.sock_recv(ours, 100))
    await turns(3)
    assert not task.done()
    theirs.send(data)
    assert await task == data


async def test_one_wait_after_the_other(loop):
    ours, theirs = pair()
    with ours, theirs:
        for n in range(20):
            await wait_and_receive(loop, ours, theirs, b"%d" % n)
        assert loop.remove_reader(ours) is False


async def test_the_number_of_a_closed_socket_serves_another(loop):
    number = None
    for n in range(5):
        ours, theirs = pair()
        with ours, theirs:
            assert number in (None, ours.fileno())
            number = ours.fileno()
            await wait_and_receive(loop, ours, theirs, b"%d" % n)


async def test_another_file_under_the_number_of_an_open_socket(loop):
    ours, theirs = pair()
    other, peer = pair()
    with ours, theirs, other, peer:
        await wait_and_receive(loop, ours, theirs, b"old")
        os.dup2(other.fileno(), ours.fileno())
        await wait_and_receive(loop, ours, peer, b"new")


async def test_a_number_goes_from_a_socket_to_a_transport_and_back(loop):
    for n in range(3):
        ours, theirs = pair()
        with theirs:
            await wait_and_receive(loop, ours, theirs, b"%d" % n)
            number = ours.fileno()
            ours.close()
            again, peer = pair()
            assert again.fileno() == number
            reader, writer = await asyncio.open_connection(sock=again)
            with peer:
                peer.send(b"to the transport")
                assert await reader.read(100) == b"to the transport"
                writer.close()
                await writer.wait_closed()


async def test_a_socket_between_sock_recv_and_add_reader(loop):
    ours, theirs = pair()
    with ours, theirs:
        await wait_and_receive(loop, ours, theirs, b"first")
        called = asyncio.Event()
        loop.add_reader(ours, called.set)
        theirs.send(b"second")
        await called.wait()
        assert loop.remove_reader(ours) is True
        assert await loop.sock_recv(ours, 100) == b"second"
        await wait_and_receive(loop, ours, theirs, b"third")


async def test_a_reader_is_cancelled_by_sock_recv(loop):
    ours, theirs = pair()
    with ours, theirs:
        called = []
        loop.add_reader(ours, called.append, "reader")
        await wait_and_receive(loop, ours, theirs, b"data")
        await turns(3)
        assert called == []
        assert loop.remove_reader(ours) is False


async def test_data_that_nobody_receives_does_not_spin(loop):
    ours, theirs = pair()
    with ours, theirs:
        await wait_and_receive(loop, ours, theirs, b"data")
        theirs.send(b"for later")
        theirs.close()
        before = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - before < 0.1, "processor time, not time on the clock"
        assert await loop.sock_recv(ours, 100) == b"for later"
        assert await loop.sock_recv(ours, 100) == b""


async def test_a_closed_socket_that_lives_on_in_a_duplicate_does_not_spin(loop):
    ours, theirs = pair()
    with theirs, ours.dup():
        await wait_and_receive(loop, ours, theirs, b"data")
        ours.close()
        theirs.send(b"for the duplicate")
        before = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - before < 0.1, "processor time, not time on the clock"


async def test_closed_while_a_duplicate_lives_the_number_serves_another(loop):
    ours, theirs = pair()
    with theirs, ours.dup() as duplicate:
        await wait_and_receive(loop, ours, theirs, b"data")
        number = ours.fileno()
        ours.close()
        again, peer = pair()
        with again, peer:
            assert again.fileno() == number
            theirs.send(b"for the duplicate")
            await wait_and_receive(loop, again, peer, b"new")
            assert duplicate.recv(100) == b"for the duplicate"


async def test_a_cancelled_wait_leaves_a_later_one_alone(loop):
    ours, theirs = pair()
    with ours, theirs:
        first = asyncio.create_task(loop.sock_recv(ours, 100))
        await turns(2)
        second = asyncio.create_task(loop.sock_recv(ours, 100))
        await turns(2)
        first.cancel()
        await asyncio.wait([first])
        theirs.send(b"data")
        assert await second == b"data"


async def test_cancelled_and_closed_in_one_step(loop):
    ours, theirs = pair()
    with theirs:
        task = asyncio.create_task(loop.sock_recv(ours, 100))
        await turns(2)
        number = ours.fileno()
        task.cancel()
        ours.close()
        again, peer = pair()
        with again, peer:
            assert again.fileno() == number
            receiving = asyncio.create_task(loop.sock_recv(again, 100))
            with pytest.raises(asyncio.CancelledError):
                await task
            await turns(2)
            peer.send(b"data")
            assert await asyncio.wait_for(receiving, 60) == b"data"


async def test_each_direction_waits_for_itself(loop):
    ours, theirs = tcp_pair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        data = bytes(8_000_000)
        sending = asyncio.create_task(loop.sock_sendall(ours, data))
        await turns(3)
        assert not sending.done()
        for n in range(5):
            await wait_and_receive(loop, ours, theirs, b"%d" % n)
        assert not sending.done()
        count = 0
        while count < len(data):
            count += len(await loop.sock_recv(theirs, 1 << 20))
        await sending


async def test_with_a_writer_that_stays(loop):
    ours, theirs = pair()
    with ours, theirs:
        called = []
        loop.add_writer(ours, called.append, "writer")
        for n in range(3):
            before = len(called)
            await wait_and_receive(loop, ours, theirs, b"%d" % n)
            await turns(3)
            assert len(called) > before
        assert loop.remove_writer(ours) is True


def test_a_run_that_is_left_between_the_wait_and_its_end(loop):
    """A handler of a signal raises in the turn in which the socket is readable."""
    ours, theirs = pair()
    with ours, theirs:
        task = loop.create_task(loop.sock_recv(ours, 100))
        loop.run_until_complete(turns(3))

        def raising(_signum, _frame):
            raise KeyboardInterrupt

        previous = signal.signal(signal.SIGUSR1, raising)
        try:
            for _ in range(3):
                # The wait of the turn finds both: what there is to receive, and the signal.
                loop.call_soon(theirs.send, b".")
                loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)
                with pytest.raises(KeyboardInterrupt):
                    loop.run_forever()
        finally:
            signal.signal(signal.SIGUSR1, previous)
        assert loop.run_until_complete(asyncio.wait_for(task, 60)).startswith(b".")


def test_a_loop_closed_during_a_wait(loop):
    ours, theirs = pair()
    with ours, theirs:
        coroutine = loop.sock_recv(ours, 100)
        coroutine.send(None)
        loop.close()
        coroutine.close()

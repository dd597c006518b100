"""A cancelled connect closes its descriptor once (uvloop#738): the next owner of the number lives.

Each test lets a connection end, gives the freed number to a file of its own, and sees whether that
file is still there when everything that could close it has run.
"""

import asyncio
import contextlib
import gc
import os
import socket

import pytest

from support.net import HOST, listening
from support.protocols import Recorder
from support.turns import turns

DESCRIPTORS = "/proc/self/fd"

pytestmark = pytest.mark.skipif(not os.path.isdir(DESCRIPTORS), reason=f"reads {DESCRIPTORS}")


def open_sockets() -> set[int]:
    """The numbers of this process's sockets."""
    numbers = set()
    for name in os.listdir(DESCRIPTORS):
        with contextlib.suppress(OSError):
            if os.readlink(f"{DESCRIPTORS}/{name}").startswith("socket:"):
                numbers.add(int(name))
    return numbers


async def strangers_survive(freed: set[int]) -> None:
    """Give these numbers, which must be free, to other files; they must still be open later on."""
    assert freed
    for number in freed:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
    stranger = os.memfd_create("stranger")
    numbers = freed | {stranger}
    try:
        for number in numbers - {stranger}:
            os.dup2(stranger, number)
        gc.collect()
        await turns(5)
        gc.collect()
        assert len({os.fstat(number).st_ino for number in numbers}) == 1
    finally:
        for number in numbers:
            with contextlib.suppress(OSError):
                os.close(number)


@contextlib.contextmanager
def full_listener():
    """The address of a listener whose queue is full: connecting to it stays under way."""
    with listening(backlog=0) as listener, contextlib.ExitStack() as clients:
        for _ in range(4):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(listener.getsockname())
        yield listener.getsockname()


@pytest.mark.parametrize("passed", range(6))
async def test_cancelled_connect_closes_its_descriptor_once(loop, passed):
    with full_listener() as address:
        before = open_sockets()
        task = asyncio.create_task(loop.create_connection(Recorder, *address))
        await turns(passed)
        opened = open_sockets() - before
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert open_sockets() == before
        if passed > 3:
            assert opened, "by then it connects"
        if opened:
            await strangers_survive(opened)


async def test_connect_that_times_out_closes_its_descriptor_once(loop):
    with full_listener() as address:
        before = open_sockets()
        opened = set()
        loop.call_later(0.005, lambda: opened.update(open_sockets() - before))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await loop.create_connection(Recorder, *address)
        await strangers_survive(opened)


async def test_connect_cancelled_as_it_succeeds_closes_its_descriptor_once(loop):
    """The connection is there and the transport made, and nobody gets it any more."""
    with listening() as listener:
        for passed in range(3, 9):
            before = open_sockets()
            task = asyncio.create_task(loop.create_connection(Recorder, *listener.getsockname()))
            await turns(passed)
            opened = open_sockets() - before
            task.cancel()
            await asyncio.wait([task])
            await turns(3)
            if task.cancelled():
                assert open_sockets() == before
                await strangers_survive(opened)
            else:
                task.result()[0].abort()
                await turns(2)
            listener.accept()[0].close()


async def test_refused_connect_closes_its_descriptor_once(loop):
    with listening() as listener:
        address = listener.getsockname()
    opened = set()
    made = socket.socket

    class Counted(made):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            opened.add(self.fileno())

    socket.socket = Counted
    try:
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Recorder, *address)
    finally:
        socket.socket = made
    await strangers_survive(opened)


async def test_cancelled_sock_connect_leaves_the_descriptor_to_its_owner(loop):
    with full_listener() as address, socket.socket() as sock:
        sock.setblocking(False)
        task = asyncio.create_task(loop.sock_connect(sock, address))
        await turns(3)
        task.cancel()
        await asyncio.wait([task])
        assert os.fstat(sock.fileno())
        number = sock.fileno()
        sock.close()
        await strangers_survive({number})


@pytest.mark.parametrize("method", ["close", "abort"])
async def test_closed_transport_closes_its_descriptor_once(loop, method):
    with listening() as listener:
        transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
        number = transport.get_extra_info("socket").fileno()
        getattr(transport, method)()
        transport.abort()
        await protocol.lost
        await turns(1)
        transport.abort()
        transport.close()
        del transport, protocol.transport
        await strangers_survive({number})


async def test_closed_server_closes_its_descriptors_once(loop):
    before = open_sockets()
    server = await loop.create_server(Recorder, HOST, 0)
    opened = open_sockets() - before
    server.close()
    await turns(2)
    server.close()
    del server
    await strangers_survive(opened)

"""A cancelled connect closes its descriptor once (uvloop#738): the next owner of the number lives.

Each test lets a connection end, gives its number to a file of its own in the turn it is free, and
sees whether that file is still there when everything that could close it has run. For pipes:
test_pipes_closed_once.
"""

import asyncio
import os
import socket

import pytest

from support import datagrams
from support.descriptors import DESCRIPTORS, Strangers, open_sockets
from support.net import HOST, full_listener, listening
from support.protocols import Recorder
from support.turns import turns
from support.unix import bound

pytestmark = pytest.mark.skipif(not os.path.isdir(DESCRIPTORS), reason=f"reads {DESCRIPTORS}")


async def cancel(task, before):
    """Cancel what connects, and see that nobody closes the number of its descriptor again."""
    strangers = Strangers(open_sockets() - before)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()[0].abort()
    await turns(3)
    assert open_sockets() == before
    await strangers.survive()


@pytest.mark.parametrize("passed", range(6))
async def test_cancelled_connect_closes_its_descriptor_once(loop, passed):
    with full_listener() as address:
        before = open_sockets()
        task = asyncio.create_task(loop.create_connection(Recorder, *address))
        await turns(passed)
        opened = open_sockets() - before
        assert opened or passed < 4, "by then it connects"
        strangers = Strangers(opened) if opened else None
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert open_sockets() == before
        if strangers:
            await strangers.survive()


async def test_connect_that_times_out_closes_its_descriptor_once(loop):
    with full_listener() as address:
        before = open_sockets()
        strangers = []
        loop.call_later(0.005, lambda: strangers.append(Strangers(open_sockets() - before)))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await loop.create_connection(Recorder, *address)
        await strangers[0].survive()


async def test_connect_cancelled_as_it_succeeds_closes_its_descriptor_once(loop):
    """The connection is there and the transport made, and nobody gets it any more."""
    with listening() as listener:
        for passed in range(3, 9):
            before = open_sockets()
            task = asyncio.create_task(loop.create_connection(Recorder, *listener.getsockname()))
            await turns(passed)
            await cancel(task, before)
            listener.accept()[0].close()


async def test_refused_connect_closes_its_descriptor_once(loop, monkeypatch):
    with listening() as listener:
        address = listener.getsockname()
    strangers = []

    class Watched(socket.socket):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            strangers.append(Strangers({self.fileno()}))

    monkeypatch.setattr(socket, "socket", Watched)
    with pytest.raises(ConnectionRefusedError):
        await loop.create_connection(Recorder, *address)
    await strangers[0].survive()


async def test_cancelled_sock_connect_leaves_the_descriptor_to_its_owner(loop):
    with full_listener() as address, socket.socket() as sock:
        sock.setblocking(False)
        task = asyncio.create_task(loop.sock_connect(sock, address))
        await turns(3)
        task.cancel()
        await asyncio.wait([task])
        await turns(2)
        assert os.fstat(sock.fileno())
        strangers = Strangers({sock.fileno()})
        sock.close()
        await strangers.survive()


@pytest.mark.parametrize("method", ["close", "abort"])
async def test_closed_transport_closes_its_descriptor_once(loop, method):
    with listening() as listener:
        transport, protocol = await loop.create_connection(Recorder, *listener.getsockname())
        strangers = Strangers({transport.get_extra_info("socket").fileno()})
        getattr(transport, method)()
        transport.abort()
        await protocol.lost
        await turns(1)
        transport.abort()
        transport.close()
        del transport, protocol.transport
        await strangers.survive()


async def test_closed_server_closes_its_descriptors_once(loop):
    before = open_sockets()
    server = await loop.create_server(Recorder, HOST, 0)
    strangers = Strangers(open_sockets() - before)
    server.close()
    await turns(2)
    server.close()
    del server
    await strangers.survive()


@pytest.mark.parametrize("passed", range(1, 6))
async def test_cancelled_unix_connect_closes_its_descriptor_once(loop, socket_path, passed):
    with bound(socket_path) as listener:
        listener.listen()
        before = open_sockets()
        task = asyncio.create_task(loop.create_unix_connection(Recorder, socket_path))
        await turns(passed)
        await cancel(task, before)


@pytest.mark.parametrize("passed", range(1, 5))
async def test_cancelled_datagram_endpoint_closes_its_descriptor_once(loop, passed):
    before = open_sockets()
    task = asyncio.create_task(
        loop.create_datagram_endpoint(datagrams.Recorder, local_addr=(HOST, 0))
    )
    await turns(passed)
    opened = open_sockets() - before
    strangers = Strangers(opened) if opened else None
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()[0].abort()
    await turns(3)
    assert open_sockets() == before
    if strangers:
        await strangers.survive()

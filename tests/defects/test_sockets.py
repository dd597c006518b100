"""sock_sendto and its siblings (uvloop#655), and sendfile (uvloop#228, uvloop#549)."""

import asyncio
import contextlib
import os
import socket

import pytest

from support.net import HOST, connected, receive_exactly, tcp_pair
from support.turns import turns

DATA = bytes(range(256)) * 4000


@pytest.fixture
def udp():
    """Two non-blocking UDP sockets on the loopback."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2)]
        for sock in socks:
            sock.bind((HOST, 0))
            sock.setblocking(False)
        yield socks


@pytest.fixture
def file(tmp_path):
    """A regular file with DATA in it."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        yield file


async def test_sock_sendto_and_sock_recvfrom_are_there(loop, udp):
    ours, theirs = udp
    waiting = asyncio.create_task(loop.sock_recvfrom(ours, 100))
    await turns(2)
    assert await loop.sock_sendto(theirs, b"datagram", ours.getsockname()) == 8
    assert await waiting == (b"datagram", theirs.getsockname())


async def test_sock_recvfrom_into_is_there(loop, udp):
    ours, theirs = udp
    buffer = bytearray(10)
    waiting = asyncio.create_task(loop.sock_recvfrom_into(ours, buffer))
    await turns(2)
    await loop.sock_sendto(theirs, b"datagram", ours.getsockname())
    assert await waiting == (8, theirs.getsockname())
    assert buffer == b"datagram\0\0"
    await loop.sock_sendto(theirs, b"more", ours.getsockname())
    assert await loop.sock_recvfrom_into(ours, memoryview(buffer)[4:], 2) == (
        2,
        theirs.getsockname(),
    )
    assert buffer == b"datamoam\0\0"


async def test_sock_sendfile_is_there(loop, file):
    ours, peer = tcp_pair(65536)
    ours.setblocking(False)
    with ours, peer:
        sending = asyncio.create_task(loop.sock_sendfile(ours, file, fallback=False))
        assert await asyncio.to_thread(receive_exactly, peer, len(DATA)) == DATA
        assert await sending == len(DATA)


async def test_sendfile_is_there(loop, file):
    async with connected(small_buffers=True) as (transport, _protocol, peer):
        transport.write(b"head ")
        sending = asyncio.create_task(loop.sendfile(transport, file, fallback=False))
        data = await asyncio.to_thread(receive_exactly, peer, len(DATA) + 5)
        assert await sending == len(DATA)
        assert data == b"head " + DATA
        transport.write(b" tail")
        assert receive_exactly(peer, 5) == b" tail"


@pytest.mark.skipif(not hasattr(os, "sendfile"), reason="no sendfile(2)")
async def test_sendfile_reads_nothing_into_python(loop, file):
    """The kernel sends: the file object is asked for its descriptor and position alone."""

    class Unread:
        def __init__(self, file):
            self.fileno, self.seek, self.tell, self.mode = file.fileno, file.seek, file.tell, "rb"

        def read(self, *args):
            raise AssertionError("read")

        readinto = read

    async with connected() as (transport, _protocol, peer):
        sending = asyncio.create_task(loop.sendfile(transport, Unread(file)))
        assert await asyncio.to_thread(receive_exactly, peer, len(DATA)) == DATA
        assert await sending == len(DATA)

"""sock_recvfrom, sock_recvfrom_into, sock_sendto and sock_sendall with datagrams."""

import asyncio
import socket

import pytest

from support.datagrams import endpoint, name_of
from support.turns import turns


@pytest.fixture
def pair():
    """Two connected non-blocking Unix datagram sockets; the first sends some ten, then it waits."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


def fill(sock) -> int:
    """Send until the system refuses. Gives how many datagrams that took."""
    count = 0
    while True:
        try:
            sock.send(b"filler")
        except BlockingIOError:
            return count
        count += 1


@pytest.fixture
def named(tmp_path):
    """The path of a bound Unix datagram socket, that socket, and one to send to it."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(b"")
        receiver.setblocking(False)
        sender.setblocking(False)
        yield receiver.getsockname(), receiver, sender


async def test_sendto_waits_until_there_is_room(loop, named):
    name, receiver, sender = named
    sender.connect(name)
    count = fill(sender)
    task = asyncio.create_task(loop.sock_sendto(sender, b"last", name))
    await turns(3)
    assert not task.done()
    for _ in range(count):
        assert receiver.recv(10) == b"filler"
    assert await task == 4
    assert receiver.recv(10) == b"last"


async def test_a_cancelled_sendto_sends_nothing(loop, named):
    name, receiver, sender = named
    sender.connect(name)
    count = fill(sender)
    task = asyncio.create_task(loop.sock_sendto(sender, b"never", name))
    await turns(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(count):
        receiver.recv(10)
    await turns(5)
    with pytest.raises(BlockingIOError):
        receiver.recv(10)
    assert not loop.remove_writer(sender)


async def test_sendall_of_a_datagram(loop, pair):
    ours, theirs = pair
    await loop.sock_sendall(ours, b"whole")
    await loop.sock_sendall(ours, b"")
    assert [theirs.recv(10), theirs.recv(10)] == [b"whole", b""]


async def test_sendall_of_nothing_to_a_peer_that_is_gone(loop, pair):
    ours, theirs = pair
    theirs.close()
    with pytest.raises(ConnectionRefusedError):
        await loop.sock_sendall(ours, b"")


async def test_a_cancelled_recvfrom_takes_nothing(loop, named):
    name, receiver, sender = named
    for receive in (
        lambda: loop.sock_recvfrom(receiver, 10),
        lambda: loop.sock_recvfrom_into(receiver, bytearray(10)),
    ):
        task = asyncio.create_task(receive())
        await turns(2)
        sender.sendto(b"kept", name)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await loop.sock_recvfrom(receiver, 10) == (b"kept", None)


async def test_a_datagram_longer_than_asked_for_is_cut(loop, pair):
    ours, theirs = pair
    for _ in range(3):
        ours.send(b"0123456789")
    assert await loop.sock_recvfrom(theirs, 4) == (b"0123", None)
    buffer = bytearray(8)
    assert await loop.sock_recvfrom_into(theirs, buffer, 2) == (2, None)
    assert buffer == b"01" + bytes(6)
    assert await loop.sock_recv(theirs, 3) == b"012"


async def test_wrong_sizes(loop, pair):
    _, theirs = pair
    with pytest.raises(ValueError, match="negative buffersize"):
        await loop.sock_recvfrom(theirs, -1)
    with pytest.raises(ValueError, match="nbytes is greater than the length of the buffer"):
        await loop.sock_recvfrom_into(theirs, bytearray(2), 3)
    with pytest.raises(TypeError):
        await loop.sock_recvfrom_into(theirs, b"read-only")


async def test_the_socket_of_an_endpoint_is_refused(loop):
    async with endpoint() as (transport, _):
        sock = socket.socket(fileno=transport.get_extra_info("socket").fileno())
        sock.setblocking(False)
        try:
            with pytest.raises(RuntimeError, match="is used by transport"):
                await loop.sock_recvfrom(sock, 10)
            assert await loop.sock_sendto(sock, b"x", name_of(transport)) == 1
        finally:
            sock.detach()

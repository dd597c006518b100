"""sock_recv, sock_sendall, sock_connect, sock_accept and their siblings."""

import asyncio
import socket

import pytest

from support.net import listening, tcp_pair
from support.turns import turns


@pytest.fixture
def pair():
    """Two connected non-blocking TCP sockets."""
    ours, theirs = tcp_pair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


@pytest.fixture
def datagrams():
    """Two bound non-blocking UDP sockets."""
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
    yield socks
    for sock in socks:
        sock.close()


async def test_recv_of_what_is_there_and_of_what_comes(loop, pair):
    ours, theirs = pair
    await loop.sock_sendall(theirs, b"here")
    assert await loop.sock_recv(ours, 2) == b"he"
    assert await loop.sock_recv(ours, 100) == b"re"
    task = asyncio.create_task(loop.sock_recv(ours, 100))
    await turns(2)
    assert not task.done()
    theirs.send(b"later")
    assert await task == b"later"
    theirs.close()
    assert await loop.sock_recv(ours, 100) == b""


async def test_recv_into(loop, pair):
    ours, theirs = pair
    buffer = bytearray(8)
    theirs.send(b"123")
    assert await loop.sock_recv_into(ours, buffer) == 3
    assert buffer == b"123\0\0\0\0\0"
    task = asyncio.create_task(loop.sock_recv_into(ours, memoryview(buffer)[4:]))
    await turns(2)
    theirs.send(b"4567")
    assert await task == 4
    assert buffer == b"123\x004567"
    with pytest.raises((TypeError, BufferError)):
        await loop.sock_recv_into(ours, b"read-only")


async def test_datagrams(loop, datagrams):
    ours, theirs = datagrams
    assert await loop.sock_sendto(theirs, b"one", ours.getsockname()) == 3
    assert await loop.sock_recvfrom(ours, 100) == (b"one", theirs.getsockname())
    task = asyncio.create_task(loop.sock_recvfrom(ours, 100))
    await turns(2)
    await loop.sock_sendto(theirs, b"", ours.getsockname())
    assert await task == (b"", theirs.getsockname())
    buffer = bytearray(8)
    task = asyncio.create_task(loop.sock_recvfrom_into(ours, buffer))
    await turns(2)
    await loop.sock_sendto(theirs, b"three", ours.getsockname())
    assert await task == (5, theirs.getsockname())
    await loop.sock_sendto(theirs, b"four", ours.getsockname())
    assert await loop.sock_recvfrom_into(ours, buffer, 2) == (2, theirs.getsockname())
    assert buffer[:2] == b"fo"


async def test_sendall_of_more_than_the_kernel_takes(loop, pair):
    ours, theirs = pair
    data = bytes(range(256)) * 40_000

    async def read():
        got = bytearray()
        while len(got) < len(data):
            got += await loop.sock_recv(theirs, 65536)
        return got

    reading = asyncio.create_task(read())
    assert await loop.sock_sendall(ours, memoryview(data)) is None
    assert await reading == data


async def test_sendall_of_nothing(loop, pair):
    assert await loop.sock_sendall(pair[0], b"") is None


async def test_sendall_to_a_peer_that_is_gone(loop, pair):
    ours, theirs = pair
    theirs.close()
    with pytest.raises(ConnectionError):
        while True:
            await loop.sock_sendall(ours, b"." * 65536)


async def test_a_cancelled_sendall_stops_sending(loop, pair):
    ours, theirs = pair
    task = asyncio.create_task(loop.sock_sendall(ours, bytes(20_000_000)))
    await turns(2)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert loop.remove_writer(ours) is False
    ours.close()
    while await loop.sock_recv(theirs, 65536):
        pass


async def test_accept_and_connect(loop):
    with listening() as listener, socket.socket() as client:
        listener.setblocking(False)
        client.setblocking(False)
        accepting = asyncio.create_task(loop.sock_accept(listener))
        await turns(2)
        assert await loop.sock_connect(client, listener.getsockname()) is None
        conn, address = await accepting
        with conn:
            assert address == client.getsockname()
            assert conn.getblocking() is False
            await loop.sock_sendall(conn, b"hello")
            assert await loop.sock_recv(client, 100) == b"hello"


async def test_connect_resolves_names(loop):
    with listening() as listener, socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, ("localhost", listener.getsockname()[1]))
        assert client.getpeername() == listener.getsockname()


async def test_connect_refused(loop):
    with listening() as listener:
        address = listener.getsockname()
    with socket.socket() as client:
        client.setblocking(False)
        with pytest.raises(ConnectionRefusedError):
            await loop.sock_connect(client, address)


async def test_connect_cancelled(loop):
    with listening(backlog=0) as listener:
        # The queue of the listener is full after the first: further connects stay under way.
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.setblocking(False)
        tasks = [asyncio.create_task(loop.sock_connect(c, listener.getsockname())) for c in clients]
        await turns(3)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert any(task.cancelled() for task in tasks)
        for client in clients:
            assert loop.remove_writer(client) is False
            client.close()


async def test_accept_cancelled_takes_no_connection(loop):
    with listening() as listener:
        listener.setblocking(False)
        task = asyncio.create_task(loop.sock_accept(listener))
        await turns(2)
        with socket.create_connection(listener.getsockname()):
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            conn, _ = await loop.sock_accept(listener)
            conn.close()


async def test_recv_cancelled_loses_no_data(loop, pair):
    ours, theirs = pair
    for n in range(10):
        task = asyncio.create_task(loop.sock_recv(ours, 100))
        await turns(2)
        task.cancel()
        theirs.send(b"%d" % n)
        await asyncio.wait([task])
        assert task.cancelled()
        assert loop.remove_reader(ours) is False
        assert await loop.sock_recv(ours, 100) == b"%d" % n


async def test_recv_cancelled_as_the_data_comes(loop, pair):
    ours, theirs = pair
    task = asyncio.create_task(loop.sock_recv(ours, 100))
    await turns(2)
    theirs.send(b"kept")
    task.cancel()
    await asyncio.wait([task])
    assert await loop.sock_recv(ours, 100) == b"kept"


async def test_wait_for_recv_that_times_out_loses_no_data(loop, pair):
    ours, theirs = pair
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(loop.sock_recv(ours, 100), 0.001)
    theirs.send(b"kept")
    assert await asyncio.wait_for(loop.sock_recv(ours, 100), 60) == b"kept"


async def test_recv_and_sendall_at_once_on_one_socket(loop, pair):
    ours, theirs = pair
    data = bytes(5_000_000)
    receiving = asyncio.create_task(loop.sock_recv(ours, 100))
    sending = asyncio.create_task(loop.sock_sendall(ours, data))
    await turns(2)
    theirs.send(b"other way")
    assert await receiving == b"other way"
    count = 0
    while count < len(data):
        count += len(await loop.sock_recv(theirs, 65536))
    await sending


def uses(loop, sock):
    """A coroutine of each method."""
    return [
        loop.sock_recv(sock, 1),
        loop.sock_recv_into(sock, bytearray(1)),
        loop.sock_recvfrom(sock, 1),
        loop.sock_recvfrom_into(sock, bytearray(1)),
        loop.sock_sendall(sock, b"."),
        loop.sock_sendto(sock, b".", ("127.0.0.1", 9)),
        loop.sock_connect(sock, ("127.0.0.1", 9)),
        loop.sock_accept(sock),
    ]


async def test_blocking_sockets_in_debug_mode(loop):
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    with socket.socket() as sock:
        for use in uses(loop, sock):
            with pytest.raises(ValueError, match="the socket must be non-blocking"):
                await use


async def test_a_closed_socket(loop):
    sock = socket.socket()
    sock.setblocking(False)
    sock.close()
    for use in uses(loop, sock):
        with pytest.raises((OSError, ValueError)):
            await use


async def test_tls_sockets_are_refused(loop):
    ssl = pytest.importorskip("ssl")
    with socket.socket() as plain:
        sock = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(
            plain, do_handshake_on_connect=False, server_hostname="name"
        )
        with sock:
            sock.setblocking(False)
            for use in uses(loop, sock):
                with pytest.raises(TypeError, match="Socket cannot be of type SSLSocket"):
                    await use

"""TCP connections between a transport of the loop under test and a plain socket of the test."""

import asyncio
import contextlib
import select
import socket
import struct

from support.protocols import Recorder

HOST = "127.0.0.1"
SECONDS = 30


def listening(family=socket.AF_INET, host=HOST, backlog=100) -> socket.socket:
    """A listening socket on a free port."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, 0))
    sock.listen(backlog)
    return sock


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected blocking TCP sockets with a time limit."""
    with listening() as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    ours.settimeout(SECONDS)
    theirs.settimeout(SECONDS)
    return ours, theirs


@contextlib.asynccontextmanager
async def connected(factory=Recorder, *, small_buffers=False):
    """A transport, its protocol, and the blocking socket at the other end.

    small_buffers: the kernel's buffers hold little, so that writes fill them soon.
    """
    ours, peer = tcp_pair()
    if small_buffers:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(factory, sock=ours)
    # What create_connection has just resolved was read already from the first turn on.
    try:
        yield transport, protocol, peer
    finally:
        peer.close()
        transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)


def wait_readable(*socks) -> None:
    """Block until the kernel says that each of these is readable."""
    for sock in socks:
        assert select.select([sock], [], [], SECONDS)[0], "no data came"


def wait_hangup(sock) -> None:
    """Block until the kernel has seen an error or a full close on this socket."""
    poll = select.poll()
    poll.register(sock, 0)
    assert poll.poll(SECONDS * 1000), "no hang-up came"


def reset(sock: socket.socket) -> None:
    """Close the socket so that the peer gets a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def receive_all(sock: socket.socket) -> bytes:
    """Read a blocking socket to its end."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def receive_exactly(sock: socket.socket, count: int) -> bytes:
    """Read this many bytes from a blocking socket, or up to its end."""
    data = bytearray()
    while len(data) < count and (more := sock.recv(min(65536, count - len(data)))):
        data += more
    return bytes(data)

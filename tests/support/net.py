"""Connections between a transport of the loop under test and a plain socket of the test."""

import asyncio
import contextlib
import select
import socket
import struct

from support.protocols import Recorder

HOST = "127.0.0.1"
SECONDS = 30


def listening(family=socket.AF_INET, host=HOST, backlog=100, buffer=None) -> socket.socket:
    """A listening socket on a free port; `buffer` is the size of the kernel's buffers, in bytes."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    _set_buffer(sock, buffer)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, 0))
    sock.listen(backlog)
    return sock


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


def watch_connects(loop, monkeypatch, note) -> None:
    """Have `note(address)` called before the loop's `sock_connect` connects there."""
    own = loop.sock_connect

    async def sock_connect(sock, address):
        note(address)
        await own(sock, address)

    monkeypatch.setattr(loop, "sock_connect", sock_connect)


def _set_buffer(sock: socket.socket, size: int | None) -> None:
    if size is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def tcp_pair(buffer: int | None = None) -> tuple[socket.socket, socket.socket]:
    """Two connected blocking TCP sockets with a time limit."""
    ours = socket.socket()
    _set_buffer(ours, buffer)
    with listening(buffer=buffer) as listener:
        ours.connect(listener.getsockname())
        theirs, _ = listener.accept()
    ours.settimeout(SECONDS)
    theirs.settimeout(SECONDS)
    return ours, theirs


def unix_pair(buffer: int | None = None) -> tuple[socket.socket, socket.socket]:
    """Two connected blocking Unix sockets with a time limit."""
    pair = socket.socketpair(socket.AF_UNIX)
    for sock in pair:
        _set_buffer(sock, buffer)
        sock.settimeout(SECONDS)
    return pair


PAIRS = {"tcp": tcp_pair, "unix": unix_pair}


@contextlib.asynccontextmanager
async def connected(factory=Recorder, *, small_buffers=False, family="tcp"):
    """A transport, its protocol, and the blocking socket at the other end.

    small_buffers: the kernel keeps some 200 KB at most, instead of megabytes.
    """
    ours, peer = PAIRS[family](65536 if small_buffers else None)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(factory, sock=ours)
    try:
        yield transport, protocol, peer
    finally:
        peer.close()
        # asyncio's raises AttributeError where there is nothing left to abort.
        if transport.get_extra_info("socket").fileno() != -1:
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
    """Close the socket so that the peer gets a RST; a Unix one must have something to read."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def reset_by(peer, transport):
    """Have the peer vanish, with something left to read: so the kernel resets Unix sockets too."""
    transport.write(b"unread")
    wait_readable(peer)
    reset(peer)


def receive_all(sock: socket.socket) -> bytes:
    """Read a blocking socket to its end."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def receive_exactly(sock: socket.socket, count: int) -> bytes:
    """Read this many bytes from a blocking socket, or up to its end."""
    data = bytearray()
    while len(data) < count and (more := sock.recv(min(65536, count - len(data)))):
        data += more
    return bytes(data)

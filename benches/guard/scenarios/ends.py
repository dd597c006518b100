"""Servers, and the peers at the other end."""

import asyncio
import contextlib
import os
import socket

from rondel_guard import Peer

HOST = "127.0.0.1"
KB = 1024  # bytes
# In a section. The loop registers a descriptor anew after each 256 events of it.
MESSAGES = 512
# Bytes of each socket's buffers: a message of 100 KB fits, so that it goes and comes as a whole.
# Linux gives twice as much, and, where nobody was asked, to no more than 208 KiB.
ROOM = 200 * KB


def roomy(family, kind=socket.SOCK_STREAM):
    sock = socket.socket(family, kind)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, ROOM)
    return sock


def tcp():
    """A socket that listens; what it accepts inherits its buffers."""
    sock = roomy(socket.AF_INET)
    sock.bind((HOST, 0))
    sock.listen()
    return sock


def unix():
    sock = roomy(socket.AF_UNIX)
    # An abstract name leaves nothing behind in the file system.
    sock.bind(f"\0rondel-guard-{os.getpid()}")
    sock.listen()
    return sock


def connected(listener, size):
    """A peer that sends messages of `size` bytes."""
    with roomy(listener.family) as sock:
        sock.connect(listener.getsockname())
        if listener.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Peer(sock.fileno(), size)


@contextlib.asynccontextmanager
async def accepted(listener, factory, count, size):
    """`count` peers, with the protocols at their other ends, which `factory` made."""
    loop = asyncio.get_running_loop()
    made = []

    def make():
        made.append(factory())
        return made[-1]

    if listener.family == socket.AF_UNIX:
        server = await loop.create_unix_server(make, sock=listener)
    else:
        server = await loop.create_server(make, sock=listener)
    ends = []
    for number in range(count):
        peer = connected(listener, size)
        while len(made) == number:
            await asyncio.sleep(0)
        ends.append((peer, made[number]))
    try:
        yield ends
    finally:
        for _, protocol in ends:
            protocol.transport.abort()
        server.close()
        await asyncio.sleep(0)

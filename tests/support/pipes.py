"""Pipes between a transport of the loop under test and a descriptor of the test."""

import asyncio
import contextlib
import fcntl
import os

from support.protocols import Recorder
from support.turns import turns

SIZE = 4096  # bytes that a pipe of `small=True` holds


def pipe(small: bool = False):
    """The file objects of the reading and of the writing end."""
    ends = os.pipe()
    if small:
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, SIZE)
    return open(ends[0], "rb", buffering=0), open(ends[1], "wb", buffering=0)


@contextlib.asynccontextmanager
async def reading(factory=Recorder):
    """A read transport, its protocol, and the file to write to."""
    ours, theirs = pipe()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_read_pipe(factory, ours)
    try:
        with theirs:
            yield transport, protocol, theirs
    finally:
        transport.close()
        await turns(3)


@contextlib.asynccontextmanager
async def writing(factory=Recorder, *, small: bool = False):
    """A write transport, its protocol, and the file to read from.

    small: the kernel keeps `SIZE` bytes.
    """
    theirs, ours = pipe(small)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(factory, ours)
    try:
        with theirs:
            yield transport, protocol, theirs
    finally:
        if not protocol.lost.done():
            transport.abort()
        await turns(3)


def read_all(file) -> bytes:
    """Read a blocking file to its end."""
    return b"".join(iter(lambda: file.read(65536), b""))

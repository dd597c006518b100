"""`sendfile` and `sock_sendfile`: a file goes to a socket inside the kernel (sendfile(2))."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from .lifecycle import wake
from .socks import SocketCalls
from .transports import StreamTransport

#: So many bytes one call may be asked for: more does not fit its argument everywhere.
_AT_ONCE = sys.maxsize // 2 + 1


class SendFiles(SocketCalls):
    """The part of the loop that sends files: the hooks that `asyncio.BaseEventLoop` leaves.

    Arguments are checked there, and where the kernel can't send the file from itself, it is read
    and sent there.
    """

    __slots__ = ()

    async def _sock_sendfile_native(
        self, sock: socket.socket, file: Any, offset: int, count: int | None
    ) -> int:
        return await _send_file(sock, file, offset, count, lambda: self._writable(sock))

    async def _sendfile_native(
        self, transp: StreamTransport, file: Any, offset: int, count: int | None
    ) -> int:
        async with _transfer(transp) as sock:
            self._check_sendfile_params(sock, file, offset, count)
            return await _send_file(sock, file, offset, count, lambda: _room(transp))


async def _send_file(
    sock: socket.socket,
    file: Any,
    offset: int,
    count: int | None,
    writable: Callable[[], Awaitable[None]],
) -> int:
    """Send ``count`` bytes from ``offset`` on, or all that follow. Gives how many were sent.

    The file's position is then behind the last byte sent, on an error or a cancellation as well.
    Raises `asyncio.SendfileNotAvailableError` when the kernel can't send the first byte, OSError
    when it can't send a later one.
    """
    if not hasattr(os, "sendfile"):
        raise asyncio.SendfileNotAvailableError("os.sendfile() is not available")
    fd, size = _regular_file(file)
    if not (count or size):
        return 0
    sent = 0
    try:
        while count is None or sent < count:
            left = min(count - sent if count else size, _AT_ONCE)
            try:
                taken = os.sendfile(sock.fileno(), fd, offset + sent, left)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                if sent:
                    raise
                raise asyncio.SendfileNotAvailableError("os.sendfile call failed") from error
            else:
                if taken == 0:
                    break
                sent += taken
            # After each part, so that others get their turn.
            await writable()
    finally:
        if sent:
            os.lseek(fd, offset + sent, os.SEEK_SET)
    return sent


def _regular_file(file: Any) -> tuple[int, int]:
    """The descriptor of a file and its size in bytes."""
    try:
        fd: int = file.fileno()
        return fd, os.fstat(fd).st_size
    except (AttributeError, OSError, io.UnsupportedOperation) as error:
        raise asyncio.SendfileNotAvailableError("not a regular file") from error


@contextlib.asynccontextmanager
async def _transfer(transport: StreamTransport) -> AsyncIterator[socket.socket]:
    """The transport's socket, for a file that is sent past its buffer.

    Meanwhile nothing is read, and `write` is refused. Raises ConnectionError when the connection
    is lost before what is buffered was sent.
    """
    if transport._stream.sending_file:
        raise RuntimeError("unable to send a file; sendfile is in progress")
    reads = transport.is_reading()
    transport.pause_reading()
    transport._stream.sending_file = True
    try:
        if transport._stream.buffer_size:
            await _wait(transport, transport._loop.create_future())
        if transport._sock is None:
            raise ConnectionError("Connection is closed by peer")
        yield transport._sock
    finally:
        transport._stream.sending_file = False
        if reads:
            transport.resume_reading()


async def _room(transport: StreamTransport) -> None:
    """Wait until the transport's socket takes more. Raises ConnectionError if it is lost."""
    event_loop: Any = transport._loop
    fd = transport._sock_fd
    future = event_loop.create_future()
    event_loop._add_writer(fd, wake, future)
    try:
        await _wait(transport, future)
    finally:
        # Another connection may have the descriptor of one that is lost.
        if transport._sock is not None:
            event_loop._remove_writer(fd)


async def _wait(transport: StreamTransport, future: asyncio.Future[None]) -> None:
    """Wait for what the transport does to a transfer under way: it drains, or it is lost."""
    transport._transfer = future
    try:
        await future
    finally:
        transport._transfer = None

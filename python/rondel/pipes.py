"""Pipes, FIFOs, terminals, and sockets as their likes: one transport for each direction.

What happens once a pipe is here; what happens once a packet is native.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import warnings
from asyncio.log import logger
from typing import TYPE_CHECKING, Any

from . import _rondel
from .flow import Reading, Writing
from .lifecycle import Lifecycle
from .readers import Readers


class PipeTransport(Lifecycle):
    """One end of a pipe, given to a protocol. It owns the file object, and closes it at the end.

    The order of callbacks and the messages are those of ``_UnixReadPipeTransport`` and
    ``_UnixWritePipeTransport`` in ``asyncio.unix_events``.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_fileno",
        "_loop",
        "_native",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
        "_over",
        "_pipe",
        "_stream",
    )

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None,
        extra: dict[str, Any] | None,
        *,
        writes: bool,
    ) -> None:
        fd: int = pipe.fileno()
        # First, as it refuses what is no loop of ours, and a second time.
        self._stream = _rondel.init_pipe(self, event_loop, fd, protocol, writes)
        super().__init__({**(extra or {}), "pipe": pipe})
        self._loop = event_loop
        self._fileno = fd
        self._pipe: Any = None
        #: Whether connection_lost is scheduled, or was called.
        self._over = False
        os.set_blocking(fd, False)
        self._begin(protocol, waiter)
        self._pipe = pipe

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        if self._pipe is None:
            info.append("closed")
        elif self._stream.closing:
            info.append("closing")
        info.append(f"fd={self._fileno}")
        if self._pipe is None:
            info.append("closed")
        elif self._loop.is_closed():
            info.append("open")
        else:
            info.extend(self._describe())
        return f"<{' '.join(info)}>"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if getattr(self, "_pipe", None) is not None:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self.release()

    def _describe(self) -> list[str]:
        raise NotImplementedError

    def _fatal_error(
        self, error: BaseException, message: str = "Fatal error on pipe transport"
    ) -> None:
        super()._fatal_error(error, message)

    def _force_close(self, error: BaseException | None) -> None:
        self._stream.begin_close()
        self._stream.discard()
        self._stream.stop_reading()
        self._lose(error)

    def _lose(self, error: BaseException | None) -> None:
        if not self._over:
            self._over = True
            self._loop.call_soon(self._call_connection_lost, error)

    def _call_connection_lost(self, error: BaseException | None) -> None:
        protocol: Any = self._stream.protocol
        try:
            protocol.connection_lost(error)
        finally:
            self.release()

    def release(self) -> None:
        """Close the descriptor, with no word to the protocol."""
        self._over = True
        self._stream.disconnect()
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()


class ReadPipeTransport(Reading, PipeTransport, asyncio.ReadTransport):
    """The end of a pipe that is read.

    Raises ValueError for a file that is no pipe, socket or character device.
    """

    __slots__ = ()

    _stream: _rondel.Stream

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        if not _is_stream(os.fstat(pipe.fileno()).st_mode):
            raise ValueError("Pipe transport is for pipes/sockets only.")
        super().__init__(event_loop, pipe, protocol, waiter, extra, writes=False)

    def _describe(self) -> list[str]:
        return ["polling" if self._stream.watching else "idle"]

    def _start_reading(self) -> None:
        if not self.is_reading():
            return
        try:
            self._stream.start_reading()
        except OSError as error:
            # A device that is always ready (/dev/null), which epoll refuses: nobody would ever
            # hear of its end. Not before `connect_read_pipe` has returned.
            self._loop.call_soon(self._fatal_error, error, "Fatal read error on pipe transport")

    def _eof_received(self) -> None:
        """All writers have closed (native code)."""
        if self._loop.get_debug():
            logger.info("%r was closed by peer", self)
        protocol: Any = self._stream.protocol
        self._stream.begin_close()
        try:
            self._loop.call_soon(protocol.eof_received)
        finally:
            # Also where the protocol has no such method.
            self._lose(None)

    def _is_expected(self, error: BaseException) -> bool:
        # How a terminal says that the other side has hung up.
        return isinstance(error, OSError) and error.errno == errno.EIO

    def close(self) -> None:
        """Close; connection_lost follows in the next turn."""
        if not self._stream.closing:
            self._force_close(None)


class WritePipeTransport(Writing, PipeTransport, asyncio.Transport):
    """The end of a pipe that is written. It is a `Transport`, as asyncio's: to read from it raises
    NotImplementedError.

    Raises ValueError for a file that is no pipe, socket or character device.
    """

    __slots__ = ("_notices",)

    _stream: _rondel.Stream

    if TYPE_CHECKING:

        def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
            """Native: attached below."""

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        mode = os.fstat(pipe.fileno()).st_mode
        if not _is_stream(mode):
            raise ValueError("Pipe transport is only for pipes, sockets and character devices")
        #: Whether the system reports that the reader has gone. What is read from a terminal is its
        #: input.
        self._notices = not stat.S_ISCHR(mode)
        super().__init__(event_loop, pipe, protocol, waiter, extra, writes=True)

    def _describe(self) -> list[str]:
        size = self._stream.buffer_size
        return ["polling" if size else "idle", f"bufsize={size}"]

    def _start_reading(self) -> None:
        if self._notices and not self._over:
            self._stream.start_reading()

    def _reader_gone(self) -> None:
        """Nobody can read any more (native code)."""
        if self._loop.get_debug():
            logger.info("%r was closed by peer", self)
        self._force_close(BrokenPipeError() if self._stream.buffer_size else None)

    def _drained(self) -> None:
        """All that was queued is written (native code)."""
        if self._stream.closing and not self._over:
            self._over = True
            self._call_connection_lost(None)

    def can_write_eof(self) -> bool:
        """True."""
        return True

    def write_eof(self) -> None:
        """Write what is queued, then close: that is how a pipe ends."""
        if self._stream.begin_close() and not self._stream.buffer_size:
            self._stream.stop_reading()
            self._lose(None)

    def close(self) -> None:
        """As `write_eof`."""
        self.write_eof()

    def abort(self) -> None:
        """Close at once; what is queued is lost. connection_lost follows in the next turn."""
        self._force_close(None)


class Pipes(Readers):
    """The part of the loop that makes the transports of `connect_read_pipe` and its sibling."""

    __slots__ = ()

    def _make_read_pipe_transport(
        self,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> ReadPipeTransport:
        self._check_free(pipe.fileno())
        return ReadPipeTransport(self, pipe, protocol, waiter, extra)

    def _make_write_pipe_transport(
        self,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> WritePipeTransport:
        self._check_free(pipe.fileno())
        return WritePipeTransport(self, pipe, protocol, waiter, extra)


def _is_stream(mode: int) -> bool:
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


_rondel.attach_pipes(PipeTransport, WritePipeTransport)

"""Bodies of responses as streams: `StreamReader` is native; here stand the names beside it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from .._rondel import HttpContent as StreamReader

__all__ = (
    "EMPTY_PAYLOAD",
    "DataQueue",
    "EmptyStreamReader",
    "EofStream",
    "FlowControlDataQueue",
    "StreamReader",
)

_T = TypeVar("_T")


class EofStream(Exception):
    """A `DataQueue` is at its end."""


class QueueIterator(Generic[_T]):
    """``async for`` over a queue."""

    __slots__ = ("_queue",)

    def __init__(self, queue: DataQueue[_T]) -> None:
        self._queue = queue

    def __aiter__(self) -> QueueIterator[_T]:
        return self

    async def __anext__(self) -> _T:
        try:
            return await self._queue.read()
        except EofStream:
            raise StopAsyncIteration from None


class DataQueue(Generic[_T]):
    """A queue for one reader, which ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._eof = False
        self._waiter: asyncio.Future[None] | None = None
        self._exception: BaseException | None = None
        self._buffer: deque[tuple[_T, int]] = deque()

    def __len__(self) -> int:
        return len(self._buffer)

    def is_eof(self) -> bool:
        """Whether nothing more will be put in."""
        return self._eof

    def at_eof(self) -> bool:
        """Whether nothing more will be taken out."""
        return self._eof and not self._buffer

    def exception(self) -> BaseException | None:
        """What the reader gets once the queue is empty."""
        return self._exception

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """End the queue with an error."""
        if exc_cause is not None and exc_cause is not exc:
            exc.__cause__ = exc_cause
        self._eof = True
        self._exception = exc
        self._wake()

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Put something in."""
        self._buffer.append((data, size))
        self._wake()

    def feed_eof(self) -> None:
        """End the queue."""
        self._eof = True
        self._wake()

    async def read(self) -> _T:
        """Take the next. Raises `EofStream` at the end, or what `set_exception` was given."""
        while not self._buffer and not self._eof:
            if self._waiter is not None:
                raise RuntimeError(
                    "read() called while another coroutine is already waiting for incoming data"
                )
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._buffer:
            data, size = self._buffer.popleft()
            self._taken(size)
            return data
        raise EofStream if self._exception is None else self._exception

    def __aiter__(self) -> QueueIterator[_T]:
        return QueueIterator(self)

    def _taken(self, size: int) -> None:
        """Something of this size has left."""

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class FlowControlDataQueue(DataQueue[_T]):
    """A queue that pauses who fills it, by ``pause_reading`` of ``protocol`` and its sibling."""

    def __init__(self, protocol: Any, limit: int, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._size = 0
        self._protocol = protocol
        self._limit = limit * 2

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Put something of ``size`` bytes in."""
        super().feed_data(data, size)
        self._size += size
        if self._size > self._limit and not self._protocol._reading_paused:
            self._protocol.pause_reading()

    def _taken(self, size: int) -> None:
        self._size -= size
        if self._size < self._limit and self._protocol._reading_paused:
            self._protocol.resume_reading()


class EmptyStreamReader:
    """A stream that has nothing."""

    __slots__ = ()
    total_bytes = 0
    total_raw_bytes = 0

    def __repr__(self) -> str:
        return "<EmptyStreamReader>"

    def __aiter__(self) -> EmptyStreamReader:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    def iter_chunked(self, n: int) -> EmptyStreamReader:
        """Iterate over nothing."""
        return self

    def iter_any(self) -> EmptyStreamReader:
        """Iterate over nothing."""
        return self

    def iter_chunks(self) -> EmptyStreamReader:
        """Iterate over nothing."""
        return self

    def exception(self) -> None:
        """Never an error."""

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Ignore it: nothing is read."""

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call it at once."""
        callback()

    def is_eof(self) -> bool:
        """Whether all is received."""
        return True

    def at_eof(self) -> bool:
        """Whether all is read."""
        return True

    async def wait_eof(self) -> None:
        """Return at once."""

    async def read(self, n: int = -1) -> bytes:
        """Return nothing."""
        return b""

    async def readany(self) -> bytes:
        """Return nothing."""
        return b""

    async def readchunk(self) -> tuple[bytes, bool]:
        """Return nothing, which ends no chunk."""
        return b"", True

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """Return nothing."""
        return b""

    async def readexactly(self, n: int) -> bytes:
        """Raise IncompleteReadError."""
        raise asyncio.IncompleteReadError(b"", n)

    def read_nowait(self, n: int = -1) -> bytes:
        """Return nothing."""
        return b""


EMPTY_PAYLOAD: Final = EmptyStreamReader()

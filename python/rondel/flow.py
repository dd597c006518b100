"""What transports have in common: reading paused and resumed, the limits of buffers."""

from __future__ import annotations

import asyncio
import sys
from asyncio.log import logger
from collections.abc import Iterable
from typing import Any

from . import _rondel


class Reading:
    """The part of a transport that gives data to its protocol."""

    __slots__ = ()

    _loop: asyncio.AbstractEventLoop
    _stream: _rondel.Stream | _rondel.Datagrams

    def is_reading(self) -> bool:
        """Whether data is given to the protocol as it comes."""
        return not self._stream.closing and not self._stream.paused

    @property
    def _paused(self) -> bool:
        """For programs that look."""
        return self._stream.paused

    @property
    def _closing(self) -> bool:
        """For programs that look."""
        return self._stream.closing

    def pause_reading(self) -> None:
        """Give the protocol nothing more until `resume_reading`. Again: no effect."""
        if not self.is_reading():
            return
        self._stream.paused = True
        self._stream.stop_reading()
        if self._loop.get_debug():
            logger.debug("%r pauses reading", self)

    def resume_reading(self) -> None:
        """Give the protocol what comes again. Again: no effect."""
        if self._stream.closing or not self._stream.paused:
            return
        self._stream.paused = False
        self._stream.start_reading()
        if self._loop.get_debug():
            logger.debug("%r resumes reading", self)


class Limits:
    """The part of a transport that queues what the system does not take yet."""

    __slots__ = ()

    _stream: _rondel.Stream | _rondel.Datagrams

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._stream.buffer_size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Low and high water, in bytes."""
        return self._stream.write_buffer_limits

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set high and low water, in bytes: 64 KiB and a quarter of high unless given.

        Raises ValueError unless high >= low >= 0.
        """
        self._stream.set_limits(*marks(high, low, 64 * 1024))


class Writing(Limits):
    """The same for a stream, which takes its bytes in any portions."""

    __slots__ = ()

    _stream: _rondel.Stream

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Send the parts in order, with as few system calls as it takes.

        Raises as `write`.
        """
        self._stream.write_many([_as_bytes(data) for data in list_of_data])


def marks(high: float | None, low: float | None, default: int) -> tuple[int, int]:
    """High and low water, in bytes: `default` and a quarter of high unless given.

    asyncio takes any numbers, as infinity for no limit. Raises ValueError unless high >= low >= 0.
    """
    if high is None:
        high = default if low is None else 4 * low
    if low is None:
        low = high // 4
    if not high >= low >= 0:
        raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
    return int(min(high, sys.maxsize)), int(min(low, sys.maxsize))


def _as_bytes(data: bytes | bytearray | memoryview[Any]) -> bytes:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
    return bytes(data)

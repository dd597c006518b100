"""The bytes of a multipart body, as its reader and those of its parts see them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, Protocol

_PIECE: Final = 2**16
#: Longer lines are refused, so that no server can make a client keep a whole body.
MAX_LINE: Final = 2**19


class Stream(Protocol):
    """Where the body comes from: the ``content`` of a response, or the like."""

    def read(self, n: int = -1, /) -> Awaitable[bytes]:
        """At most ``n`` bytes; none at the end."""


class Source:
    """One for all readers of a body: what one of them has not used is there for the next."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._ended = False

    async def _fill(self) -> bool:
        """Get more. False: there is none."""
        if not self._ended:
            data = await self._stream.read(_PIECE)
            self._ended = not data
            self._buffer += data
        return not self._ended

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def line(self, limit: int = MAX_LINE) -> bytes:
        """The next line, with its end; the last one may have none.

        Raises ValueError for one that is longer than ``limit``.
        """
        at = 0
        while (end := self._buffer.find(b"\n", at)) < 0:
            at = len(self._buffer)
            if at > limit:
                break
            if not await self._fill():
                return self._take(at)
        if max(end, at) > limit:
            raise ValueError(f"Got more than {limit} bytes when reading a line of a multipart body")
        return self._take(end + 1)

    async def exactly(self, count: int) -> bytes:
        """At most ``count`` bytes, and at least one; none at the end."""
        if not self._buffer:
            await self._fill()
        return self._take(count)

    async def before(self, delimiter: bytes, count: int) -> tuple[bytes, bool]:
        """At most ``count`` bytes of what stands before a delimiter; and whether that is all of it.
        The delimiter stays.

        Raises ValueError if the body ends without it.
        """
        while True:
            end = self._buffer.find(delimiter, 0, count + len(delimiter))
            if end >= 0:
                return self._take(end), True
            # As much as can't be the begin of the delimiter.
            sure = min(len(self._buffer) - len(delimiter) + 1, count)
            if sure > 0:
                return self._take(sure), False
            if not await self._fill():
                raise ValueError("Reading after EOF")

    async def line_before(self, delimiter: bytes) -> tuple[bytes, bool]:
        """The next line of what stands before a delimiter, which begins with a line's end; and
        whether it is the last.

        Raises ValueError if the body ends without the delimiter, or if the line is too long.
        """
        at = end = 0
        while True:
            end = end or self._buffer.find(b"\n", at) + 1
            # That line's end may be the begin of the delimiter: CR LF, and more.
            if end and len(self._buffer) >= end - 2 + len(delimiter):
                stop = end - 2
                if stop >= 0 and self._buffer.startswith(delimiter, stop):
                    return self._take(stop), True
                return self._take(end), False
            at = len(self._buffer)
            if at > MAX_LINE:
                raise ValueError(f"Got more than {MAX_LINE} bytes when reading a line")
            if not await self._fill():
                raise ValueError("Reading after EOF")

    def put_back(self, data: bytes) -> None:
        """Have this come next."""
        self._buffer[:0] = data

    async def starts_with(self, prefix: bytes) -> bool:
        """Whether this comes next."""
        while len(self._buffer) < len(prefix):
            if not await self._fill():
                return False
        return self._buffer.startswith(prefix)

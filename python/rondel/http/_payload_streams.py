"""Bodies that come piece by piece from asynchronous iterators."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

from ._payload_base import OCTET_STREAM, Payload

if TYPE_CHECKING:
    from .abc import AbstractStreamWriter
    from .content import StreamReader


class AsyncIterablePayload(Payload):
    """What an asynchronous iterator or generator gives. It can be sent once, unless `as_bytes` has
    kept it.
    """

    _iter: AsyncIterator[bytes] | None = None
    _cached_chunks: list[bytes] | None = None
    _autoclose = True

    def __init__(self, value: AsyncIterable[bytes], *args: Any, **kwargs: Any) -> None:
        if not isinstance(value, AsyncIterable):
            raise TypeError(
                "value argument must support collections.abc.AsyncIterable interface, "
                f"got {type(value)!r}"
            )
        kwargs.setdefault("content_type", OCTET_STREAM)
        super().__init__(value, *args, **kwargs)
        self._iter = aiter(value)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the first ``content_length`` bytes of it, or all. The iterator runs to its end in
        any case.
        """
        left = content_length
        if self._cached_chunks is not None:
            for chunk in self._cached_chunks:
                left = await _write(writer, chunk, left)
            return
        if self._iter is None:
            return
        # From here on it is used up, even if this does not come to its end.
        self._consumed = True
        async for chunk in self._iter:
            left = await _write(writer, chunk, left)
        self._iter = None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """All of it, as text, after `as_bytes`. Raises TypeError before."""
        if self._cached_chunks is None:
            raise TypeError("Unable to decode - content not cached. Call as_bytes() first.")
        return b"".join(self._cached_chunks).decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it, which is kept to be sent."""
        if self._cached_chunks is None:
            if self._iter is None:
                return b""
            chunks = [chunk async for chunk in self._iter]
            self._iter = None
            self._cached_chunks = chunks
        return b"".join(self._cached_chunks)


async def _write(writer: AbstractStreamWriter, chunk: bytes, left: int | None) -> int | None:
    """Write a piece, or what of it is still wanted. Gives how much is wanted then."""
    if left is None:
        await writer.write(chunk)
        return None
    if left > 0:
        await writer.write(chunk[:left])
    return max(left - len(chunk), 0)


class StreamReaderPayload(AsyncIterablePayload):
    """The body of a response, passed on."""

    def __init__(self, value: StreamReader, *args: Any, **kwargs: Any) -> None:
        super().__init__(value.iter_any(), *args, **kwargs)

"""What writes the pieces of a request's body: `Payload.write` gets it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from .abc import AbstractStreamWriter

if TYPE_CHECKING:
    from .._rondel import HttpBody

#: Windows of zlib that make each coding's format (RFC 9110, 8.4.1).
_WINDOW_BITS = {"deflate": zlib.MAX_WBITS, "gzip": 16 + zlib.MAX_WBITS}
#: Compressing more than this at once is left to a thread: it takes a millisecond and more.
_LEFT_TO_THREAD = 64 * 1024


def check_compress(compress: str | bool | None) -> str | None:
    """The coding that the argument ``compress`` asks for, if any. Raises ValueError for one that is
    unknown.
    """
    if not compress:
        return None
    coding = "deflate" if compress is True else compress
    if coding not in _WINDOW_BITS:
        raise ValueError(f'compress is True, "deflate", "gzip", False or None, got {compress!r}')
    return coding


class BodyWriter(AbstractStreamWriter):
    """Compresses if asked to, counts, tells ``on_chunk`` of each piece, and hands it to the
    connection.

    ``write`` returns when there is room for more: who produces a body goes as fast as the server
    takes it.
    """

    def __init__(
        self, body: HttpBody, compress: str | None, on_chunk: Callable[[bytes], None] | None
    ) -> None:
        self._body = body
        self._on_chunk = on_chunk
        self._compressor: zlib._Compress | None = None
        self._ended = False
        #: Bytes that the body's producer has written.
        self.payload_accepted = 0
        self.output_size = 0
        if compress is not None:
            self.enable_compression(compress)

    @property
    def payload_sent(self) -> int:
        """How many of the producer's bytes have gone to the system: an estimate if they are
        compressed.
        """
        sent = self._body.sent
        if self._compressor is None:
            return min(sent, self.payload_accepted)
        return self.payload_accepted * sent // self.output_size if self.output_size else 0

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Compress what is written from now on."""
        self._compressor = zlib.compressobj(
            wbits=_WINDOW_BITS[encoding],
            strategy=zlib.Z_DEFAULT_STRATEGY if strategy is None else strategy,
        )

    def enable_chunking(self) -> None:
        """Nothing to do: a body whose length is not known goes in chunks."""

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Send a piece. Raises TypeError for what is no bytes, ConnectionResetError if nobody takes
        it any more.
        """
        data = chunk if isinstance(chunk, bytes) else bytes(memoryview(chunk))
        self.payload_accepted += len(data)
        if self._on_chunk is not None:
            self._on_chunk(data)
        compressor = self._compressor
        if compressor is not None:
            if len(data) > _LEFT_TO_THREAD:
                data = await asyncio.get_running_loop().run_in_executor(
                    None, compressor.compress, data
                )
            else:
                data = compressor.compress(data)
        await self._send(data)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Send the last piece; more than once is once."""
        if self._ended:
            return
        if chunk:
            await self.write(chunk)
        self._ended = True
        if self._compressor is not None:
            await self._send(self._compressor.flush())
        self._body.finish()

    async def drain(self) -> None:
        """Nothing to wait for: `write` waits."""

    async def _send(self, data: bytes) -> None:
        if data:
            self.output_size += len(data)
            await self._body.write(data)

"""Bodies that are files. What is on disk is read in the executor: it may take its time."""

from __future__ import annotations

import asyncio
import io
import os
from typing import IO, TYPE_CHECKING, Any, TextIO

from . import hdrs
from ._disposition import guess_filename
from ._payload_base import CHUNK, Payload
from ._payload_values import encoding_of_text

if TYPE_CHECKING:
    from .abc import AbstractStreamWriter

#: Files being closed: the loop holds these futures but weakly.
_closing: set[asyncio.Future[None]] = set()


class IOBasePayload(Payload):
    """A file, from where it stands. It is closed once it is sent.

    Sent again, it goes back to where it stood; one that can't is `consumed`.
    """

    _value: Any
    _start_position: int | None = None

    def __init__(
        self,
        value: IO[Any],
        disposition: str | None = "attachment",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("filename", guess_filename(value))
        super().__init__(value, *args, **kwargs)
        named = self._filename is not None and disposition is not None
        if named and hdrs.CONTENT_DISPOSITION not in self.headers:
            self.set_content_disposition(str(disposition), filename=self._filename)

    @property
    def size(self) -> int | None:
        """Bytes from where it stood at first; None if that can't be known: of a pipe, say, or of a
        file that is open for writing only, whose error shows when it is read.
        """
        readable = getattr(self._value, "readable", None)
        if readable is not None and not readable():
            return None
        try:
            if self._start_position is None:
                self._start_position = self._value.tell()
            size: int = os.fstat(self._value.fileno()).st_size - self._start_position
        except (AttributeError, OSError):
            return None
        return size

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the first ``content_length`` bytes of it, or all."""
        loop = asyncio.get_running_loop()
        left = content_length
        available, chunk = await loop.run_in_executor(None, self._read_and_available_len, left)
        written = 0
        while chunk:
            piece = chunk if left is None else chunk[:left]
            await writer.write(piece)
            written += len(piece)
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    return
            if available is not None and written >= available:
                return
            chunk = await loop.run_in_executor(None, self._read, left)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """All of it, as text. Waits for the file."""
        return self._read_all().decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it."""
        return await asyncio.get_running_loop().run_in_executor(None, self._read_all)

    def _set_or_restore_start_position(self) -> None:
        try:
            if self._start_position is None:
                self._start_position = self._value.tell()
            else:
                self._value.seek(self._start_position)
        except (AttributeError, OSError):
            self._consumed = True

    def _read_and_available_len(self, most: int | None) -> tuple[int | None, bytes]:
        """The size, and the first piece, in one go: each takes a thread."""
        self._set_or_restore_start_position()
        return self.size, self._read(most)

    def _read(self, most: int | None) -> bytes:
        data: bytes = self._value.read(min(most or CHUNK, CHUNK))
        return data

    def _read_all(self) -> bytes:
        self._set_or_restore_start_position()
        data: bytes = self._value.read()
        return data

    def _close(self) -> None:
        if self._consumed:
            return
        self._consumed = True
        closing = asyncio.get_running_loop().run_in_executor(None, self._value.close)
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)


class TextIOPayload(IOBasePayload):
    """A text file, encoded anew: in ``encoding``, or in that of ``content_type``, or in UTF-8."""

    def __init__(
        self,
        value: TextIO,
        *args: Any,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        encoding, content_type = encoding_of_text(encoding, content_type)
        kwargs.update(encoding=encoding, content_type=content_type)
        super().__init__(value, *args, **kwargs)

    @property
    def size(self) -> int | None:
        """None: what is read may have other line ends and encodings than what is on disk."""
        return None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """All of it. Waits for the file."""
        self._set_or_restore_start_position()
        text: str = self._value.read()
        return text

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it, in its own encoding, or in ``encoding``."""
        own = self._encoding or encoding
        text = await asyncio.get_running_loop().run_in_executor(None, self.decode)
        return text.encode(own, errors)

    def _read(self, most: int | None) -> bytes:
        text: str = self._value.read(min(most or CHUNK, CHUNK))
        return text.encode(self._encoding or "utf-8")


class BytesIOPayload(IOBasePayload):
    """Bytes in memory, from where it stands. They can be sent again, and stay open."""

    _value: io.BytesIO
    _size: int = 0
    _autoclose = True

    def __init__(self, value: io.BytesIO, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)
        with value.getbuffer() as view:
            self._size = len(view) - value.tell()

    @property
    def size(self) -> int:
        """Bytes that were left when this was made."""
        return self._size

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the first ``content_length`` bytes of it, or all."""
        self._set_or_restore_start_position()
        left = content_length
        chunk = self._next(left)
        while chunk:
            await writer.write(chunk)
            if left is not None:
                left -= len(chunk)
            chunk = self._next(left)
            if chunk:
                # Others are to run, too, if the writer takes a large body without waiting.
                await asyncio.sleep(0)

    def _next(self, left: int | None) -> bytes:
        return self._value.read(CHUNK if left is None else min(left, CHUNK))

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it."""
        return self._read_all()

    def _close(self) -> None:
        """Do nothing: it is the program's."""


class BufferedReaderPayload(IOBasePayload):
    """A binary file."""

"""One part of a multipart body that is read."""

from __future__ import annotations

import base64
import binascii
import json
import string
import sys
import zlib
from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self
from urllib.parse import parse_qsl

from . import hdrs
from ._disposition import content_disposition_filename, parse_content_disposition
from ._media import parse_media_type
from ._multipart_source import Source, Stream
from ._payload_base import CHUNK, Order, Payload, payload_type

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from .abc import AbstractStreamWriter

#: Windows of zlib that make each coding's format.
_WINDOW_BITS: Final = {"deflate": -zlib.MAX_WBITS, "gzip": 16 + zlib.MAX_WBITS}
_AS_IT_IS: Final = frozenset(("binary", "8bit", "7bit"))
_BASE64: Final = (string.ascii_letters + string.digits + "+/=").encode()
#: The most that may stand around three characters of base64.
_MAX_REST: Final = 1024
_NO_BASE64: Final = bytes(byte for byte in range(256) if byte not in _BASE64)


class BodyPartReader:
    """One part: `read` gives all of it, `read_chunk` pieces, `readline` lines. ``headers`` describe
    it.
    """

    chunk_size: ClassVar[int] = 8192

    def __init__(
        self,
        boundary: bytes,
        headers: CIMultiDictProxy[str],
        content: Stream | Source,
        *,
        subtype: str = "mixed",
        default_charset: str | None = None,
        max_decompress_size: int = CHUNK,
        client_max_size: int = sys.maxsize,
        max_size_error_cls: type[Exception] = ValueError,
    ) -> None:
        self.headers = headers
        self._delimiter = b"\r\n" + boundary
        self._source = content if isinstance(content, Source) else Source(content)
        self._default_charset = default_charset
        self._max_decompress_size = max_decompress_size
        self._client_max_size = client_max_size
        self._max_size_error_cls = max_size_error_cls
        # RFC 7578, 4.8: parts of forms have none of these.
        self._is_form_data = subtype == "form-data"
        length = None if self._is_form_data else headers.get(hdrs.CONTENT_LENGTH)
        if length is not None and not (length.isascii() and length.isdigit()):
            raise ValueError(f"invalid Content-Length: {length!r}")
        #: How much of it is left, if it says how long it is.
        self._left = None if length is None else int(length)
        self._begun = False
        self._at_eof = False
        #: What of a piece of base64 is too short to be decoded.
        self._rest = b""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    async def next(self) -> bytes | None:
        """All of it; None if there is nothing, or if it is read."""
        return await self.read() or None

    async def read(self, *, decode: bool = False) -> bytes:
        """All of it. With ``decode``, as its headers say how it is encoded."""
        data = bytearray()
        while not self._at_eof:
            data += await self.read_chunk(self.chunk_size)
            self._check_size(data)
        if not decode:
            return bytes(data)
        decoded = bytearray()
        async for piece in self.decode_iter(bytes(data)):
            decoded += piece
            self._check_size(decoded)
        return bytes(decoded)

    async def read_chunk(self, size: int = chunk_size) -> bytes:
        """At most ``size`` bytes of it; none at its end. Pieces of base64 can be decoded each
        alone.

        Raises ValueError if the body ends before the part does.
        """
        if self._at_eof:
            return b""
        if size <= 0:
            raise ValueError(f"the size of a piece is 1 byte or more, got {size}")
        await self._begin()
        data, self._rest = self._rest, b""
        while True:
            # What waits of base64 must not keep a small piece from going on.
            piece, last = await self._piece(max(size - len(data), 4))
            data += piece
            if last:
                await self._end()
                return data
            if self._transfer_encoding != "base64":
                return data
            whole, rest = _quartets(data)
            if whole:
                self._rest = rest
                return whole
            if len(data) > _MAX_REST:
                return data  # this is no base64

    async def _piece(self, most: int) -> tuple[bytes, bool]:
        """Some of it, and whether that is the last."""
        if self._left is None:
            return await self._source.before(self._delimiter, most)
        piece = await self._source.exactly(min(most, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece, not self._left or not piece

    async def readline(self) -> bytes:
        """The next line of it, with its end, but for the last one; nothing at its end."""
        if self._at_eof:
            return b""
        await self._begin()
        line, last = await self._source.line_before(self._delimiter)
        if last:
            await self._end()
        return line

    async def release(self) -> None:
        """Read it to its end, and drop it."""
        while not self._at_eof:
            await self.read_chunk(self.chunk_size)

    async def text(self, *, encoding: str | None = None) -> str:
        """All of it, decoded."""
        data = await self.read(decode=True)
        return data.decode(encoding or self.get_charset(default="utf-8"))

    async def json(self, *, encoding: str | None = None) -> Any:
        """All of it, decoded as JSON; None if it is empty."""
        data = await self.read(decode=True)
        if not data:
            return None
        return json.loads(data.decode(encoding or self.get_charset(default="utf-8")))

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """All of it, decoded as the fields of a form in URL encoding.

        Raises ValueError if it isn't of that encoding.
        """
        data = await self.read(decode=True)
        if not data:
            return []
        charset = encoding or self.get_charset(default="utf-8")
        try:
            text = data.rstrip().decode(charset)
        except UnicodeDecodeError:
            raise ValueError(f"data cannot be decoded with {charset} encoding") from None
        return parse_qsl(text, keep_blank_values=True, encoding=charset)

    def at_eof(self) -> bool:
        """Whether it is read to its end."""
        return self._at_eof

    def decode(self, data: bytes) -> bytes:
        """Data of it, as its headers say how it is encoded; inflated, no more than
        ``max_decompress_size`` of it.
        """
        decoded = self._decode_transfer(data)
        inflate = self._inflater()
        if inflate is None:
            return decoded
        return inflate.decompress(decoded, self._max_decompress_size)

    async def decode_iter(self, data: bytes) -> AsyncIterator[bytes]:
        """The same, in pieces, and all of it."""
        decoded = self._decode_transfer(data)
        inflate = self._inflater()
        if inflate is None:
            yield decoded
            return
        while decoded:
            yield inflate.decompress(decoded, self._max_decompress_size)
            decoded = inflate.unconsumed_tail
        if rest := inflate.flush():
            yield rest

    def get_charset(self, default: str) -> str:
        """The encoding of its text."""
        said = parse_media_type(self.headers.get(hdrs.CONTENT_TYPE)).parameters.get("charset")
        return said or self._default_charset or default

    @cached_property
    def name(self) -> str | None:
        """What Content-Disposition calls it."""
        return self._disposition("name")

    @cached_property
    def filename(self) -> str | None:
        """What Content-Disposition calls its file."""
        return self._disposition("filename")

    def _disposition(self, name: str) -> str | None:
        _, params = parse_content_disposition(self.headers.get(hdrs.CONTENT_DISPOSITION))
        return content_disposition_filename(params, name)

    @property
    def _transfer_encoding(self) -> str:
        return self.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "").lower()

    def _check_size(self, data: bytearray) -> None:
        if len(data) > self._client_max_size:
            raise self._max_size_error_cls(self._client_max_size)

    async def _begin(self) -> None:
        """The empty line behind the headers may be the begin of the delimiter, too, if there is
        nothing between.
        """
        if not self._begun:
            self._begun = True
            if self._left is None and await self._source.starts_with(self._delimiter[2:]):
                self._source.put_back(b"\r\n")

    async def _end(self) -> None:
        """Leave the boundary to whoever reads the next part."""
        self._at_eof = True
        if await self._source.line() != b"\r\n":
            raise ValueError("Reader did not read all the data or it is malformed")

    def _decode_transfer(self, data: bytes) -> bytes:
        encoding = self._transfer_encoding
        if not encoding or encoding in _AS_IT_IS:
            return data
        if encoding == "base64":
            return base64.b64decode(data)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        raise RuntimeError(f"unknown content transfer encoding: {encoding}")

    def _inflater(self) -> zlib._Decompress | None:
        encoding = "" if self._is_form_data else self.headers.get(hdrs.CONTENT_ENCODING, "").lower()
        if encoding in {"", "identity"}:
            return None
        if encoding not in _WINDOW_BITS:
            raise RuntimeError(f"unknown content encoding: {encoding}")
        return zlib.decompressobj(wbits=_WINDOW_BITS[encoding])


def _quartets(data: bytes) -> tuple[bytes, bytes]:
    """The part of base64 that can be decoded alone, and the rest: up to three characters and what
    stands between.
    """
    over = len(data.translate(None, _NO_BASE64)) % 4
    cut = len(data)
    while over:
        cut -= 1
        over -= data[cut] in _BASE64
    return data[:cut], data[cut:]


@payload_type(BodyPartReader, order=Order.try_first)
class BodyPartReaderPayload(Payload):
    """A part that was read, passed on."""

    _value: BodyPartReader

    def __init__(self, value: BodyPartReader, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)
        named = {"name": value.name, "filename": value.filename}
        params = {name: said for name, said in named.items() if said is not None}
        if params:
            self.set_content_disposition("attachment", True, **params)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raise TypeError: it is passed on piece by piece."""
        raise TypeError("Unable to decode.")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Raise TypeError: it is passed on piece by piece."""
        raise TypeError("Unable to read body part as bytes. Use write() to consume.")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it, decoded."""
        # It can be read once, even if this does not come to its end.
        self._consumed = True
        while chunk := await self._value.read_chunk(CHUNK):
            async for piece in self._value.decode_iter(chunk):
                await writer.write(piece)

"""Bodies of several parts, to be sent (RFC 2046, 5.1, and RFC 7578)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode

from multidict import CIMultiDict

from . import hdrs
from ._payload_base import LookupError as NoPayload
from ._payload_base import Payload, get_payload
from ._payload_values import JsonPayload, StringPayload
from .abc import AbstractStreamWriter

_log: Final = logging.getLogger("rondel.http")

#: A boundary that needs no quotes: a token (RFC 9110, 5.6.2); and what it may not have even in
#: quotes.
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~\w]+", re.ASCII)
_UNQUOTABLE: Final = re.compile(r"[\x00-\x08\x0A-\x1F\x7F]")
_WINDOW_BITS: Final = {"deflate": -zlib.MAX_WBITS, "gzip": 16 + zlib.MAX_WBITS}
_CODINGS: Final = frozenset(("", "identity", *_WINDOW_BITS))
_NOT_IN_FORMS: Final = (
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_TRANSFER_ENCODING,
)
#: Compressing more than this at once is left to a thread: it takes a millisecond and more.
_LEFT_TO_THREAD: Final = 64 * 1024
_TRANSFER_ENCODINGS: Final = frozenset(("", "binary", "base64", "quoted-printable"))


class Part(NamedTuple):
    """One part, how it is compressed, and how it is written in ASCII; empty: not."""

    payload: Payload
    encoding: str
    te_encoding: str


class MultipartWriter(Payload):
    """A body of several parts: ``append`` adds them. ``subtype`` is ``mixed``, ``form-data`` or
    another.

    Raises ValueError for a boundary that no field may have.
    """

    _value: None
    _autoclose = True

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        boundary = uuid.uuid4().hex if boundary is None else boundary
        try:
            self._boundary = boundary.encode("ascii")
        except UnicodeEncodeError:
            raise ValueError("boundary should contain ASCII only chars") from None
        super().__init__(None, content_type=f"multipart/{subtype}; boundary={_quoted(boundary)}")
        self._parts: list[Part] = []
        self._is_form_data = subtype == "form-data"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __bool__(self) -> bool:
        return True

    @property
    def boundary(self) -> str:
        """What stands between the parts."""
        return self._boundary.decode("ascii")

    @property
    def consumed(self) -> bool:
        """Whether one of its parts can't be sent again."""
        return any(part.payload.consumed for part in self._parts)

    def append(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part. Raises TypeError if none can be made of ``obj``."""
        headers = CIMultiDict() if headers is None else headers
        if isinstance(obj, Payload):
            obj.headers.update(headers)
            return self.append_payload(obj)
        try:
            payload = get_payload(obj, headers=headers)
        except NoPayload:
            raise TypeError(f"Cannot create payload from {obj!r}") from None
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a part, as it is.

        Raises RuntimeError for an encoding that is unknown, ValueError for headers that a part of a
        form must not have.
        """
        headers = payload.headers
        if self._is_form_data:
            # RFC 7578, 4.7 and 4.8.
            for name in _NOT_IN_FORMS:
                if name in headers:
                    raise ValueError(f"a part of a form must not have the header {name}")
            if hdrs.CONTENT_DISPOSITION not in headers:
                payload.set_content_disposition("form-data", name=f"section-{len(self._parts)}")
            self._parts.append(Part(payload, "", ""))
            return payload
        encoding = headers.get(hdrs.CONTENT_ENCODING, "").lower()
        if encoding not in _CODINGS:
            raise RuntimeError(f"unknown content encoding: {encoding}")
        te_encoding = headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "").lower()
        if te_encoding not in _TRANSFER_ENCODINGS:
            raise RuntimeError(f"unknown content transfer encoding: {te_encoding}")
        encoding = "" if encoding == "identity" else encoding
        te_encoding = "" if te_encoding == "binary" else te_encoding
        size = payload.size
        if size is not None and not encoding and not te_encoding:
            headers[hdrs.CONTENT_LENGTH] = str(size)
        self._parts.append(Part(payload, encoding, te_encoding))
        return payload

    def append_json(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part of JSON."""
        return self.append_payload(JsonPayload(obj, headers=headers))

    def append_form(
        self,
        obj: Sequence[tuple[str, str]] | Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Payload:
        """Add a part with the fields of a form, in URL encoding."""
        if not isinstance(obj, (Sequence, Mapping)):
            raise TypeError(f"a form is a mapping or a sequence of pairs, got {type(obj)!r}")
        pairs = list(obj.items()) if isinstance(obj, Mapping) else obj
        form = StringPayload(
            urlencode(pairs, doseq=True),
            headers=headers,
            content_type="application/x-www-form-urlencoded",
        )
        return self.append_payload(form)

    @property
    def size(self) -> int | None:
        """Bytes of all parts and what stands between them; None if that of a part is not known
        before.
        """
        boundary = len(b"--\r\n") + len(self._boundary)
        total = boundary + len(b"--")
        for payload, encoding, te_encoding in self._parts:
            size = payload.size
            if size is None or encoding or te_encoding:
                return None
            total += boundary + len(payload._binary_headers) + size + len(b"\r\n")
        return total

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The parts, as text. Waits for files."""
        return "".join(
            f"--{self.boundary}\r\n"
            f"{part.payload._binary_headers.decode(encoding, errors)}{part.payload.decode()}"
            for part in self._parts
        )

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it."""
        pieces: list[bytes] = []
        for part in self._parts:
            body = await part.payload.as_bytes(encoding, errors)
            pieces += (self._between(), part.payload._binary_headers, body, b"\r\n")
        return b"".join((*pieces, self._end()))

    async def write(self, writer: AbstractStreamWriter, close_boundary: bool = True) -> None:
        """Write all of it; what ends it only if ``close_boundary``."""
        for payload, encoding, te_encoding in self._parts:
            await writer.write(self._between() + payload._binary_headers)
            if encoding or te_encoding:
                encoder = MultipartPayloadWriter(writer, encoding, te_encoding)
                await payload.write(encoder)
                await encoder.write_eof()
            else:
                await payload.write(writer)
            await writer.write(b"\r\n")
        if close_boundary:
            await writer.write(self._end())

    async def close(self) -> None:
        """Close the files among the parts. Returns at once."""
        for number, payload in self._to_close():
            try:
                await payload.close()
            except Exception:
                _log.exception("Failed to close multipart part %d", number)

    def _close(self) -> None:
        for number, payload in self._to_close():
            try:
                payload._close()
            except Exception:
                _log.exception("Failed to close multipart part %d", number)

    def _to_close(self) -> list[tuple[int, Payload]]:
        """The parts that have something open, with their numbers."""
        payloads = enumerate(part.payload for part in self._parts)
        return [(at, part) for at, part in payloads if not part.autoclose and not part.consumed]

    def _between(self) -> bytes:
        return b"--" + self._boundary + b"\r\n"

    def _end(self) -> bytes:
        return b"--" + self._boundary + b"--\r\n"


def _quoted(boundary: str) -> str:
    """The boundary, as a parameter: in quotes, if it needs them."""
    if _TOKEN.fullmatch(boundary):
        return boundary
    if _UNQUOTABLE.search(boundary):
        raise ValueError("boundary value contains invalid characters")
    escaped = boundary.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class MultipartPayloadWriter(AbstractStreamWriter):
    """Compresses one part, and writes it in ASCII, as it goes to ``writer``."""

    def __init__(
        self, writer: AbstractStreamWriter, encoding: str = "", te_encoding: str = ""
    ) -> None:
        self._writer = writer
        self._te_encoding = te_encoding
        self._compressor: zlib._Compress | None = None
        # What is too short for four characters of base64.
        self._rest = b""
        if encoding:
            self.enable_compression(encoding)

    def enable_encoding(self, encoding: str) -> None:
        """Write in ASCII: ``base64`` or ``quoted-printable``."""
        self._te_encoding = encoding

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Compress: ``deflate`` or ``gzip``."""
        chosen = zlib.Z_DEFAULT_STRATEGY if strategy is None else strategy
        self._compressor = zlib.compressobj(wbits=_WINDOW_BITS[encoding], strategy=chosen)

    def enable_chunking(self) -> None:
        """Nothing to do: it is the body as a whole that goes in chunks."""

    async def drain(self) -> None:
        """Wait until there is room for more."""
        await self._writer.drain()

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Write a piece."""
        data = chunk if isinstance(chunk, bytes) else bytes(memoryview(chunk))
        if self._compressor is not None:
            compress = self._compressor.compress
            if len(data) > _LEFT_TO_THREAD:
                loop = asyncio.get_running_loop()
                data = await loop.run_in_executor(None, compress, data)
            else:
                data = compress(data)
        await self._encode(data)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Write the last piece."""
        if chunk:
            await self.write(chunk)
        if self._compressor is not None:
            await self._encode(self._compressor.flush())
            self._compressor = None
        if self._rest:
            await self._writer.write(base64.b64encode(self._rest))
            self._rest = b""

    async def _encode(self, data: bytes) -> None:
        if self._te_encoding == "base64":
            data = self._rest + data
            whole = len(data) // 3 * 3
            data, self._rest = base64.b64encode(data[:whole]), data[whole:]
        elif self._te_encoding == "quoted-printable":
            data = binascii.b2a_qp(data)
        if data:
            await self._writer.write(data)

"""Bodies of several parts that are read (RFC 2046, 5.1)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from multidict import CIMultiDict, CIMultiDictProxy

from . import hdrs
from ._disposition import parse_content_disposition
from ._media import parse_media_type
from ._multipart_part import BodyPartReader
from ._multipart_source import Source, Stream
from ._tokens import is_token

if TYPE_CHECKING:
    from .response import ClientResponse

#: RFC 2046, 5.1.1.
_MAX_BOUNDARY: Final = 70
#: The longest name of an encoding in use has 19 characters.
_MAX_CHARSET: Final = 31


class MultipartResponseWrapper:
    """The parts of a response, which is released behind the last one."""

    def __init__(self, resp: ClientResponse, stream: MultipartReader) -> None:
        self.resp = resp
        self.stream = stream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MultipartReader | BodyPartReader:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """Whether the response is read to its end."""
        return self.resp.content.at_eof()

    async def next(self) -> MultipartReader | BodyPartReader | None:
        """The next part; None behind the last one."""
        item = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return item

    async def release(self) -> None:
        """Let go of the response."""
        await self.resp.release()


class MultipartReader:
    """The parts of a body, one after the other: ``async for``, or `next`. Those that are bodies of
    several parts themselves are readers like this one.

    Raises ValueError for a body that is not ``multipart/...``, or has no boundary.
    """

    response_wrapper_cls: ClassVar[type[MultipartResponseWrapper]] = MultipartResponseWrapper
    #: What reads parts that have parts; None: this class.
    multipart_reader_cls: ClassVar[type[MultipartReader] | None] = None
    part_reader_cls: ClassVar[type[BodyPartReader]] = BodyPartReader

    def __init__(
        self,
        headers: Mapping[str, str],
        content: Stream | Source,
        *,
        client_max_size: int = sys.maxsize,
        max_field_size: int = 8190,
        max_headers: int = 128,
        max_size_error_cls: type[Exception] = ValueError,
    ) -> None:
        field = headers[hdrs.CONTENT_TYPE]
        kind, parameters = parse_media_type(field)
        if not kind.startswith("multipart/"):
            raise ValueError(f"multipart/* content type expected, got {field!r}")
        boundary = parameters.get("boundary")
        if boundary is None:
            raise ValueError(f"boundary missed for Content-Type: {field}")
        if len(boundary) > _MAX_BOUNDARY:
            raise ValueError(f"boundary {boundary!r} is too long ({_MAX_BOUNDARY} chars max)")
        self.headers = headers
        self._subtype = kind.removeprefix("multipart/")
        self._boundary = f"--{boundary}".encode()
        self._is_nested = isinstance(content, Source)
        self._source = content if isinstance(content, Source) else Source(content)
        self._client_max_size = client_max_size
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        self._max_size_error_cls = max_size_error_cls
        self._default_charset: str | None = None
        self._last_part: MultipartReader | BodyPartReader | None = None
        self._at_bof = True
        self._at_eof = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MultipartReader | BodyPartReader:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    @classmethod
    def from_response(cls, response: ClientResponse) -> MultipartResponseWrapper:
        """The parts of a response."""
        return cls.response_wrapper_cls(response, cls(response.headers, response.content))

    def at_eof(self) -> bool:
        """Whether the last part is read, and what ends it."""
        return self._at_eof

    async def next(self) -> MultipartReader | BodyPartReader | None:
        """The next part; None behind the last one. What is not read of the one before is dropped.

        Raises ValueError for a body that is malformed, or ends too early.
        """
        if self._at_eof:
            return None
        last = self._last_part
        if last is not None:
            self._last_part = None
            await last.release()
        # Before the first part, and behind a part with parts, there may be lines that nobody is to
        # see.
        await self._read_boundary(skip=self._at_bof or isinstance(last, MultipartReader))
        if self.at_eof():
            return None
        part: MultipartReader | BodyPartReader | None = await self.fetch_next_part()
        if self._at_bof and self._subtype == "form-data" and isinstance(part, BodyPartReader):
            part = await self._without_charset(part)
        self._at_bof = False
        self._last_part = part
        return part

    async def release(self) -> None:
        """Read all parts, and drop them."""
        while (part := await self.next()) is not None:
            await part.release()

    async def fetch_next_part(self) -> MultipartReader | BodyPartReader:
        """The part that begins here, with its headers."""
        return self._get_part_reader(await self._read_headers())

    def _get_part_reader(self, headers: CIMultiDictProxy[str]) -> MultipartReader | BodyPartReader:
        kind, _ = parse_media_type(headers.get(hdrs.CONTENT_TYPE))
        if kind.startswith("multipart/"):
            return (self.multipart_reader_cls or type(self))(
                headers,
                self._source,
                client_max_size=self._client_max_size,
                max_field_size=self._max_field_size,
                max_headers=self._max_headers,
                max_size_error_cls=self._max_size_error_cls,
            )
        return self.part_reader_cls(
            self._boundary,
            headers,
            self._source,
            subtype=self._subtype,
            default_charset=self._default_charset,
            client_max_size=self._client_max_size,
            max_size_error_cls=self._max_size_error_cls,
        )

    async def _without_charset(
        self, part: BodyPartReader
    ) -> MultipartReader | BodyPartReader | None:
        """A form's first part may say the encoding of the others (RFC 7578, 4.6): then the next one
        counts, if there is one.
        """
        _, params = parse_content_disposition(part.headers.get(hdrs.CONTENT_DISPOSITION))
        if params.get("name") != "_charset_":
            return part
        charset = b""
        while not part.at_eof():
            charset += await part.read_chunk(_MAX_CHARSET)
            if len(charset) > _MAX_CHARSET:
                raise RuntimeError("Invalid default charset")
        self._default_charset = charset.strip().decode()
        await self._read_boundary(skip=False)
        return None if self._at_eof else await self.fetch_next_part()

    async def _read_boundary(self, *, skip: bool) -> None:
        while True:
            line = await self._source.line()
            found = line.rstrip()
            if found == self._boundary:
                return
            if found == self._boundary + b"--":
                await self._read_end()
                return
            if not line:
                raise ValueError(f"Could not find starting boundary {self._boundary!r}")
            if not skip:
                raise ValueError(f"Invalid boundary {found!r}, expected {self._boundary!r}")

    async def _read_end(self) -> None:
        self._at_eof = True
        if not self._is_nested:
            # What may stand behind the last boundary: read, so that the connection serves others.
            for _ in range(2):
                await self._source.line()

    async def _read_headers(self) -> CIMultiDictProxy[str]:
        headers: CIMultiDict[str] = CIMultiDict()
        while True:
            line = await self._source.line(self._max_field_size)
            if not line:
                raise ValueError("the headers of a part have no end")
            line = line.rstrip(b"\r\n")
            if not line:
                return CIMultiDictProxy(headers)
            if len(headers) >= self._max_headers:
                raise ValueError("Too many headers received")
            name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
            if not colon or not is_token(name):
                raise ValueError(f"a part has a malformed header: {line!r}")
            headers.add(name, value.strip(" \t"))

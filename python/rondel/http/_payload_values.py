"""Bodies that are there as a whole: bytes, texts, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from ._media import parse_media_type
from ._payload_base import OCTET_STREAM, Payload

if TYPE_CHECKING:
    from .abc import AbstractStreamWriter
    from .typedefs import JSONBytesEncoder


class BytesPayload(Payload):
    """Bytes."""

    _value: bytes | bytearray
    _size: int = 0
    _autoclose = True

    def __init__(self, value: bytes | bytearray | memoryview, *args: Any, **kwargs: Any) -> None:
        if isinstance(value, memoryview):
            # Items may be longer than bytes, and apart.
            value = value.tobytes()
        elif not isinstance(value, (bytes, bytearray)):
            raise TypeError(f"value argument must be byte-ish, not {type(value)!r}")
        kwargs.setdefault("content_type", OCTET_STREAM)
        super().__init__(value, *args, **kwargs)
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """All of it, as text."""
        return self._value.decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it."""
        return bytes(self._value)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await writer.write(self._value)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the first ``content_length`` bytes of it, or all."""
        if content_length is None or content_length >= self._size:
            await writer.write(self._value)
        else:
            await writer.write(self._value[:content_length])


def encoding_of_text(encoding: str | None, content_type: str | None) -> tuple[str, str]:
    """The encoding of a text and its type, by what is said of both."""
    if encoding is None and content_type is not None:
        return parse_media_type(content_type).parameters.get("charset", "utf-8"), content_type
    encoding = encoding or "utf-8"
    return encoding, content_type or f"text/plain; charset={encoding}"


class StringPayload(BytesPayload):
    """A text, in ``encoding``, or in that of ``content_type``, or in UTF-8."""

    def __init__(
        self,
        value: str,
        *args: Any,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        encoding, content_type = encoding_of_text(encoding, content_type)
        kwargs.update(encoding=encoding, content_type=content_type)
        super().__init__(value.encode(encoding), *args, **kwargs)


class StringIOPayload(StringPayload):
    """What is left to be read of a text in memory."""

    def __init__(self, value: IO[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(value.read(), *args, **kwargs)


class JsonPayload(BytesPayload):
    """JSON."""

    def __init__(
        self,
        value: Any,
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: Callable[[Any], str] = json.dumps,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        kwargs.update(encoding=encoding, content_type=content_type)
        super().__init__(dumps(value).encode(encoding), *args, **kwargs)


class JsonBytesPayload(BytesPayload):
    """JSON, by an encoder that gives bytes."""

    def __init__(
        self,
        value: Any,
        dumps: JSONBytesEncoder,
        content_type: str = "application/json",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        kwargs.update(content_type=content_type)
        super().__init__(dumps(value), *args, **kwargs)

"""What can be the body of a request, or a part of one; and which class makes it of which object."""

from __future__ import annotations

import builtins
import enum
import mimetypes
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from multidict import CIMultiDict

from . import hdrs
from ._disposition import check_text, content_disposition_header
from .timeouts import _SENTINEL, sentinel

if TYPE_CHECKING:
    from .abc import AbstractStreamWriter

if sys.version_info >= (3, 13):
    _guess_type = mimetypes.guess_file_type
else:
    _guess_type = mimetypes.guess_type

#: Bytes that are read and written at once.
CHUNK: Final = 2**18
OCTET_STREAM: Final = "application/octet-stream"

PartHeaders: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]


class LookupError(builtins.LookupError):  # noqa: A001  aiohttp's name
    """Of an object of this class no body can be made."""


class Order(enum.StrEnum):
    """Which classes are tried first for an object."""

    normal = "normal"
    try_first = "try_first"
    try_last = "try_last"


class Payload(ABC):
    """A body, or a part of one. ``headers`` describe it.

    - ``content_type``: of it; if that is None, it is guessed by ``filename``.
    - ``encoding``: of texts.
    """

    _default_content_type: str = OCTET_STREAM
    _size: int | None = None
    _consumed: bool = False
    _autoclose: bool = False

    def __init__(
        self,
        value: Any,
        headers: PartHeaders | None = None,
        content_type: str | _SENTINEL | None = sentinel,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._encoding = encoding
        self._filename = filename
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._value = value
        if content_type is sentinel or content_type is None:
            guessed = None if filename is None else _guess_type(filename)[0]
            content_type = guessed or self._default_content_type
        self._headers[hdrs.CONTENT_TYPE] = str(content_type)
        if headers:
            self._headers.update(headers)

    @property
    def size(self) -> int | None:
        """How many bytes `write` writes; None if that is not known before."""
        return self._size

    @property
    def filename(self) -> str | None:
        """The name of its file."""
        return self._filename

    @property
    def headers(self) -> CIMultiDict[str]:
        """What describes it; may be changed before it is sent."""
        return self._headers

    @property
    def _binary_headers(self) -> bytes:
        lines = [
            f"{check_text(name)}: {check_text(value)}\r\n" for name, value in self._headers.items()
        ]
        return "".join(lines).encode() + b"\r\n"

    @property
    def encoding(self) -> str | None:
        """Of a text."""
        return self._encoding

    @property
    def content_type(self) -> str:
        """The field Content-Type."""
        return self._headers[hdrs.CONTENT_TYPE]

    @property
    def consumed(self) -> bool:
        """Whether it can't be sent again: what it was made of is used up."""
        return self._consumed

    @property
    def autoclose(self) -> bool:
        """Whether nothing is open that `close` has to close."""
        return self._autoclose

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: bool = True,
        _charset: str = "utf-8",
        **params: Any,
    ) -> None:
        """Set the field Content-Disposition."""
        self._headers[hdrs.CONTENT_DISPOSITION] = content_disposition_header(
            disptype, quote_fields=quote_fields, _charset=_charset, **params
        )

    @abstractmethod
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """All of it, as text. May wait for files: not for use in a loop."""

    @abstractmethod
    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it to ``writer``."""

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the first ``content_length`` bytes of it, or all."""
        await self.write(writer)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """All of it, as bytes; texts in its own encoding, or in ``encoding``."""
        own = self._encoding or encoding
        return self.decode(own, errors).encode(own)

    def _close(self) -> None:  # noqa: B027  most have nothing to close
        """What `close` does; it never waits."""

    async def close(self) -> None:
        """Close what is open. Returns at once."""
        self._close()


_Class = TypeVar("_Class", bound=type[Payload])


class PayloadRegistry:
    """Which class makes a body of which objects."""

    __slots__ = ("_exact", "_first", "_last", "_normal")

    def __init__(self) -> None:
        self._first: list[tuple[type[Payload], Any]] = []
        self._normal: list[tuple[type[Payload], Any]] = []
        self._last: list[tuple[type[Payload], Any]] = []
        #: Those of ``normal`` order, by the very class of an object.
        self._exact: dict[Any, type[Payload]] = {}

    def get(self, data: Any, *args: Any, **kwargs: Any) -> Payload:
        """The body for an object; the object itself if it is one. Raises `LookupError` if there is
        none.
        """
        for factory, kind in self._first:
            if isinstance(data, kind):
                return factory(data, *args, **kwargs)
        exact = self._exact.get(type(data))
        if exact is not None:
            return exact(data, *args, **kwargs)
        if isinstance(data, Payload):
            return data
        for factory, kind in (*self._normal, *self._last):
            if isinstance(data, kind):
                return factory(data, *args, **kwargs)
        raise LookupError(f"no body of a request can be made of {type(data)!r}")

    def register(
        self,
        factory: type[Payload],
        type: Any,  # noqa: A002  aiohttp's name
        *,
        order: Order = Order.normal,
    ) -> None:
        """Have ``factory`` make bodies of objects of ``type``, a class or a tuple of classes."""
        if order is Order.try_first:
            self._first.append((factory, type))
        elif order is Order.normal:
            self._normal.append((factory, type))
            for kind in type if isinstance(type, Iterable) else (type,):
                self._exact[kind] = factory
        elif order is Order.try_last:
            self._last.append((factory, type))
        else:
            raise ValueError(f"Unsupported order {order!r}")


PAYLOAD_REGISTRY: Final = PayloadRegistry()


def get_payload(data: Any, *args: Any, **kwargs: Any) -> Payload:
    """The body for an object. Raises `LookupError` if there is none."""
    return PAYLOAD_REGISTRY.get(data, *args, **kwargs)


def register_payload(
    factory: type[Payload],
    type: Any,  # noqa: A002  aiohttp's name
    *,
    order: Order = Order.normal,
) -> None:
    """Have ``factory`` make bodies of objects of ``type``."""
    PAYLOAD_REGISTRY.register(factory, type, order=order)


def payload_type(
    type: Any,  # noqa: A002  aiohttp's name
    *,
    order: Order = Order.normal,
) -> Callable[[_Class], _Class]:
    """Have the class below make bodies of objects of ``type``."""

    def register(factory: _Class) -> _Class:
        register_payload(factory, type, order=order)
        return factory

    return register

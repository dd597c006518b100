"""The types of arguments, named as `aiohttp.typedefs` names them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from os import PathLike as OsPathLike
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union

from multidict import CIMultiDict, CIMultiDictProxy, istr
from yarl import URL, Query

__all__ = (
    "DEFAULT_JSON_DECODER",
    "DEFAULT_JSON_ENCODER",
    "Byteish",
    "JSONBytesEncoder",
    "JSONDecoder",
    "JSONEncoder",
    "LooseCookies",
    "LooseHeaders",
    "PathLike",
    "Query",
    "RawHeaders",
    "StatusCheck",
    "StrOrURL",
)

if TYPE_CHECKING:
    from http.cookies import BaseCookie, Morsel

    from .response import ClientResponse

DEFAULT_JSON_ENCODER: Final = json.dumps
DEFAULT_JSON_DECODER: Final = json.loads

Byteish: TypeAlias = bytes | bytearray | memoryview
JSONEncoder: TypeAlias = Callable[[Any], str]
JSONBytesEncoder: TypeAlias = Callable[[Any], bytes]
JSONDecoder: TypeAlias = Callable[[str], Any]
LooseHeaders: TypeAlias = (
    Mapping[str, str]
    | Mapping[istr, str]
    | CIMultiDict[str]
    | CIMultiDictProxy[str]
    | Iterable[tuple[str | istr, str]]
)
RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]
StrOrURL: TypeAlias = str | URL
LooseCookie: TypeAlias = Union[str, "BaseCookie[str]", "Morsel[Any]"]
LooseCookiesMappings: TypeAlias = Mapping[str, LooseCookie]
LooseCookiesIterables: TypeAlias = Iterable[tuple[str, LooseCookie]]
LooseCookies: TypeAlias = Union[LooseCookiesMappings, LooseCookiesIterables, "BaseCookie[str]"]
PathLike: TypeAlias = Union[str, "OsPathLike[str]"]
#: What may stand for ``raise_for_status``: yes or no, or a coroutine function that looks at the
#: response.
StatusCheck: TypeAlias = bool | Callable[["ClientResponse"], Awaitable[None]]

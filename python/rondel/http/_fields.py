"""The fields of a request's head: defaults, what a body adds, and how they are sent."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from multidict import CIMultiDict, MultiDict, MultiDictProxy, istr

from .. import _rondel
from . import hdrs
from ._tokens import encode_field
from .typedefs import LooseHeaders

_PYTHON: Final = f"Python/{sys.version_info.major}.{sys.version_info.minor}"
USER_AGENT: Final = f"{_PYTHON} rondel/{_rondel.__version__}"

#: What a request says by itself.
AUTO_HEADERS: Final[dict[istr, str]] = {
    hdrs.ACCEPT: "*/*",
    hdrs.ACCEPT_ENCODING: "gzip, deflate, br, zstd",
    hdrs.USER_AGENT: USER_AGENT,
}

#: Methods whose requests have no body unless they are given one.
BODILESS_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Methods whose body has a type, if it is one that says nothing.
TYPED_METHODS: Final = frozenset({"PATCH", "POST", "PUT"})


def to_headers(headers: LooseHeaders | None) -> CIMultiDict[str]:
    """The argument ``headers``. Raises TypeError if it is none."""
    if not headers:
        return CIMultiDict()
    try:
        return CIMultiDict(headers)
    except (TypeError, ValueError) as error:
        # What the headers say may be secret: neither this error nor the other shows it.
        raise TypeError(
            f"headers is a mapping or pairs of str, got {type(headers).__name__}: {error}"
        ) from error


def merge(defaults: CIMultiDict[str], headers: LooseHeaders | None) -> CIMultiDict[str]:
    """The session's, and a request's instead of those of the same name."""
    merged = CIMultiDict(defaults)
    if not headers:
        return merged
    if not isinstance(headers, (MultiDict, MultiDictProxy)):
        headers = to_headers(headers)
    seen = set()
    for name, value in headers.items():
        if name in seen:
            merged.add(name, value)
        else:
            merged[name] = value
            seen.add(name)
    return merged


def add_auto_headers(headers: CIMultiDict[str], skip: Iterable[str]) -> None:
    """Add what a request says by itself, but for what is there and what is to be left away."""
    skipped = {name.lower() for name in skip}
    for name, value in AUTO_HEADERS.items():
        if name not in headers and name.lower() not in skipped:
            headers[name] = value


def encode(headers: Mapping[str, str], *, without_host: str | None) -> list[tuple[bytes, bytes]]:
    """As they are sent. ``without_host``: a Host that the native client adds itself.

    Raises ValueError for names and values that can't be sent.
    """
    fields = []
    for name, value in headers.items():
        if value == without_host and name.lower() == "host":
            continue
        short = type(value) is str and len(value) <= _SHORT
        fields.append(_common(name, value) if short else encode_field(name, value))
    return fields


#: Fields that are the same from request to request are short.
_SHORT: Final = 48
_common = lru_cache(maxsize=256)(encode_field)


class PlainHead:
    """The head of requests that say nothing but what their session does. Holds no session."""

    __slots__ = ("_force_close", "_headers", "_http10", "_skip")

    def __init__(
        self, headers: CIMultiDict[str], skip: frozenset[istr], *, http10: bool, force_close: bool
    ) -> None:
        self._headers = headers
        self._skip = skip
        self._http10 = http10
        self._force_close = force_close

    def __call__(self) -> list[tuple[bytes, bytes]]:
        """The fields as they are sent, of the headers as they are now."""
        headers = CIMultiDict(self._headers)
        add_auto_headers(headers, self._skip)
        add_connection(headers, http10=self._http10, force_close=self._force_close)
        return encode(headers, without_host=None)


def add_connection(headers: CIMultiDict[str], *, http10: bool, force_close: bool) -> None:
    """Say whether the connection is to be kept, where that is not what the version of HTTP means by
    itself.
    """
    if hdrs.CONNECTION in headers or http10 == force_close:
        return
    headers[hdrs.CONNECTION] = "close" if force_close else "keep-alive"

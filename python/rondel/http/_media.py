"""The field Content-Type (RFC 9110, 8.3)."""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

#: One parameter: a name, and a token or a quoted text.
_PARAMETER: Final = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,\s]*))')
_ESCAPED: Final = re.compile(r"\\(.)")
_JSON: Final = re.compile(r"application/(?:[\w.+-]+?\+)?json")
#: What a body is about whose type is not said, or not a type.
UNKNOWN: Final = "application/octet-stream"


class MediaType(NamedTuple):
    """``type/subtype`` in lower case, and the parameters, their names in lower case."""

    essence: str
    parameters: MappingProxyType[str, str]


@lru_cache(maxsize=64)
def parse_media_type(field: str | None) -> MediaType:
    """Take the field apart. A body without one, or with a malformed one, is of the type that says
    nothing.
    """
    essence, _, _ = (field or "").partition(";")
    essence = essence.strip().lower()
    if essence.count("/") != 1:
        essence = UNKNOWN
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(field or ""):
        value = _ESCAPED.sub(r"\1", quoted) if quoted else plain.strip("\"'")
        if value:
            parameters.setdefault(name.lower(), value)
    return MediaType(essence, MappingProxyType(parameters))


def is_expected(field: str, expected: str) -> bool:
    """Whether a field is of the type that a program expects: all kinds of JSON are
    ``application/json``.
    """
    if expected == "application/json":
        return _JSON.match(field) is not None
    return expected in field

"""What may stand in a request's first line and in its fields (RFC 9110, 5.6.2 and 5.5)."""

from __future__ import annotations

import re

_NO_TOKEN = re.compile(r"[^-!#$%&'*+.^_`|~0-9A-Za-z]")
#: What would end a field, and NUL.
_NO_VALUE = re.compile(r"[\r\n\0]")


def is_token(text: str) -> bool:
    """Whether ``text`` may be a method or the name of a field."""
    return bool(text) and _NO_TOKEN.search(text) is None


def check_method(method: str) -> str:
    """The method in capitals. Raises ValueError for what would be none on the wire."""
    if found := _NO_TOKEN.search(method):
        raise ValueError(
            f"Method cannot contain non-token characters {method!r} "
            f"(found at least {found.group()!r})"
        )
    if not method:
        raise ValueError("Method cannot be empty")
    return method.upper()


def encode_field(name: object, value: object) -> tuple[bytes, bytes]:
    """A header field as it is sent: in UTF-8, as aiohttp sends it.

    Raises ValueError for what would change the meaning of the fields that follow, TypeError for
    what is no text.
    """
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"a header's name and value are str, got {name!r}: {value!r}")
    if not is_token(name):
        raise ValueError(f"{name!r} is no name of a header")
    if _NO_VALUE.search(value):
        raise ValueError(
            f"Newline, carriage return, or null byte detected in headers. "
            f"Potential header injection attack: the value of {name!r} is {value!r}"
        )
    return name.encode("ascii"), value.strip(" \t").encode("utf-8", "surrogateescape")

"""What may stand in a request's first line and in its fields (RFC 9110, 5.6.2 and 5.5)."""

from __future__ import annotations

import re

_NO_TOKEN = re.compile(r"[^-!#$%&'*+.^_`|~0-9A-Za-z]")
#: What would end a field, and what servers refuse in one.
_NO_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


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
    what is no text. Values may be secrets: no error shows one.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a header is a str, got {name!r}")
    if not isinstance(value, str):
        raise TypeError(f"the value of the header {name!r} is a str, got {_kind(value)}")
    if not is_token(name):
        raise ValueError(f"{name!r} is no name of a header")
    if found := _NO_VALUE.search(value):
        raise ValueError(
            f"Forbidden control character detected in headers. Potential header injection attack: "
            f"{found.group()!r} in the value of {name!r}, at {found.start()} of {len(value)}"
        )
    try:
        return name.encode("ascii"), value.strip(" \t").encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Its own error holds the value.
        raise ValueError(
            f"the value of the header {name!r} has a lone surrogate: it can't be sent"
        ) from None


def _kind(value: object) -> str:
    return "None" if value is None else f"an object of {type(value).__name__}"

"""The field Content-Disposition (RFC 2183, 6266, 7578): how a part is called, and its file."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from ._tokens import is_token

_CONTROL: Final = re.compile(r"[\x00-\x08\x0A-\x1F\x7F]")
#: What a quoted text of mail may have (RFC 5322, 3.2.4), and what has to be escaped there.
_QUOTABLE: Final = re.compile(r"[\t\x20-\x7E]*")
_TO_ESCAPE: Final = re.compile(r'[\t "\\]')
_ESCAPED: Final = re.compile(r"\\([\x00-\x7F])")


class BadContentDispositionHeader(RuntimeWarning):
    """The field can't be read."""


class BadContentDispositionParam(RuntimeWarning):
    """A parameter of the field can't be read, and is left out."""


def check_text(text: str) -> str:
    """Give ``text`` back. Raises ValueError if it would end a header field."""
    if _CONTROL.search(text):
        raise ValueError(
            "Forbidden control character detected in headers. Potential header injection attack."
        )
    return text


def guess_filename(file: Any, default: str | None = None) -> str | None:
    """The last part of a file's name, if it has one."""
    name = getattr(file, "name", None)
    if name and isinstance(name, str) and name[0] != "<" and name[-1] != ">":
        return Path(name).name
    return default


def content_disposition_header(
    disptype: str, quote_fields: bool = True, _charset: str = "utf-8", **params: str
) -> str:
    """The field for ``disptype``: ``attachment``, ``form-data`` ... ``quote_fields``: with what is
    not ASCII in per cent.

    Raises ValueError for what can't be a type or the name of a parameter.
    """
    if not is_token(disptype):
        raise ValueError(f"bad content disposition type {disptype!r}")
    parts = [disptype]
    for name, value in params.items():
        if not is_token(name):
            raise ValueError(f"bad content disposition parameter {name!r}={value!r}")
        if not quote_fields:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'{name}="{escaped}"')
        elif name.lower() == "filename":
            parts.append(f'{name}="{quote(value, "", encoding=_charset)}"')
        elif _QUOTABLE.fullmatch(value):
            escaped = _TO_ESCAPE.sub(r"\\\g<0>", value)
            parts.append(f'{name}="{escaped}"')
        else:
            parts.append(f"{name}*={_charset}''{quote(value, '', encoding=_charset)}")
    return "; ".join(parts)


def parse_content_disposition(header: str | None) -> tuple[str | None, dict[str, str]]:
    """The type, in lower case, and the parameters, as they are named, continuations (RFC 2231) and
    all.

    A field that can't be read gives ``(None, {})`` and a `BadContentDispositionHeader` warning.
    """
    if not header:
        return None, {}
    kind, *items = header.split(";")
    kind = kind.strip()
    params: dict[str, str] = {}
    readable = is_token(kind)
    while items and readable:
        item = items.pop(0)
        if not item:
            warnings.warn(BadContentDispositionHeader(header), stacklevel=2)
            continue
        name, equals, value = item.partition("=")
        name = name.lower().strip()
        if not equals or name in params:
            readable = False
        elif not is_token(name):
            warnings.warn(BadContentDispositionParam(item), stacklevel=2)
        elif _is_continuation(name) or name.endswith("*"):
            read = _extended(name, value.lstrip())
            if read is None:
                warnings.warn(BadContentDispositionParam(item), stacklevel=2)
            else:
                params[name] = read
        else:
            plain = _plain(value.lstrip(), items)
            readable = plain is not None
            params[name] = plain or ""
    if not readable:
        warnings.warn(BadContentDispositionHeader(header), stacklevel=2)
        return None, {}
    return kind.lower(), params


def _is_continuation(name: str) -> bool:
    """Whether it is one piece of a value: ``name*0``, or ``name*0*``."""
    _, star, number = name.partition("*")
    return bool(star) and number.removesuffix("*").isdigit()


def _is_quoted(value: str) -> bool:
    return len(value) >= 2 and value[0] == value[-1] == '"'


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1])


def _extended(name: str, value: str) -> str | None:
    """A value of RFC 5987, or a piece of one."""
    if _is_continuation(name):
        if _is_quoted(value):
            return _unquoted(value)
        return value if is_token(value) else None
    if not is_token(value) or value.count("'") != 2:
        return None
    charset, _, text = value.split("'", 2)
    return _decoded(text, charset)


def _decoded(text: str, charset: str) -> str | None:
    try:
        return unquote(text, charset or "utf-8", "strict")
    except (LookupError, UnicodeDecodeError):
        return None


def _plain(value: str, items: list[str]) -> str | None:
    """A token or a quoted text. One semicolon in that was taken for an end: then the rest is the
    first of ``items``.
    """
    for candidate in (value.rstrip(), *(f"{value};{item}" for item in items[:1])):
        if _is_quoted(candidate):
            if candidate != value.rstrip():
                del items[0]
            # No file is to be put where the server wants it.
            return _ESCAPED.sub(r"\1", candidate[1:-1].lstrip("\\/"))
        if candidate == value and is_token(value):
            return value
    return None


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """The value of a parameter that may be extended, or come in pieces; None if there is none, or
    it can't be read.
    """
    extended = f"{name}*"
    for key in (extended, name):
        if key in params:
            return params[key]
    pieces: list[str] = []
    while True:
        number = f"{extended}{len(pieces)}"
        piece = params.get(f"{number}*", params.get(number))
        if piece is None:
            break
        pieces.append(piece)
    if not pieces:
        return None
    value = "".join(pieces)
    if value.count("'") < 2:
        return value
    charset, _, text = value.split("'", 2)
    return _decoded(text, charset)

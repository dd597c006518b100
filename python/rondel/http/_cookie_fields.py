"""The fields Cookie and Set-Cookie, as browsers and servers write them (RFC 6265, with what aiohttp
lets pass).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http.cookies import CookieError, Morsel
from typing import Any, Final

_log: Final = logging.getLogger("rondel.http")

#: Bounds of RFC 6265, 6.1, and what browsers add to them.
_MAX_FIELDS: Final = 50
_MAX_PAIR: Final = 4096
_MAX_ATTRIBUTE: Final = 1024
_MAX_ATTRIBUTES: Final = 32

_ATTRIBUTES: Final = frozenset(
    (
        "comment",
        "domain",
        "expires",
        "httponly",
        "max-age",
        "partitioned",
        "path",
        "samesite",
        "secure",
        "version",
    )
)
_FLAGS: Final = frozenset(("httponly", "partitioned", "secure"))

#: Names: what is printed, but separators that would end one. Servers use brackets and slashes,
#: which are no tokens.
_NAME: Final = re.compile(r"[!#$%&'()*+\-./0-9:<=>?@A-Z\[\]^_`a-z{|}~]+")
_CONTROL: Final = re.compile(r"[\x00-\x1F\x7F]")
_CONTROL_BUT_TAB: Final = re.compile(r"[\x00-\x08\x0A-\x1F\x7F]")
_ESCAPED: Final = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")

_WORD: Final = r"[\w!#%&'~`><@,:/$*+\-.^|)(?}{\[\]"
#: Values: quoted, or with a quote that never closes; dates, which have blanks and commas; or one
#: word.
_VALUE: Final = (
    r'"(?:[^\\"]|\\.)*"'
    r'|"[^";]*'
    r"|(?:\w{3,6}day|\w{3}),\s[\w\s-]{9,11}\s[\d:]{8}\s(?:GMT|[+-]\d{4})"
    r"|\w{3}\s+\w{3}\s+[\s\d]\d\s+\d{2}:\d{2}:\d{2}\s+\d{4}"
    rf"|{_WORD}=]*"
)
#: A name, with or without a value, up to what ends it: a semicolon, a blank or the end.
_PAIR: Final = re.compile(
    rf"\s*(?P<name>{_WORD}]+)(?:\s*=\s*(?P<value>{_VALUE}))?\s*(?:\s+|;|$)", re.ASCII
)


def preserve_morsel_with_coded_value(cookie: Morsel[str]) -> Morsel[str]:
    """A cookie of the same name and value that is sent as it came, quotes and all, and without
    attributes.
    """
    return make_morsel(cookie.key, cookie.value, cookie.coded_value) or cookie


def make_morsel(name: str, value: str, coded: str) -> Morsel[str] | None:
    """A cookie, whatever characters are in it; None for those that this Python refuses."""
    morsel: Morsel[str] = Morsel()
    state: dict[str, Any] = {"key": name, "value": value, "coded_value": coded}
    try:
        # `Morsel.set` refuses names that servers do use.
        morsel.__setstate__(state)  # type: ignore[attr-defined]
    except CookieError:
        return None
    return morsel


def has_control(text: str) -> bool:
    """Whether it has characters that no field may have."""
    return _CONTROL.search(text) is not None


def encoded_length(text: str) -> int | None:
    """How many bytes it has in UTF-8; None if it can't be encoded."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None


def parse_cookie_header(header: str) -> list[tuple[str, Morsel[str]]]:
    """The cookies of a field Cookie, which has no attributes. What is malformed is left out, and no
    more.
    """
    cookies: list[tuple[str, Morsel[str]]] = []
    illegal = []
    at = 0
    while at < len(header):
        found = _PAIR.match(header, at)
        if found is not None:
            name, coded = found["name"], found["value"] or ""
            at = found.end()
        else:
            pair, _, _ = header[at:].partition(";")
            at += len(pair) + 1
            name, equals, coded = (part.strip() for part in pair.partition("="))
            if not equals:
                continue
        if _NAME.fullmatch(name) is None:
            illegal.append(name)
        elif (morsel := make_morsel(name, _unquote(coded), coded)) is not None:
            cookies.append((name, morsel))
    if illegal:
        _log.debug("Cannot load cookie. Illegal cookie names: %r", illegal)
    return cookies


def parse_set_cookie_headers(headers: Sequence[str]) -> list[tuple[str, Morsel[str]]]:
    """The cookies of fields Set-Cookie, one of each. Those that no browser would keep are left out:
    malformed, too large or too many.
    """
    cookies: list[tuple[str, Morsel[str]]] = []
    for field in headers:
        if len(cookies) == _MAX_FIELDS:
            break
        if (cookie := _parse_set_cookie(field)) is not None:
            cookies.append((cookie.key, cookie))
    if left_out := len(headers) - len(cookies):
        _log.debug("Ignored %d invalid Set-Cookie fields, or more than %d", left_out, _MAX_FIELDS)
    return cookies


def _parse_set_cookie(field: str) -> Morsel[str] | None:
    if not field or _CONTROL_BUT_TAB.search(field):
        return None
    split = _split_quoted(field)
    if split is None:
        pair, _, attributes = field.partition(";")
        name, equals, coded = (part.strip(" \t") for part in pair.partition("="))
        if not equals:
            return None
    else:
        name, coded, attributes = split
    if not name:
        return None
    if _NAME.fullmatch(name) is None:
        _log.warning("Can not load cookies: Illegal cookie name %r", name)
        return None
    length = encoded_length(name + coded)
    value = _unquote(coded)
    if length is None or length > _MAX_PAIR or has_control(value):
        return None
    morsel = make_morsel(name, value, coded)
    if morsel is not None:
        _set_attributes(morsel, attributes)
    return morsel


def _split_quoted(field: str) -> tuple[str, str, str] | None:
    """Name, value and the rest, if the value is quoted and has a semicolon, which no browser takes
    but aiohttp does.
    """
    if '"' not in field.partition(";")[0] or (found := _PAIR.match(field)) is None:
        return None
    value = found["value"]
    if not value or ";" not in value or not (value[0] == value[-1] == '"'):
        return None
    rest = field[found.end("value") :].lstrip(" \t")
    return (found["name"], value, rest[1:]) if rest[:1] in {"", ";"} else None


def _set_attributes(morsel: Morsel[str], text: str) -> None:
    """Take the attributes that are known. They may stand without semicolons; what is malformed ends
    at the next one.
    """
    at = 0
    for _ in range(_MAX_ATTRIBUTES):
        if at >= len(text):
            return
        found = _PAIR.match(text, at)
        if found is None:
            end = text.find(";", at)
            if end < 0:
                return
            at = len(text) - len(text[end:].lstrip("; \t"))
            continue
        at = found.end()
        name = found["name"].lower()
        # Python has ``partitioned`` from 3.14 on.
        if name not in _ATTRIBUTES or name not in morsel:
            continue
        if name in _FLAGS:
            _put(morsel, name, True)
            continue
        coded = found["value"] or ""
        length = encoded_length(coded)
        if length is None or length > _MAX_ATTRIBUTE:
            continue
        value = _unquote(coded)
        if not has_control(value):
            _put(morsel, name, value)


def _put(morsel: Morsel[str], name: str, value: Any) -> None:
    # What was checked here need not be checked by each Python in its own way.
    dict.__setitem__(morsel, name, value)


def _unquote(value: str) -> str:
    """Without its quotes, and with what is escaped in them."""
    if len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[2], value[1:-1])

"""Jars in files: JSON, as aiohttp writes it, and what older aiohttp has pickled."""

from __future__ import annotations

import json
import math
import os
import pickle
from collections.abc import Callable, Iterator
from http.cookies import Morsel
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from ._cookie_fields import make_morsel

if TYPE_CHECKING:
    from ._cookie_shelf import Shelf

_PARTS: Final = ("key", "value", "coded_value")
#: What counts from when the cookie came is saved as a point in time.
_RELATIVE: Final = frozenset(("max-age", "expires"))


class Saved(NamedTuple):
    """A cookie of a file: the domain that it is kept under, and when it expires."""

    domain: str
    name: str
    cookie: Morsel[str]
    expires: float | None


def save(shelf: Shelf, target: Path) -> None:
    """Write all cookies to a file that only its owner can read: some are as good as passwords."""
    data = {
        f"{domain}|{path}": {
            name: _record(cookie, shelf, (domain, path, name)) for name, cookie in bucket.items()
        }
        for (domain, path), bucket in shelf.cookies.items()
    }
    with open(target, "w", encoding="utf-8", opener=_private) as file:
        json.dump(data, file, indent=2)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _record(
    cookie: Morsel[str], shelf: Shelf, key: tuple[str, str, str]
) -> dict[str, str | bool | float]:
    record: dict[str, str | bool | float] = {
        "key": cookie.key,
        "value": cookie.value,
        "coded_value": cookie.coded_value,
    }
    record.update(
        (name, value) for name, value in cookie.items() if value and name not in _RELATIVE
    )
    kept = shelf.of(key)
    if kept.host_only:
        record["host_only"] = True
    if kept.expires is not None:
        record["expires_timestamp"] = kept.expires
    return record


def load(path: Path) -> Iterator[Saved]:
    """The cookies of a file.

    Raises OSError, ValueError and KeyError for a malformed one, `pickle.UnpicklingError` for a
    pickle of anything else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        with path.open("rb") as file:
            data = _CookiesOnly(file).load()
        return _of_pickle(data)
    return _of_json(data)


def _of_json(data: dict[str, dict[str, dict[str, Any]]]) -> Iterator[Saved]:
    for place, bucket in data.items():
        domain, _ = place.split("|", 1)
        for name, record in bucket.items():
            expires = _expires(record.get("expires_timestamp"), name, place)
            key, value, coded = (record[part] for part in _PARTS)
            cookie = make_morsel(key, value, coded)
            if cookie is None:
                continue
            for attribute in cookie:
                if attribute in record:
                    cookie[attribute] = record[attribute]
            if record.get("host_only"):
                # It has none of its own, so that subdomains don't get it.
                cookie["domain"] = ""
            yield Saved(domain, name, cookie, expires)


def _expires(saved: Any, name: str, place: str) -> float | None:
    if saved is None:
        return None
    try:
        expires = float(saved)
    except (OverflowError, TypeError, ValueError):
        expires = math.nan
    if not math.isfinite(expires):
        raise ValueError(
            f"Cookie {name!r} in {place!r}: expiration timestamp must be a finite number"
        )
    return expires


def _of_pickle(data: Any) -> Iterator[Saved]:
    for (domain, _), bucket in data.items():
        for name, cookie in bucket.items():
            yield Saved(domain, name, cookie, None)


# The one in C does not ask `find_class` on every interpreter.
class _CookiesOnly(pickle._Unpickler):
    """Makes cookies, and what holds them: a pickle can run anything else, and files come from
    anywhere.
    """

    _ALLOWED: Final = frozenset(
        (
            ("http.cookies", "SimpleCookie"),
            ("http.cookies", "Morsel"),
            ("collections", "defaultdict"),
            ("builtins", "tuple"),
            ("builtins", "set"),
            ("builtins", "frozenset"),
            ("builtins", "dict"),
        )
    )

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(
                f"Forbidden class: {module}.{name}. "
                "CookieJar.load() only allows cookie-related types"
            )
        found: Callable[..., Any] = super().find_class(module, name)
        return found

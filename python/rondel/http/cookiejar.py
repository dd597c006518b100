"""Jars that keep cookies from one response to later requests (RFC 6265, sections 5.3 and 5.4)."""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from http.cookies import BaseCookie, Morsel, SimpleCookie
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from yarl import URL

from . import _cookie_files
from ._cookie_dates import parse_date
from ._cookie_dummy import DummyCookieJar
from ._cookie_fields import (
    encoded_length,
    make_morsel,
    parse_cookie_header,
    parse_set_cookie_headers,
    preserve_morsel_with_coded_value,
)
from ._cookie_shelf import Key, Place, Shelf
from ._cookie_values import can_be_sent, copies, domain_of, is_ip_address, path_of
from .abc import AbstractCookieJar

if TYPE_CHECKING:
    from .typedefs import LooseCookies, PathLike, StrOrURL

__all__ = (
    "CookieJar",
    "DummyCookieJar",
    "parse_cookie_header",
    "parse_set_cookie_headers",
    "preserve_morsel_with_coded_value",
)

_log: Final = logging.getLogger("rondel.http")
#: What goes with one request: a number, and bytes of the field with its name.
_MAX_PER_REQUEST: Final = 150
_MAX_FIELD: Final = 8190
_FIELD_NAME: Final = len("Cookie: ")
_SECURE_SCHEMES: Final = frozenset(("https", "wss"))
#: Where cookies are kept that belong to no host: those that programs set.
_SHARED: Final = ("", "")


class CookieJar(AbstractCookieJar):
    """Keeps cookies, as browsers do.

    - ``unsafe``: hosts that are IP addresses may have cookies, too.
    - ``quote_cookie``: values with special characters are sent in quotes.
    - ``treat_as_secure_origin``: origins that get cookies marked ``Secure`` without TLS: one or
      several URLs.
    """

    #: The end of the year 9999, in seconds since 1970: nothing expires later.
    MAX_TIME = 253402300799

    _limits_enabled = True

    def __init__(
        self,
        *,
        unsafe: bool = False,
        quote_cookie: bool = True,
        treat_as_secure_origin: StrOrURL | Iterable[StrOrURL] | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(loop=loop)
        self._unsafe = unsafe
        self._quote_cookie = quote_cookie
        if treat_as_secure_origin is None:
            origins: Iterable[StrOrURL] = ()
        elif isinstance(treat_as_secure_origin, (str, URL)):
            origins = (treat_as_secure_origin,)
        else:
            origins = treat_as_secure_origin
        self._treat_as_secure_origin = frozenset(URL(origin).origin() for origin in origins)
        self._shelf = Shelf(limited=self._limits_enabled)

    @property
    def unsafe(self) -> bool:
        """Whether hosts that are IP addresses may have cookies."""
        return self._unsafe

    @property
    def quote_cookie(self) -> bool:
        """Whether values are quoted."""
        return self._quote_cookie

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        """Origins that get ``Secure`` cookies without TLS."""
        return self._treat_as_secure_origin

    @property
    def cookies(self) -> MappingProxyType[tuple[str, str], SimpleCookie]:
        """What is kept, by domain and path."""
        return MappingProxyType(self._shelf.cookies)

    @property
    def _cookies(self) -> dict[tuple[str, str], SimpleCookie]:
        # Programs that keep cookies themselves reach for it, as there was no other way in older
        # aiohttp.
        return self._shelf.cookies

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """The cookies, by domain, path and name, that no subdomain gets."""
        return frozenset(key for key, kept in self._shelf.kept.items() if kept.host_only)

    def __iter__(self) -> Iterator[Morsel[str]]:
        self._shelf.expire()
        for bucket in self._shelf.cookies.values():
            yield from bucket.values()

    def __len__(self) -> int:
        return len(self._shelf)

    def save(self, file_path: PathLike) -> None:
        """Write all cookies to a file, in JSON, which only its owner can read."""
        _cookie_files.save(self._shelf, Path(file_path))

    def load(self, file_path: PathLike) -> None:
        """Have the cookies of a file, instead of those that are here. Files of aiohttp are read,
        old ones as well.

        Raises OSError, and ValueError and others for a malformed file, which changes nothing.
        """
        loaded = CookieJar(
            unsafe=self._unsafe,
            quote_cookie=self._quote_cookie,
            treat_as_secure_origin=self._treat_as_secure_origin,
            loop=self._loop,
        )
        for saved in _cookie_files.load(Path(file_path)):
            url = URL.build(scheme="https", host=saved.domain) if saved.domain else URL()
            loaded._keep({saved.name: saved.cookie}, url, expires=saved.expires)
        self._shelf.take_over(loaded._shelf)

    def clear(self, predicate: Callable[[Morsel[str]], bool] | None = None) -> None:
        """Forget the cookies for which ``predicate`` is true, and expired ones; or all."""
        if predicate is None:
            self._shelf.clear()
            return
        now = time.time()
        chosen: list[Key] = []
        for (domain, path), bucket in self._shelf.cookies.items():
            for name, cookie in bucket.items():
                key = (domain, path, name)
                expires = self._shelf.of(key).expires
                if (expires is not None and expires <= now) or predicate(cookie):
                    chosen.append(key)
        self._shelf.remove(chosen)

    def clear_domain(self, domain: str) -> None:
        """Forget the cookies of a domain and of those below it."""
        self.clear(lambda cookie: self._is_domain_match(domain, cookie["domain"]))

    def update_cookies(self, cookies: LooseCookies, response_url: URL = URL()) -> None:  # noqa: B008  a URL does not change
        """Keep ``cookies``, which came from ``response_url``; without that, for all hosts."""
        self._keep(copies(cookies), response_url)

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep what the fields Set-Cookie of a response say."""
        if headers and (self._unsafe or not is_ip_address(response_url.raw_host)):
            self._keep(parse_set_cookie_headers(headers), response_url)

    def filter_cookies(self, request_url: URL = URL()) -> BaseCookie[str]:  # noqa: B008  a URL does not change
        """Return the cookies that a request to ``request_url`` sends."""
        filtered: BaseCookie[str] = BaseCookie()
        self._shelf.expire()
        if not len(self._shelf):
            return filtered
        if type(request_url) is not URL:
            warnings.warn(
                "filter_cookies expects yarl.URL instances only,"
                f"and will stop working in 4.x, got {type(request_url)}",
                DeprecationWarning,
                stacklevel=2,
            )
            request_url = URL(request_url)
        chosen = self._chosen(request_url)
        if self._limits_enabled:
            chosen = self._within_limits(chosen, request_url.raw_host)
            self._shelf.touch(chosen.values())
        for name, key in chosen.items():
            # As it is: the class would make another one of it.
            dict.__setitem__(filtered, name, self._sent(key))
        return filtered

    def _chosen(self, url: URL) -> dict[str, Key]:
        """The keys of what a request sends, by name: of several, the most specific one, and that
        last.
        """
        host = url.raw_host or ""
        secure = url.scheme in _SECURE_SCHEMES or self._is_trusted(url)
        chosen: dict[str, Key] = {}
        for place in self._places(host, url.path):
            for name, cookie in self._shelf.cookies[place].items():
                key = (*place, name)
                if cookie["secure"] and not secure:
                    continue
                if place != _SHARED and (
                    (cookie["domain"] != host and self._shelf.of(key).host_only)
                    # The cookie's has a slash at the end, and the request's has none.
                    or len(cookie["path"]) > len(url.path)
                ):
                    continue
                chosen.pop(name, None)
                chosen[name] = key
        return chosen

    def _places(self, host: str, path: str) -> list[Place]:
        """Where cookies are kept that a request may send, the most specific ones last."""
        if not is_ip_address(host):
            domains = list(accumulate(reversed(host.split(".")), "{1}.{0}".format))
        else:
            domains = [host] if self._unsafe else []
        paths = list(accumulate(path.split("/"), "{}/{}".format))
        places = [(domain, prefix) for domain in domains for prefix in paths]
        kept = self._shelf.cookies
        return [
            place
            for place in (_SHARED, *(place for place in places if place != _SHARED))
            if place in kept
        ]

    def _within_limits(self, chosen: dict[str, Key], host: str | None) -> dict[str, Key]:
        """What of it fits one request: a host's own cookies rather than those of others."""
        for key in chosen.values():
            self._sent(key)
        lengths = {name: self._shelf.of(key).length + len("; ") for name, key in chosen.items()}
        room = _MAX_FIELD - _FIELD_NAME + len("; ")
        if len(chosen) <= _MAX_PER_REQUEST and sum(lengths.values()) <= room:
            return chosen
        admitted: list[str] = []
        for name in reversed(chosen):
            if len(admitted) < _MAX_PER_REQUEST and lengths[name] <= room:
                room -= lengths[name]
                admitted.append(name)
        _log.debug(
            "Omitted %d cookies for %s, above %d of them or %d bytes",
            len(chosen) - len(admitted),
            host,
            _MAX_PER_REQUEST,
            _MAX_FIELD,
        )
        return {name: chosen[name] for name in reversed(admitted)}

    def _sent(self, key: Key) -> Morsel[str]:
        """A cookie as it is sent."""
        kept = self._shelf.of(key)
        if kept.sent is None:
            kept.sent = self._to_send(self._shelf.cookies[key[:2]][key[2]])
            kept.length = encoded_length(f"{kept.sent.key}={kept.sent.coded_value}") or 0
        return kept.sent

    def _to_send(self, cookie: Morsel[str]) -> Morsel[str]:
        if not self._quote_cookie:
            return make_morsel(cookie.key, cookie.value, cookie.value) or cookie
        if cookie.coded_value.startswith('"'):
            return preserve_morsel_with_coded_value(cookie)
        value, coded = SimpleCookie().value_encode(cookie.value)
        return make_morsel(cookie.key, value, coded) or cookie

    def _is_trusted(self, url: URL) -> bool:
        if self._treat_as_secure_origin:
            with suppress(ValueError):  # it has no origin
                return url.origin() in self._treat_as_secure_origin
        return False

    def _keep(
        self,
        cookies: Iterable[tuple[str, Morsel[str]]] | Mapping[str, Morsel[str]],
        url: URL,
        *,
        expires: float | None = None,
    ) -> None:
        """Keep cookies that belong to nobody else."""
        host = url.raw_host
        if not self._unsafe and is_ip_address(host):
            return
        for name, cookie in cookies.items() if isinstance(cookies, Mapping) else cookies:
            domain = domain_of(cookie)
            if domain and host and not self._is_domain_match(domain, host):
                continue
            path = path_of(cookie, url)
            deadline = self._deadline(cookie) if expires is None else expires
            if self._limits_enabled and not can_be_sent(cookie):
                _log.debug("Dropped cookie %r for %s: it can't be sent", name, domain or host)
                continue
            host_only = not domain and host is not None
            key = (host if host_only and host is not None else domain, path, name)
            if not self._shelf.has_room(key, deadline, secure=bool(cookie["secure"])):
                _log.debug("Dropped cookie %r for %s: full of Secure cookies", name, key[0])
                continue
            if host_only:
                cookie["domain"] = key[0]
            self._shelf.put(key, cookie, deadline, host_only=host_only)
        self._shelf.expire()

    def _deadline(self, cookie: Morsel[str]) -> float | None:
        """When a cookie expires; None: never. What can't be read is taken from it."""
        if max_age := cookie["max-age"]:
            try:
                seconds = int(max_age)
            except ValueError:
                cookie["max-age"] = ""
                return None
            if seconds <= 0:
                return 0.0
            return min(time.time() + min(seconds, self.MAX_TIME), self.MAX_TIME)
        if expires := cookie["expires"]:
            when = parse_date(expires)
            if when is None:
                cookie["expires"] = ""
            return when
        return None

    @staticmethod
    def _is_domain_match(domain: str, hostname: str) -> bool:
        """Whether a host is of a domain (RFC 6265, 5.1.3)."""
        if hostname == domain:
            return True
        return hostname.endswith(f".{domain}") and not is_ip_address(hostname)


class _UnlimitedCookieJar(CookieJar):
    """Cookies of one request, as the program has given them."""

    _limits_enabled = False

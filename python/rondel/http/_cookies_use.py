"""The cookies of a request: the jar's, the argument's, and those of an explicit field Cookie.

The native client asks for them hop by hop, and reports what each answer sets.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from yarl import URL

from ._tokens import encode_field
from .cookiejar import CookieJar, DummyCookieJar, _UnlimitedCookieJar, parse_cookie_header

if TYPE_CHECKING:
    from .abc import AbstractCookieJar
    from .session import ClientSession
    from .typedefs import LooseCookies


class Cookies(Protocol):
    """What the native client uses."""

    @property
    def kept(self) -> dict[Any, Any] | None:
        """Where it is empty there are no cookies, and nobody is asked for them. None: ask."""

    def header_for(self, url: str) -> str | None:
        """The field Cookie of a request to ``url``."""

    def store(self, url: str, values: list[str]) -> None:
        """Take the fields Set-Cookie of an answer from ``url``."""


class JarCookies:
    """The cookies of a session's jar alone."""

    __slots__ = ("_jar", "kept")

    def __init__(self, jar: AbstractCookieJar) -> None:
        self._jar = jar
        # Each request asks, and most jars are empty: of the usual one that is seen without a call.
        self.kept: dict[Any, Any] | None = None
        if isinstance(jar, CookieJar) and type(jar).filter_cookies is CookieJar.filter_cookies:
            self.kept = jar._shelf.kept

    def header_for(self, url: str) -> str | None:
        """What the jar has for ``url``."""
        return _field(_values(self._jar, _url(url)))

    def store(self, url: str, values: list[str]) -> None:
        """Let the jar keep them."""
        self._jar.update_cookies_from_headers(values, _url(url))


class RequestCookies:
    """The jar's, with a request's own over them, which only the origin gets that the request was
    for.

    Raises, when it is made, what the jar makes of an argument that is none, and ValueError for what
    would end the field.
    """

    __slots__ = ("_explicit", "_jar", "_origin", "_own")

    kept: Final = None

    def __init__(
        self,
        jar: AbstractCookieJar,
        cookies: LooseCookies | None,
        explicit: str | None,
        url: URL,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._jar = jar
        self._explicit = explicit
        self._origin = _url(str(url)).origin()
        self._own: AbstractCookieJar | None = None
        if cookies is not None:
            self._own = _UnlimitedCookieJar(
                unsafe=jar.unsafe,
                quote_cookie=jar.quote_cookie,
                treat_as_secure_origin=list(jar.treat_as_secure_origin),
                loop=loop,
            )
            self._own.update_cookies(cookies)
        own = _field(_values(self._own, _url(str(url)))) if self._own is not None else None
        for field in (own, explicit):
            encode_field("Cookie", field or "")

    def header_for(self, url: str) -> str | None:
        """The jar's and the request's own."""
        target = _url(url)
        if target.origin() != self._origin:
            # Once led elsewhere, a request does not get them back.
            self._own = self._explicit = None
        found = _values(self._jar, target)
        if self._own is not None:
            found |= _values(self._own, target)
        if self._explicit is None:
            return _field(found)
        if not found:
            return self._explicit
        explicit = {
            name: morsel.coded_value for name, morsel in parse_cookie_header(self._explicit)
        }
        return _field(explicit | found)

    def store(self, url: str, values: list[str]) -> None:
        """Let the jar keep them."""
        self._jar.update_cookies_from_headers(values, _url(url))


def request_cookies(
    session: ClientSession, cookies: LooseCookies | None, explicit: str | None, url: URL
) -> Cookies | None:
    """What a request needs: None if there are no cookies, and none are kept."""
    if cookies is None and explicit is None:
        return session._cookies
    return RequestCookies(session.cookie_jar, cookies, explicit, url, session._loop)


def session_cookies(jar: AbstractCookieJar) -> Cookies | None:
    """What a request without cookies of its own needs."""
    return None if type(jar) is DummyCookieJar else JarCookies(jar)


def _url(text: str) -> URL:
    url = URL(text, encoded=True)
    # A WebSocket's cookies are those of the origin that it is opened at.
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme)
    return url if scheme is None else url.with_scheme(scheme)


def _values(jar: AbstractCookieJar, url: URL) -> dict[str, str]:
    """What the jar has for ``url``, by name, as it is sent."""
    return {name: morsel.coded_value for name, morsel in jar.filter_cookies(url).items()}


def _field(cookies: dict[str, str]) -> str | None:
    """By name, so that a request's head does not depend on the order in which cookies came."""
    return "; ".join(f"{name}={value}" for name, value in sorted(cookies.items())) or None

"""What programs may bring along: jars of cookies, resolvers, and who takes the bytes of a body.

Named as in `aiohttp.abc`.
"""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence, Sized
from http.cookies import BaseCookie, Morsel, SimpleCookie
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict

from yarl import URL

if TYPE_CHECKING:
    from .typedefs import LooseCookies

    MorselIterable = Iterable[Morsel[str]]
else:
    MorselIterable = Iterable

__all__ = ("AbstractCookieJar", "AbstractResolver", "AbstractStreamWriter", "ResolveResult")


_NO_URL = URL()


class ResolveResult(TypedDict):
    """One address of a name: ``host`` is numeric, ``hostname`` what was asked for."""

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


class AbstractResolver(ABC):
    """Finds the addresses of names: ``TCPConnector(resolver=...)``."""

    @abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``, best first. Raises OSError if there are none."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything."""


class AbstractCookieJar(Sized, MorselIterable):
    """Keeps cookies from one response to later requests: ``ClientSession(cookie_jar=...)``."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()

    @property
    @abstractmethod
    def unsafe(self) -> bool:
        """Whether hosts that are IP addresses may have cookies."""

    @property
    @abstractmethod
    def quote_cookie(self) -> bool:
        """Whether values are quoted."""

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        """Origins that get ``Secure`` cookies without TLS."""
        return frozenset()

    @property
    @abstractmethod
    def cookies(self) -> MappingProxyType[tuple[str, str], SimpleCookie]:
        """What is kept, by domain and path."""

    @property
    @abstractmethod
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """The cookies, by domain, path and name, that no subdomain gets."""

    @abstractmethod
    def clear(self, predicate: Callable[[Morsel[str]], bool] | None = None) -> None:
        """Forget the cookies for which ``predicate`` is true, or all."""

    @abstractmethod
    def clear_domain(self, domain: str) -> None:
        """Forget the cookies of a domain and of those below it."""

    @abstractmethod
    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        """Keep ``cookies``, which came from ``response_url``."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep what the fields Set-Cookie of a response say."""
        from .cookiejar import parse_set_cookie_headers

        if headers and (cookies := parse_set_cookie_headers(headers)):
            self.update_cookies(cookies, response_url)

    @abstractmethod
    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        """Return the cookies that a request to ``request_url`` sends."""


class AbstractStreamWriter(ABC):
    """Takes the bytes of a body: what ``Payload.write`` gets."""

    buffer_size: int = 0
    output_size: int = 0
    length: int | None = 0

    @abstractmethod
    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Send a piece. Returns when there is room for more."""

    @abstractmethod
    async def write_eof(self, chunk: bytes = b"") -> None:
        """Send the last piece."""

    @abstractmethod
    async def drain(self) -> None:
        """Return when there is room for more."""

    @abstractmethod
    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Compress what is written from now on."""

    @abstractmethod
    def enable_chunking(self) -> None:
        """Send the body in chunks, its length being unknown."""

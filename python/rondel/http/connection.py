"""The connection that a response holds, as far as Python sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import ssl as ssl_module

    from yarl import URL

    from .auth import BasicAuth
    from .fingerprint import Fingerprint
    from .response import ClientResponse


class ConnectionKey(NamedTuple):
    """What two requests must have in common to use one connection; an exception carries it."""

    host: str
    port: int | None
    is_ssl: bool
    ssl: ssl_module.SSLContext | bool | Fingerprint
    proxy: URL | None
    proxy_auth: BasicAuth | None
    proxy_headers_hash: int | None
    server_hostname: str | None = None


class ConnectionInfo:
    """Stands where aiohttp has the connection's transport: tells about it, and can close it."""

    __slots__ = ("_response",)

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known: ``peername``, ``sockname``, ``cipher``, ``alpn``, ``tls_version``,
        ``peercert`` (DER).
        """
        value = self._response._extra_info(name)
        return default if value is None else value

    def is_closing(self) -> bool:
        """Whether the response has given the connection back or closed it."""
        return not self._response._connected

    def close(self) -> None:
        """Close the connection."""
        self._response.close()

    abort = close


class Connection:
    """What ``response.connection`` is until the response has been read to its end."""

    __slots__ = ("_callbacks", "_response")

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self._callbacks: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"Connection<{self._response.url.origin()}>"

    def __bool__(self) -> Literal[True]:
        return True

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it lives in."""
        return self._response._loop

    @property
    def transport(self) -> ConnectionInfo | None:
        """What tells about the connection; None once it is given back."""
        return None if self.closed else ConnectionInfo(self._response)

    @property
    def protocol(self) -> None:
        """None: no protocol of Python's stands between the connection and the response."""
        return None

    @property
    def closed(self) -> bool:
        """Whether the response has given it back or closed it."""
        return not self._response._connected

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called when `close` or `release` is."""
        self._callbacks.append(callback)

    def close(self) -> None:
        """Close the connection, which ends the response."""
        self._notify()
        self._response.close()

    def release(self) -> None:
        """End the response, and let others use the connection if it can be used again."""
        self._notify()
        self._response.release()

    def _notify(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            with suppress(Exception):
                callback()

"""Connectors: where connections come from, how many there may be, and how long they are kept."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl as ssl_module
import sys
import traceback
import warnings
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from .._rondel import HttpClient
from ._numbers import count, seconds
from .abc import AbstractResolver
from .fingerprint import Fingerprint, merge_ssl, native_trust
from .timeouts import _SENTINEL, sentinel

__all__ = (
    "AddrInfoType",
    "BaseConnector",
    "NamedPipeConnector",
    "SocketFactoryType",
    "TCPConnector",
    "UnixConnector",
)

#: Family, type, protocol, canonical name and address, as ``socket.getaddrinfo`` gives them.
AddrInfoType: TypeAlias = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]
]
#: Makes the socket for an address.
SocketFactoryType: TypeAlias = Callable[[AddrInfoType], socket.socket]

HTTP_SCHEMES = frozenset({"", "http", "https", "ws", "wss"})
#: Seconds for which an idle connection is kept.
KEEPALIVE_TIMEOUT = 15.0


class _Done(Coroutine[Any, Any, None]):
    """What ``close()`` gives: all is done already, whether it is awaited or not.

    It goes wherever a coroutine does: to ``create_task``, say.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()

    def send(self, value: Any, /) -> Any:
        """End at once."""
        raise StopIteration

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Raise it."""
        raise typ if val is None else val

    def close(self) -> None:
        """Do nothing: it is over."""


class BaseConnector:
    """What connectors have in common: a pool of connections, in the loop that they were made in.

    - ``limit``: connections at once, 0 for any number; ``limit_per_host``: to one host, port and
      way of TLS. A connection of HTTP/2 counts once, however many requests go over it.
    - ``keepalive_timeout``: seconds for which an idle connection is kept, None for as long as the
      server keeps it.
    - ``force_close``: close each connection after one request.

    ``enable_cleanup_closed`` is taken and needs nothing done: connections are closed for good at
    once.
    """

    _closed = True  # what __del__ sees if __init__ fails
    _source_traceback: traceback.StackSummary | None = None
    allowed_protocol_schema_set = HTTP_SCHEMES

    def __init__(
        self,
        *,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = 5,
        _settings: dict[str, Any] | None = None,
    ) -> None:
        if force_close and isinstance(keepalive_timeout, (int, float)):
            raise ValueError("keepalive_timeout cannot be set if force_close is True")
        if isinstance(keepalive_timeout, _SENTINEL):
            keepalive_timeout = None if force_close else KEEPALIVE_TIMEOUT
        self._keepalive_timeout = seconds("keepalive_timeout", keepalive_timeout)
        self._force_close = bool(force_close)
        self._limit = _connections("limit", limit)
        self._limit_per_host = _connections("limit_per_host", limit_per_host)
        seconds("timeout_ceil_threshold", timeout_ceil_threshold, negative=True)
        self._timeout_ceil_threshold = timeout_ceil_threshold
        self._loop = loop or asyncio.get_running_loop()
        self._client = HttpClient(self._loop, self._defaults() | (_settings or {}))
        self._closed = False
        if self._loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))

    def _defaults(self) -> dict[str, Any]:
        return {
            "limit": self._limit,
            "limit_per_host": self._limit_per_host,
            "keepalive_timeout": self._keepalive_timeout,
            "force_close": self._force_close,
            "family": 0,
            "local_addr": None,
            "happy_eyeballs_delay": 0.25,
            "interleave": None,
            "use_dns_cache": True,
            "ttl_dns_cache": 10,
            "dns_cache_max_size": 1000,
            "unix_path": None,
            "resolver": None,
            "http2": "alpn",
            "tls": True,
            "socket_factory": None,
        }

    def __del__(self, _warnings: Any = warnings) -> None:
        if self._closed or not self._client.idle:
            return
        idle = self._client.idle
        self._close()
        _warnings.warn(f"Unclosed connector {self!r}", ResourceWarning, source=self)
        context: dict[str, Any] = {
            "connector": self,
            "connections": [f"{idle} idle"],
            "message": "Unclosed connector",
        }
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        exc_traceback: TracebackType | None = None,
    ) -> None:
        await self.close()

    @property
    def force_close(self) -> bool:
        """Whether each connection is closed after one request."""
        return self._force_close

    @property
    def limit(self) -> int:
        """Connections at once; 0: any number."""
        return self._limit

    @property
    def limit_per_host(self) -> int:
        """Connections at once to one host, port and way of TLS; 0: any number."""
        return self._limit_per_host

    @property
    def closed(self) -> bool:
        """Whether it gives no connections any more."""
        return self._closed

    def close(self, *, abort_ssl: bool = False) -> _Done:
        """Close all connections, those in use too. All is done when it returns; await it or not."""
        self._close()
        return _Done()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._client.close()


class TCPConnector(BaseConnector):
    """Connects over TCP, with TLS where the URL says https.

    Besides what `BaseConnector` takes:

    - ``use_dns_cache``, ``ttl_dns_cache`` (seconds; None: for ever), ``dns_cache_max_size``:
      addresses of names are kept.
    - ``resolver``: where addresses come from; the system's ``getaddrinfo`` otherwise.
    - ``family``: ``socket.AF_INET`` or ``AF_INET6``; both otherwise.
    - ``local_addr``: host and port to connect from.
    - ``ssl``: True verifies by the platform's certificates, False not at all; a `Fingerprint` or an
      ``SSLContext`` decide themselves. A request's own ``ssl=`` goes first.
    - ``happy_eyeballs_delay``: seconds after which the next address is tried beside the one before
      (RFC 8305; None: one after the other). ``interleave``: how many addresses of the first family
      come first.
    - ``socket_factory``: makes the sockets.
    - ``http2``: True uses HTTP/2 when a server offers it in the TLS handshake, False never does;
      ``"prior-knowledge"`` speaks nothing else, also without TLS.

    ``ssl_shutdown_timeout`` is taken and has no effect: closing a connection waits for nothing.
    """

    allowed_protocol_schema_set = HTTP_SCHEMES | {"tcp"}

    def __init__(
        self,
        *,
        verify_ssl: bool = True,
        fingerprint: bytes | None = None,
        use_dns_cache: bool = True,
        ttl_dns_cache: float | None = 10,
        dns_cache_max_size: int = 1000,
        family: socket.AddressFamily | int = socket.AF_UNSPEC,
        ssl_context: ssl_module.SSLContext | None = None,
        ssl: bool | Fingerprint | ssl_module.SSLContext = True,
        local_addr: tuple[str, int] | None = None,
        resolver: AbstractResolver | None = None,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = 5,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactoryType | None = None,
        ssl_shutdown_timeout: float | _SENTINEL | None = sentinel,
        http2: bool | Literal["prior-knowledge"] = True,
    ) -> None:
        self._ssl = merge_ssl(ssl, verify_ssl, ssl_context, fingerprint)
        self._family = _family(family)
        self._use_dns_cache = bool(use_dns_cache)
        _check_resolver(resolver)
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            enable_cleanup_closed=enable_cleanup_closed,
            loop=loop,
            timeout_ceil_threshold=timeout_ceil_threshold,
            _settings={
                "family": self._family,
                "local_addr": None if local_addr is None else _local_addr(local_addr),
                "happy_eyeballs_delay": seconds("happy_eyeballs_delay", happy_eyeballs_delay),
                "interleave": (
                    None if interleave is None else count("interleave", interleave, "addresses")
                ),
                "use_dns_cache": self._use_dns_cache,
                "ttl_dns_cache": seconds("ttl_dns_cache", ttl_dns_cache),
                "dns_cache_max_size": count("dns_cache_max_size", dns_cache_max_size, "names"),
                "resolver": resolver,
                "http2": _http2(http2),
                "tls": native_trust(self._ssl),
                "socket_factory": socket_factory,
            },
        )

    @property
    def family(self) -> int:
        """Which addresses are used: ``socket.AF_INET``, ``AF_INET6``, or 0 for both."""
        return self._family

    @property
    def use_dns_cache(self) -> bool:
        """Whether addresses are kept."""
        return self._use_dns_cache

    def clear_dns_cache(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the addresses of one host and port, or all. Raises ValueError for one without the
        other.
        """
        if (host is None) != (port is None):
            raise ValueError("either both host and port or none of them are allowed")
        self._client.clear_dns_cache(host, port)


class UnixConnector(BaseConnector):
    """Connects to a Unix socket, whatever host the URL names.

    ``path`` is the socket's; the rest as for `BaseConnector`.
    """

    allowed_protocol_schema_set = HTTP_SCHEMES | {"unix"}

    def __init__(
        self,
        path: str | os.PathLike[str],
        force_close: bool = False,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        limit: int | None = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._path = os.fspath(path)
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
            _settings={"unix_path": os.fsdecode(self._path)},
        )

    @property
    def path(self) -> str:
        """The socket's path."""
        return self._path


class NamedPipeConnector(BaseConnector):
    """Connects to a named pipe of Windows, where rondel does not run: always RuntimeError."""

    def __init__(self, path: str, *_args: Any, **_keywords: Any) -> None:
        raise RuntimeError("Named Pipes only available in proactor loop under windows")


def _connections(name: str, value: int | None) -> int:
    return 0 if value is None else count(name, value, "connections (0: any number)")


def _family(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"family is socket.AF_INET, AF_INET6 or 0, got {value!r}")
    if value not in {socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6}:
        raise ValueError(f"family is socket.AF_INET, AF_INET6 or 0, got {value!r}")
    return int(value)


def _local_addr(value: Any) -> tuple[str, int]:
    match value:
        case (str(host), int(port)) if not isinstance(port, bool):
            if not 0 <= port <= 65535:
                raise ValueError(f"local_addr: ports are from 0 to 65535, got {port!r}")
            return host, port
    raise TypeError(f"local_addr is a host and a port, such as ('127.0.0.1', 0), got {value!r}")


def _check_resolver(resolver: Any) -> None:
    if resolver is not None and not hasattr(resolver, "resolve"):
        raise TypeError(f"resolver is an AbstractResolver or None, got {resolver!r}")


def _http2(asked: object) -> str:
    if asked is True:
        return "alpn"
    if asked is False:
        return "off"
    if asked == "prior-knowledge":
        return "prior"
    raise ValueError(f'http2 is True, False or "prior-knowledge", got {asked!r}')

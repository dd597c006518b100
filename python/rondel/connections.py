"""Stream connections and servers: the hooks that `asyncio.BaseEventLoop` leaves to its heirs."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from asyncio import base_events
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _rondel
from .accepting import Acceptor
from .socks import SocketCalls
from .transports import StreamTransport

# What TLS takes is imported when the first connection or server needs it: a program without starts
# the sooner.
if TYPE_CHECKING:
    from .tls import TLSProtocol
    from .tls_transport import SSLTransport

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class Connections(SocketCalls):
    """The part of the loop that makes stream transports."""

    __slots__ = ()

    async def create_connection(
        self,
        protocol_factory: ProtocolFactory,
        host: Any = None,
        port: Any = None,
        **options: Any,
    ) -> tuple[Any, Any]:
        """Connect to ``host`` and ``port``. Gives the transport and the protocol.

        Raises OSError when nobody serves there. Arguments, and what is more than a plain connection
        to a numeric address, are those of the version at hand.
        """
        if (not options or _are_defaults(options)) and self._connects_natively():
            begun = _rondel.begin_connect(self, host, port)
            if begun is not None:
                connection, future = begun
                if future is not None:
                    try:
                        await future
                    except BaseException:
                        connection.close()
                        raise
                return await self._opened(connection, protocol_factory)
        return await super().create_connection(protocol_factory, host, port, **options)

    # For who looks at its signature.
    create_connection.__wrapped__ = asyncio.BaseEventLoop.create_connection  # type: ignore[attr-defined]

    def _connects_natively(self) -> bool:
        """Whether nobody watches, or has replaced, how sockets are connected and get transports."""
        return (
            not self._debug
            and getattr(base_events, "socket", None) is socket  # asyncio's tests put a mock there
            and getattr(self.sock_connect, "__func__", None) is _SOCK_CONNECT
            and getattr(self._make_socket_transport, "__func__", None) is _MAKE_SOCKET_TRANSPORT
        )

    async def _opened(
        self, connection: _rondel.Connection, protocol_factory: ProtocolFactory
    ) -> tuple[StreamTransport, asyncio.BaseProtocol]:
        """A client's transport and protocol, once the protocol has heard of it."""
        try:
            protocol = protocol_factory()
            waiter = self.create_future()
            transport = _rondel.open_transport(self, connection, protocol, waiter, None)
        except BaseException:
            connection.close()
            raise
        try:
            await waiter
        except BaseException:
            transport.close()
            raise
        return transport, protocol

    def _make_socket_transport(
        self,
        sock: socket.socket | _rondel.Connection,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        **_: Any,
    ) -> StreamTransport:
        self._check_free(sock.fileno())
        return StreamTransport(self, sock, protocol, waiter, extra=extra, server=server)

    def _make_ssl_transport(
        self,
        rawsock: socket.socket | _rondel.Connection,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl.SSLContext | None,
        waiter: asyncio.Future[None] | None = None,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        call_connection_made: bool = True,
    ) -> SSLTransport:
        try:
            tls = _tls_protocol()(
                self,
                protocol,
                sslcontext,
                waiter,
                server_side,
                server_hostname,
                call_connection_made,
                ssl_handshake_timeout,
                ssl_shutdown_timeout,
            )
            try:
                self._make_socket_transport(rawsock, tls, extra=extra, server=server)
            except BaseException:
                tls._abort(None)
                raise
        except BaseException:
            # The caller has no transport that it could close.
            rawsock.close()
            raise
        return tls.transport

    def _start_serving(
        self,
        protocol_factory: ProtocolFactory,
        sock: socket.socket,
        sslcontext: Any = None,
        server: Any = None,
        backlog: int = 100,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> None:
        if sslcontext:
            # All of it, as there may be no descriptors left when the first client comes.
            from . import tls  # noqa: F401
            from .tls_options import check_context, check_timeouts

            try:
                # Now, and not at each connection.
                check_context(sslcontext)
                check_timeouts(ssl_handshake_timeout, ssl_shutdown_timeout)
            except (TypeError, ValueError):
                server.close()
                raise
        ssl_options = {
            "ssl_handshake_timeout": ssl_handshake_timeout,
            "ssl_shutdown_timeout": ssl_shutdown_timeout,
        }
        make = self._make_ssl_transport if sslcontext else self._make_socket_transport
        own = getattr(make, "__func__", None) in (_MAKE_SSL_TRANSPORT, _MAKE_SOCKET_TRANSPORT)
        acceptor = Acceptor(
            self, sock, protocol_factory, server, backlog, sslcontext, ssl_options, native=own
        )
        acceptor.start()

    def _stop_serving(self, sock: socket.socket) -> None:
        self._remove_reader(sock.fileno())
        sock.close()

    async def start_tls(
        self,
        transport: asyncio.BaseTransport,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl.SSLContext,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> SSLTransport:
        """Go on with TLS. Gives the transport that ``protocol`` is to use from now on.

        What an `asyncio.StreamReader` has read of the peer's handshake already is not lost.

        Raises TypeError for a context or a transport that cannot do it, ValueError for a timeout
        that is not positive, ConnectionAbortedError for a transport that is closing; ssl.SSLError
        or ConnectionError if the handshake fails, and then the transport is closed.
        """
        if not isinstance(sslcontext, ssl.SSLContext):
            raise TypeError(
                f"sslcontext is expected to be an instance of ssl.SSLContext, got {sslcontext!r}"
            )
        below: Any = transport
        if not getattr(below, "_start_tls_compatible", False):
            raise TypeError(f"transport {transport!r} is not supported by start_tls()")
        if below.is_closing():
            # Once it is lost, nothing would ever end the wait for a handshake.
            raise ConnectionAbortedError("start_tls() on a transport that is closing or closed")
        waiter = self.create_future()
        tls = _tls_protocol()(
            self,
            protocol,
            sslcontext,
            waiter,
            server_side,
            server_hostname,
            call_connection_made=False,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )
        upgraded = tls.transport
        # Until the protocol has its transport.
        below.pause_reading()
        below.set_protocol(tls)
        _take_over(protocol, tls)
        begin = self.call_soon(tls.connection_made, below)
        resume = self.call_soon(below.resume_reading)
        try:
            await waiter
        except BaseException:
            below.close()
            begin.cancel()
            resume.cancel()
            raise
        return upgraded


#: An heir's own is called, with a socket object as on asyncio.
_SOCK_CONNECT = SocketCalls.sock_connect
_MAKE_SOCKET_TRANSPORT = Connections._make_socket_transport
_MAKE_SSL_TRANSPORT = Connections._make_ssl_transport

#: Those of `create_connection` that say nothing when they are None.
_OPTIONS = {
    "ssl",
    "sock",
    "local_addr",
    "server_hostname",
    "ssl_handshake_timeout",
    "ssl_shutdown_timeout",
    "happy_eyeballs_delay",
    "interleave",
}


@functools.cache
def _tls_protocol() -> type[TLSProtocol]:
    from .tls import TLSProtocol

    return TLSProtocol


def _are_defaults(options: dict[str, Any]) -> bool:
    return all(value is None and name in _OPTIONS for name, value in options.items())


def _take_over(protocol: asyncio.BaseProtocol, tls: TLSProtocol) -> None:
    """Give TLS what a stream has read too much: the peer did not wait for the upgrade."""
    if not isinstance(protocol, asyncio.StreamReaderProtocol):
        return
    reader: Any = protocol._stream_reader  # type: ignore[attr-defined]  # private
    if reader is not None and reader._buffer:
        tls.data_received(bytes(reader._buffer))
        reader._buffer.clear()
        # It paused the transport if that was much; the upgrade resumes it.
        reader._paused = False

"""Stream connections and servers: the hooks that `asyncio.BaseEventLoop` leaves to its heirs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from .accepting import Acceptor
from .readers import Readers
from .transports import StreamTransport

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class Connections(Readers):
    """The part of the loop that makes stream transports."""

    __slots__ = ()

    def _make_socket_transport(
        self,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        **_: Any,
    ) -> StreamTransport:
        self._check_free(sock.fileno())
        return StreamTransport(self, sock, protocol, waiter, extra=extra, server=server)

    def _make_ssl_transport(self, *_args: Any, **_kwargs: Any) -> StreamTransport:
        raise NotImplementedError("rondel.EventLoop: the argument ssl is not there yet")

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
        if sslcontext is not None:
            raise NotImplementedError("rondel.EventLoop: the argument ssl is not there yet")
        ssl_options = {
            "ssl_handshake_timeout": ssl_handshake_timeout,
            "ssl_shutdown_timeout": ssl_shutdown_timeout,
        }
        acceptor = Acceptor(self, sock, protocol_factory, server, backlog, sslcontext, ssl_options)
        acceptor.start()

    def _stop_serving(self, sock: socket.socket) -> None:
        self._remove_reader(sock.fileno())
        sock.close()

"""TCP connections and servers: the hooks that `asyncio.BaseEventLoop` leaves to its heirs."""

from __future__ import annotations

import asyncio
import errno
import socket
from asyncio import trsock
from collections.abc import Callable
from typing import Any

from .readers import Readers
from .transports import StreamTransport

#: Accepting stops for so many seconds when the system is out of descriptors or memory
#: (``asyncio.constants.ACCEPT_RETRY_DELAY``).
ACCEPT_RETRY_DELAY = 1.0

_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

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
        *_ssl_timeouts: Any,
        **_ssl_options: Any,
    ) -> None:
        if sslcontext is not None:
            raise NotImplementedError("rondel.EventLoop: the argument ssl is not there yet")
        self._add_reader(sock.fileno(), self._accept, protocol_factory, sock, server, backlog)

    def _stop_serving(self, sock: socket.socket) -> None:
        self._remove_reader(sock.fileno())
        sock.close()

    def _accept(
        self,
        protocol_factory: ProtocolFactory,
        sock: socket.socket,
        server: Any,
        backlog: int,
    ) -> None:
        """Accept what has queued up, as many as the queue can hold: then others get their turn."""
        for _ in range(backlog):
            try:
                connection, address = sock.accept()
                connection.setblocking(False)
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                self._pause_accepting(error, protocol_factory, sock, server, backlog)
                return
            # In the next turn, as asyncio: whoever connects runs nothing of ours in between.
            self.call_soon(self._accepted, protocol_factory, connection, address, server)

    def _pause_accepting(
        self,
        error: OSError,
        protocol_factory: ProtocolFactory,
        sock: socket.socket,
        server: Any,
        backlog: int,
    ) -> None:
        """Tell of it once, and try again when descriptors may be free."""
        self.call_exception_handler(
            {
                "message": "socket.accept() out of system resource",
                "exception": error,
                "socket": trsock.TransportSocket(sock),
            }
        )
        self._remove_reader(sock.fileno())
        self.call_later(
            ACCEPT_RETRY_DELAY,
            self._resume_accepting,
            protocol_factory,
            sock,
            server,
            backlog,
        )

    def _resume_accepting(
        self, protocol_factory: ProtocolFactory, sock: socket.socket, server: Any, backlog: int
    ) -> None:
        # Closed while it paused.
        if sock.fileno() != -1:
            self._start_serving(protocol_factory, sock, None, server, backlog)

    def _accepted(
        self,
        protocol_factory: ProtocolFactory,
        connection: socket.socket,
        address: Any,
        server: Any,
    ) -> None:
        protocol = None
        try:
            protocol = protocol_factory()
            self._make_socket_transport(
                connection, protocol, extra={"peername": address}, server=server
            )
        except (SystemExit, KeyboardInterrupt):
            connection.close()
            raise
        except BaseException as error:
            connection.close()
            context: dict[str, Any] = {
                "message": "Error on transport creation for incoming connection",
                "exception": error,
            }
            if protocol is not None:
                context["protocol"] = protocol
            self.call_exception_handler(context)

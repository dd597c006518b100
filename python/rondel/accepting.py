"""A listening socket, and what becomes of who connects there."""

from __future__ import annotations

import asyncio
import errno
import functools
import socket
from asyncio import constants, trsock
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _rondel
from .readers import fileno

if TYPE_CHECKING:
    from .connections import Connections

#: Those whose addresses native code gives.
_FAMILIES = {socket.AF_INET, socket.AF_INET6, socket.AF_UNIX}

_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Acceptor:
    """Accepts the connections of one socket of a server, and makes their transports."""

    __slots__ = (
        "_backlog",
        "_kind",
        "_loop",
        "_out_of_resources",
        "_protocol_factory",
        "_server",
        "_sock",
        "_ssl_options",
        "_sslcontext",
    )

    def __init__(
        self,
        event_loop: Connections,
        sock: socket.socket,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        server: Any,
        backlog: int,
        sslcontext: Any,
        ssl_options: dict[str, Any],
        *,
        native: bool,
    ) -> None:
        self._loop = event_loop
        self._sock = sock
        #: Family and protocol of the connections. None for a socket of the program's own class, or
        #: of a family that `socket` alone knows, or where transports are of the program's making.
        self._kind: tuple[int, int] | None = None
        if native and type(sock) is socket.socket and sock.family in _FAMILIES:
            self._kind = (int(sock.family), sock.proto)
        self._protocol_factory = protocol_factory
        self._server = server
        self._backlog = backlog
        self._sslcontext = sslcontext
        self._ssl_options = ssl_options
        #: The system lacks what a connection needs, and that was said.
        self._out_of_resources = False

    def start(self) -> None:
        """Accept from now on; the server ends that. Nothing if it did already."""
        if self._sock.fileno() != -1:
            self._loop._add_reader(fileno(self._sock), self._accept)

    def _accept(self) -> None:
        """Accept what has queued up, as many as the queue can hold: then others get their turn."""
        try:
            if self._kind is None:
                self._accept_by_object()
            else:
                _rondel.accept_connections(
                    self._loop, self._sock.fileno(), self._kind, self._backlog, self._accepted
                )
        except OSError as error:
            if error.errno not in _OUT_OF_RESOURCES:
                raise
            self._pause(error)
        else:
            self._out_of_resources = False

    def _accept_by_object(self) -> None:
        """What a program makes of its own sockets, it says there."""
        for _ in range(self._backlog):
            try:
                connection, address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            connection.setblocking(False)
            # In the next turn, as asyncio: whoever connects runs nothing of ours in between.
            self._loop.call_soon(self._accepted, connection, {"peername": address})

    def _pause(self, error: OSError) -> None:
        """Try again when there may be enough again; say it once, not at each attempt."""
        self._loop._remove_reader(self._sock.fileno())
        self._loop.call_later(constants.ACCEPT_RETRY_DELAY, self.start)
        if self._out_of_resources:
            return
        self._out_of_resources = True
        self._loop.call_exception_handler(
            {
                "message": "socket.accept() out of system resource",
                "exception": error,
                "socket": trsock.TransportSocket(self._sock),
            }
        )

    def _accepted(
        self, connection: socket.socket | _rondel.Connection, extra: dict[str, Any] | None = None
    ) -> None:
        server = self._server
        if server is not None and not server.is_serving():
            # Closed since: it counts no more connections.
            connection.close()
            return
        protocol = None
        try:
            protocol = self._protocol_factory()
            if self._sslcontext:
                self._shake_hands(connection, extra, protocol)
            elif isinstance(connection, _rondel.Connection):
                _rondel.open_transport(self._loop, connection, protocol, None, server)
            else:
                self._loop._make_socket_transport(connection, protocol, extra=extra, server=server)
        except (SystemExit, KeyboardInterrupt):
            connection.close()
            raise
        except BaseException as error:
            connection.close()
            self._report(error, protocol=protocol)

    def _shake_hands(
        self,
        connection: socket.socket | _rondel.Connection,
        extra: dict[str, Any] | None,
        protocol: asyncio.BaseProtocol,
    ) -> None:
        waiter = self._loop.create_future()
        transport = self._loop._make_ssl_transport(
            connection,
            protocol,
            self._sslcontext,
            waiter,
            server_side=True,
            extra=extra,
            server=self._server,
            **self._ssl_options,
        )
        waiter.add_done_callback(functools.partial(self._hands_shaken, protocol, transport))

    def _hands_shaken(
        self,
        protocol: asyncio.BaseProtocol,
        transport: asyncio.BaseTransport,
        waiter: asyncio.Future[None],
    ) -> None:
        error = None if waiter.cancelled() else waiter.exception()
        if error is None:
            return
        transport.close()
        # Whoever connects can cause it: not worth a word otherwise.
        if self._loop.get_debug():
            self._report(error, protocol=protocol, transport=transport)

    def _report(self, error: BaseException, **about: Any) -> None:
        context = {
            "message": "Error on transport creation for incoming connection",
            "exception": error,
        }
        context |= {name: value for name, value in about.items() if value is not None}
        self._loop.call_exception_handler(context)

"""Datagram transports: what happens once an endpoint. What happens once a packet is native."""

from __future__ import annotations

import asyncio
import socket
import warnings
from asyncio.log import logger
from typing import TYPE_CHECKING, Any

from . import _rondel, _versions
from .flow import Limits, Reading, wake
from .readers import Readers
from .transports import _describe_socket, _hold, _let_go


class DatagramTransport(Reading, Limits, asyncio.Transport, asyncio.DatagramTransport):
    """A datagram socket, given to a protocol.

    The order of callbacks and the messages are those of ``_SelectorDatagramTransport`` in
    ``asyncio.selector_events``.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_address",
        "_loop",
        "_native",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
        "_sock",
        "_sock_fd",
        "_stream",
    )

    _stream: _rondel.Datagrams

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        address: Any = None,
        waiter: asyncio.Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        remote = address or None
        # First, as it refuses what is no loop of ours, and a second time.
        self._stream = _rondel.init_datagrams(
            self, event_loop, sock, protocol, remote, _versions.DATAGRAM_HEADER
        )
        super().__init__(_describe_socket(sock, extra or {}))
        self._loop = event_loop
        self._address = address
        self._sock: socket.socket | None = sock
        self._sock_fd = sock.fileno()
        _hold(sock)
        self._stream.connect(self.get_extra_info("peername"))
        event_loop.call_soon(protocol.connection_made, self)
        # Only then, so that connection_made comes before datagram_received.
        event_loop.call_soon(self._start_reading)
        if waiter is not None:
            event_loop.call_soon(wake, waiter)

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        if self._sock is None:
            info.append("closed")
        elif self.is_closing():
            info.append("closing")
        info.append(f"fd={self._sock_fd}")
        if self._sock is not None and not self._loop.is_closed():
            info.append(f"read={'polling' if self._stream.watching else 'idle'}")
            state = "polling" if self._stream.pending else "idle"
            info.append(f"write=<{state}, bufsize={self._stream.buffer_size}>")
        return f"<{' '.join(info)}>"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if getattr(self, "_sock", None) is not None:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._release_socket()

    # --- Receiving --------------------------------------------------------------------------------

    def _start_reading(self) -> None:
        if self.is_reading():
            self._stream.start_reading()

    # --- Sending ----------------------------------------------------------------------------------

    if TYPE_CHECKING:

        def sendto(self, data: bytes | bytearray | memoryview[Any], addr: Any = None) -> None:
            """Native: attached below."""

    def _drained(self) -> None:
        """All that was queued is sent (native code)."""
        if self._stream.closing:
            self._call_connection_lost(None)

    # --- The end ----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether the transport is closing or closed."""
        return self._stream.closing

    def close(self) -> None:
        """Send what is queued, then close. connection_lost follows in a later turn."""
        if not self._stream.begin_close():
            return
        if not self._stream.pending:
            self._stream.lost += 1
            self._loop.call_soon(self._call_connection_lost, None)

    def abort(self) -> None:
        """Close at once; what is queued is lost. connection_lost follows in the next turn."""
        self._force_close(None)

    def _force_close(self, error: BaseException | None) -> None:
        if self._stream.lost:
            return
        self._stream.discard()
        self._stream.begin_close()
        self._stream.lost += 1
        self._loop.call_soon(self._call_connection_lost, error)

    def _fatal_error(self, error: BaseException, message: str = "Fatal error on transport") -> None:
        if isinstance(error, OSError):
            if self._loop.get_debug():
                logger.debug("%r: %s", self, message, exc_info=True)
        else:
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": error,
                    "transport": self,
                    "protocol": self._stream.protocol,
                }
            )
        self._force_close(error)

    def _call_connection_lost(self, error: BaseException | None) -> None:
        protocol: Any = self._stream.protocol
        try:
            if protocol is not None:
                protocol.connection_lost(error)
        finally:
            self._release_socket()

    def _release_socket(self) -> None:
        self._stream.disconnect()
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
            _let_go(sock)

    # --- The protocol -----------------------------------------------------------------------------

    @property
    def _protocol(self) -> asyncio.BaseProtocol | None:
        return self._stream.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the datagrams to another protocol from now on."""
        self._stream.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that gets the datagrams."""
        return self._stream.protocol  # type: ignore[return-value]  # None once it is over


class Endpoints(Readers):
    """The part of the loop that makes datagram transports."""

    __slots__ = ()

    def _make_datagram_transport(
        self,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        address: Any = None,
        waiter: asyncio.Future[None] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> DatagramTransport:
        self._check_free(sock.fileno())
        return DatagramTransport(self, sock, protocol, address, waiter, extra)


_rondel.attach_datagrams(DatagramTransport)

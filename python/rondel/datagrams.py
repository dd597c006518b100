"""Datagram transports: what happens once an endpoint. What happens once a packet is native."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from . import _rondel, _versions
from .flow import Limits, Reading
from .readers import Readers
from .socket_transport import SocketTransport, describe


class DatagramTransport(
    SocketTransport, Reading, Limits, asyncio.Transport, asyncio.DatagramTransport
):
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
        super().__init__(describe(sock, extra or {}))
        self._loop = event_loop
        self._address = address
        self._sock_fd = sock.fileno()
        self._take(sock)
        self._stream.connect(self.get_extra_info("peername"))
        self._begin(protocol, waiter)

    if TYPE_CHECKING:

        def sendto(self, data: bytes | bytearray | memoryview[Any], addr: Any = None) -> None:
            """Native: attached below."""

    def _drained(self) -> None:
        """All that was queued is sent (native code)."""
        if self._stream.closing:
            self._call_connection_lost(None)


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

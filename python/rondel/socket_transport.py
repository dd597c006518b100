"""What transports over a socket object have in common: how they hold it, and how they end."""

from __future__ import annotations

import socket
import warnings
from asyncio import trsock
from typing import Any

from .lifecycle import Lifecycle


class SocketTransport(Lifecycle):
    """The part of a transport that owns its socket.

    The order of callbacks is that of ``_SelectorTransport`` in ``asyncio.selector_events``.
    """

    __slots__ = ()

    #: None before it is taken, and once it is closed.
    _sock: socket.socket | None
    _sock_fd: int

    def _is_connected(self) -> bool:
        return self._sock is not None

    def _take(self, sock: socket.socket) -> None:
        self._sock = sock  # type: ignore[misc]  # a slot of its heirs
        _hold(sock)

    def __repr__(self) -> str:
        info = [self.__class__.__name__]
        connected = self._is_connected()
        if not connected:
            info.append("closed")
        elif self.is_closing():
            info.append("closing")
        info.append(f"fd={self._sock_fd}")
        if connected and not self._loop.is_closed():
            info.append(f"read={'polling' if self._stream.watching else 'idle'}")
            state = "polling" if self._stream.pending else "idle"
            info.append(f"write=<{state}, bufsize={self._stream.buffer_size}>")
        return f"<{' '.join(info)}>"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if getattr(self, "_sock", None) is not None:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._release_socket()

    def _start_reading(self) -> None:
        if not self._stream.closing and not self._stream.paused:
            self._stream.start_reading()

    def close(self) -> None:
        """Send what is queued, then close. connection_lost follows in a later turn."""
        if not self._stream.begin_close():
            return
        if not self._stream.pending:
            self._lose(None)

    def abort(self) -> None:
        """Close at once; what is queued is lost. connection_lost follows in the next turn."""
        self._force_close(None)

    def _force_close(self, error: BaseException | None) -> None:
        if self._stream.lost:
            return
        self._stream.discard()
        self._stream.begin_close()
        self._lose(error)

    def _lose(self, error: BaseException | None) -> None:
        self._stream.lost += 1
        self._loop.call_soon(self._call_connection_lost, error)

    def _call_connection_lost(self, error: BaseException | None) -> None:
        protocol: Any = self._stream.protocol
        try:
            if protocol is not None:
                protocol.connection_lost(error)
        finally:
            self._release_socket()

    def _release_socket(self) -> None:
        self._stream.disconnect()
        sock, self._sock = self._sock, None  # type: ignore[misc]  # as above
        if sock is not None:
            sock.close()
            _let_go(sock)


def describe(sock: socket.socket, extra: dict[str, Any]) -> dict[str, Any]:
    """What `get_extra_info` knows of a socket."""
    known: dict[str, Any] = {"socket": trsock.TransportSocket(sock)}
    try:
        known["sockname"] = sock.getsockname()
    except OSError:
        known["sockname"] = None
    if "peername" not in extra:
        try:
            known["peername"] = sock.getpeername()
        except OSError:
            known["peername"] = None
    return known | extra


def _hold(sock: Any) -> None:
    """Have a close() by somebody else who has the socket wait for ours (as its `makefile` does)."""
    sock._io_refs += 1


def _let_go(sock: Any) -> None:
    sock._decref_socketios()

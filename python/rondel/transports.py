"""Stream transports: what happens once a connection. What happens once a packet is native."""

from __future__ import annotations

import asyncio
import socket
import warnings
from asyncio import constants, transports
from asyncio.log import logger
from typing import TYPE_CHECKING, Any

from . import _rondel
from .flow import Reading, Writing
from .lifecycle import wake
from .socket_transport import SocketTransport, describe
from .socks import INTERNET, as_numbers


# `sendfile` asks for the mix-in.
class StreamTransport(SocketTransport, Reading, Writing, transports._FlowControlMixin):
    """A connected stream socket, given to a protocol.

    The order of callbacks and the messages are those of ``_SelectorSocketTransport`` in
    ``asyncio.selector_events``.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_connection",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
        "_loop",
        "_native",  # the same
        "_server",
        "_sock_fd",
        "_stream",
        "_transfer",  # what a file transfer under way waits for
    )

    _stream: _rondel.Stream
    _transfer: asyncio.Future[None] | None

    _sendfile_compatible = constants._SendfileMode.TRY_NATIVE
    _start_tls_compatible = True

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        sock: socket.socket | _rondel.Connection,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: Any = None,
    ) -> None:
        if type(sock) is _rondel.Connection:
            connection = sock
        else:
            connection = _rondel.Connection.of(sock, describe(sock, extra or {}))
            if _is_tcp(sock):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _rondel.init_transport(self, event_loop, connection, protocol, waiter, server)

    if TYPE_CHECKING:
        # Native: attached below.

        def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
            """Native: attached below, as `writelines` and `is_closing` are, and what follows."""

        def _call_connection_lost(self, error: BaseException | None) -> None: ...
        def _known(self) -> dict[str, Any]: ...
        def _release_socket(self) -> None: ...
        def _socket(self) -> socket.socket | None: ...

    @property
    def _sock(self) -> socket.socket | None:  # type: ignore[override]  # there an attribute
        """For programs that look: the socket itself, made when it is asked for first."""
        return self._socket()

    @property
    def _extra(self) -> dict[str, Any]:
        """For programs that look: all that `get_extra_info` knows."""
        return self._known()

    def _is_connected(self) -> bool:
        return self._stream.connected

    # --- Reading ----------------------------------------------------------------------------------

    def _log_eof(self) -> None:
        """In debug mode (native code)."""
        logger.debug("%r received EOF", self)

    # --- Writing ----------------------------------------------------------------------------------

    def can_write_eof(self) -> bool:
        """True."""
        return True

    def write_eof(self) -> None:
        """Send what is queued and then the end of the stream. Reading goes on."""
        if self._stream.closing or self._stream.eof:
            return
        self._stream.eof = True
        if not self._stream.buffer_size:
            self._shut_down_writing()

    def _shut_down_writing(self) -> None:
        if self._sock is not None:
            self._sock.shutdown(socket.SHUT_WR)

    def _drained(self) -> None:
        """All that was queued is sent (native code)."""
        if self._transfer is not None:
            wake(self._transfer)
        if self._stream.closing:
            self._call_connection_lost(None)
        elif self._stream.eof:
            self._shut_down_writing()

    @property
    def _protocol_paused(self) -> bool:
        return self._stream.writing_paused

    # --- The end ----------------------------------------------------------------------------------

    def _unclosed(self, _warn: Any = warnings.warn) -> None:
        """Nobody has closed the transport, and nobody has it any more (native code)."""
        _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
        self._release_socket()

    def _end_transfer(self) -> None:
        """The connection is lost while a file is sent (native code)."""
        if self._transfer is not None and not self._transfer.done():
            self._transfer.set_exception(ConnectionError("Connection is closed by peer"))


def _is_tcp(sock: socket.socket) -> bool:
    plain = as_numbers(sock)
    return plain.family in INTERNET and plain.type == socket.SOCK_STREAM


_rondel.attach_transport(StreamTransport)

"""Stream transports: what happens once a connection. What happens once a packet is native."""

from __future__ import annotations

import asyncio
import socket
import warnings
from asyncio import constants, transports, trsock
from asyncio.log import logger
from typing import TYPE_CHECKING, Any

from . import _rondel, _versions
from .flow import Reading, Writing, wake
from .socks import INTERNET, as_numbers


class StreamTransport(Reading, Writing, transports._FlowControlMixin):  # `sendfile` asks for it
    """A connected stream socket, given to a protocol.

    The order of callbacks and the messages are those of ``_SelectorSocketTransport`` in
    ``asyncio.selector_events``.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_loop",
        "_native",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
        "_protocol_connected",
        "_server",
        "_sock",
        "_sock_fd",
        "_stream",
        "_transfer",  # what a file transfer under way waits for
    )

    _stream: _rondel.Stream

    _sendfile_compatible = constants._SendfileMode.TRY_NATIVE
    _start_tls_compatible = True

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: Any = None,
    ) -> None:
        # First, as it refuses what is no loop of ours, and a second time.
        self._stream = _rondel.init_transport(self, event_loop, sock.fileno(), protocol)
        asyncio.Transport.__init__(self, _describe_socket(sock, extra or {}))
        self._loop = event_loop
        self._transfer: asyncio.Future[None] | None = None
        self._sock: socket.socket | None = None
        self._sock_fd = sock.fileno()
        self._protocol_connected = True
        self._server = server
        if server is not None:
            # A closed server refuses: nothing is held yet.
            _versions.attach_to_server(server, self)
        if _is_tcp(sock):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        _hold(sock)
        self._stream.connect()
        event_loop.call_soon(protocol.connection_made, self)
        # Only then, so that connection_made comes before data_received.
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
            size = self._stream.buffer_size
            info.append(f"write=<{'polling' if size else 'idle'}, bufsize={size}>")
        return f"<{' '.join(info)}>"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        sock = getattr(self, "_sock", None)
        if sock is not None:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self._release_socket()
            if self._server is not None:
                _versions.detach_from_server(self._server, self)

    # --- Reading ----------------------------------------------------------------------------------

    def _start_reading(self) -> None:
        if self.is_reading():
            self._stream.start_reading()

    def _eof_received(self) -> None:
        """The peer sends no more (native code)."""
        if self._loop.get_debug():
            logger.debug("%r received EOF", self)
        protocol: Any = self._stream.protocol
        try:
            keep_open = protocol.eof_received()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fatal_error(error, "Fatal error: protocol.eof_received() call failed.")
            return
        if keep_open:
            # The end would be reported at each turn.
            self._stream.stop_reading()
        else:
            self.close()

    # --- Writing ----------------------------------------------------------------------------------

    if TYPE_CHECKING:

        def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
            """Native: attached below."""

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

    def is_closing(self) -> bool:
        """Whether the transport is closing or closed."""
        return self._stream.closing

    def close(self) -> None:
        """Send what is queued, then close. connection_lost follows in a later turn."""
        if not self._stream.begin_close():
            return
        if not self._stream.buffer_size:
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
            if self._protocol_connected and protocol is not None:
                protocol.connection_lost(error)
        finally:
            self._release_socket()
            server, self._server = self._server, None
            if server is not None:
                _versions.detach_from_server(server, self)

    def _release_socket(self) -> None:
        self._stream.disconnect()
        if self._transfer is not None and not self._transfer.done():
            self._transfer.set_exception(ConnectionError("Connection is closed by peer"))
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
            _let_go(sock)

    # --- The protocol -----------------------------------------------------------------------------

    @property
    def _protocol(self) -> asyncio.BaseProtocol | None:
        return self._stream.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the data to another protocol from now on."""
        self._stream.protocol = protocol
        self._protocol_connected = True

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that gets the data."""
        return self._stream.protocol  # type: ignore[return-value]  # None once it is over


def _describe_socket(sock: socket.socket, extra: dict[str, Any]) -> dict[str, Any]:
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


def _is_tcp(sock: socket.socket) -> bool:
    plain = as_numbers(sock)
    return plain.family in INTERNET and plain.type == socket.SOCK_STREAM


def _hold(sock: Any) -> None:
    """Have a close() by somebody else who has the socket wait for ours (as its `makefile` does)."""
    sock._io_refs += 1


def _let_go(sock: Any) -> None:
    sock._decref_socketios()


_rondel.attach_transport(StreamTransport)

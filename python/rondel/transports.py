"""Stream transports: what happens once a connection. What happens once a packet is native."""

from __future__ import annotations

import asyncio
import socket
from asyncio import constants, transports
from asyncio.log import logger
from typing import TYPE_CHECKING, Any

from . import _rondel, _versions
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
        "_loop",
        "_native",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
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
        asyncio.Transport.__init__(self, describe(sock, extra or {}))
        self._loop = event_loop
        self._transfer: asyncio.Future[None] | None = None
        self._sock = None
        self._sock_fd = sock.fileno()
        self._server = server
        if server is not None:
            # A closed server refuses: nothing is held yet.
            _versions.attach_to_server(server, self)
        if _is_tcp(sock):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._take(sock)
        self._stream.connect()
        self._begin(protocol, waiter)

    # --- Reading ----------------------------------------------------------------------------------

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
            """Native: attached below, as `writelines` and `is_closing` are."""

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

    def _release_socket(self) -> None:
        super()._release_socket()
        if self._transfer is not None and not self._transfer.done():
            self._transfer.set_exception(ConnectionError("Connection is closed by peer"))
        server, self._server = self._server, None
        if server is not None:
            _versions.detach_from_server(server, self)


def _is_tcp(sock: socket.socket) -> bool:
    plain = as_numbers(sock)
    return plain.family in INTERNET and plain.type == socket.SOCK_STREAM


_rondel.attach_transport(StreamTransport)

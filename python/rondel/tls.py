"""TLS over any transport: what happens once a connection. What happens once a record is native.

The order of callbacks, the messages and the private names are those of ``asyncio.sslproto``. The
``ssl.SSLContext`` of the user decides everything about the connection.
"""

from __future__ import annotations

import asyncio
import ssl
from asyncio.log import logger
from typing import TYPE_CHECKING, Any

from . import _rondel
from .tls_options import check_context, check_timeouts, default_context, direct
from .tls_transport import SSLTransport

#: What is known of a connection even when it is over.
_ADDRESSES = ("peername", "sockname")


class TLSProtocol(asyncio.Protocol):
    """What the transport below talks to: a protocol like any other.

    A transport of rondel's own gives its ciphertext to the native half directly.
    """

    __slots__ = (
        "__weakref__",
        "_app_transport",
        "_extra",
        "_finished",
        "_handshake_timeout_handle",
        "_loop",
        "_made",
        "_native",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
        "_server_side",
        "_shutdown_timeout_handle",
        "_ssl_handshake_timeout",
        "_ssl_shutdown_timeout",
        "_sslcontext",
        "_sslobj",
        "_started",
        "_tls",
        "_transport",
        "_waiter",
    )

    def __init__(
        self,
        event_loop: asyncio.AbstractEventLoop,
        app_protocol: asyncio.BaseProtocol,
        sslcontext: ssl.SSLContext | None,
        waiter: asyncio.Future[None] | None = None,
        server_side: bool = False,
        server_hostname: str | None = None,
        call_connection_made: bool = True,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> None:
        """``waiter`` is done when the handshake is, or fails as it does. Without
        ``call_connection_made`` the application has its connection already.

        Raises ValueError for a timeout that is not positive, TypeError for what is no context, or
        what ``sslcontext.wrap_bio`` raises.
        """
        self._ssl_handshake_timeout, self._ssl_shutdown_timeout = check_timeouts(
            ssl_handshake_timeout, ssl_shutdown_timeout
        )
        if not sslcontext:
            sslcontext = default_context(server_side, server_hostname)
        check_context(sslcontext)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        sslobj = sslcontext.wrap_bio(
            incoming,
            outgoing,
            server_side=server_side,
            server_hostname=None if server_side else server_hostname or None,
        )
        self._loop = event_loop
        self._sslcontext: ssl.SSLContext | None = sslcontext
        self._sslobj: Any = sslobj
        self._server_side = server_side
        self._waiter = waiter
        self._transport: asyncio.Transport | None = None
        # Whether the application was told of the connection, and whether it lives so far.
        self._made = not call_connection_made
        self._started: float | None = None
        self._finished = False
        self._extra: dict[str, Any] = {"sslcontext": sslcontext}
        self._handshake_timeout_handle: asyncio.TimerHandle | None = None
        self._shutdown_timeout_handle: asyncio.TimerHandle | None = None
        transport = SSLTransport(event_loop, self)
        self._app_transport: SSLTransport | None = transport
        self._tls = transport._tls = _rondel.init_tls(
            self, transport, app_protocol, (sslobj, direct(sslobj), incoming, outgoing)
        )

    if TYPE_CHECKING:

        def data_received(self, data: bytes) -> None:
            """Native: attached below."""

    @property
    def transport(self) -> SSLTransport:
        """What the application writes to. Only before the connection is lost."""
        assert self._app_transport is not None
        return self._app_transport

    @property
    def _app_protocol(self) -> asyncio.BaseProtocol | None:
        return self._tls.protocol

    def _get_extra_info(self, name: str, default: Any = None) -> Any:
        if name in self._extra:
            return self._extra[name]
        if self._transport is not None:
            return self._transport.get_extra_info(name, default)
        return default

    def _forget_context(self) -> None:
        self._sslcontext = None
        for name in ("sslcontext", "ssl_object"):
            self._extra.pop(name, None)

    # --- What the transport below tells -----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        below: Any = transport
        self._transport = below
        if self._tls.closing:
            # Closed before it began.
            below.abort()
            return
        if self._loop.get_debug():
            logger.debug("%r starts SSL handshake", self)
            self._started = self._loop.time()
        self._handshake_timeout_handle = self._loop.call_later(
            self._ssl_handshake_timeout, self._check_handshake_timeout
        )
        self._tls.start(below, self._server_side)

    def eof_received(self) -> bool:
        """The peer sends no more: finish what is under way, then close the transport below."""
        if self._loop.get_debug():
            logger.debug("%r received EOF", self)
        if self._tls.phase == "handshaking":
            self._handshake_failed(
                ConnectionResetError("the peer closed the connection during the TLS handshake")
            )
        else:
            self._tls.transport_ended()
        # Unless all is said: then it closes.
        return not self._finished

    def pause_writing(self) -> None:
        """The transport below has taken enough for now."""
        self._tls.pause_sending(True)

    def resume_writing(self) -> None:
        """It takes more."""
        self._tls.pause_sending(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, and let everything go."""
        if self._made:
            self._made = False
            protocol: Any = self._tls.protocol
            if protocol is not None:
                self._loop.call_soon(protocol.connection_lost, exc)
        if self._transport is not None:
            for name in _ADDRESSES:
                address = self._transport.get_extra_info(name)
                if address is not None:
                    self._extra[name] = address
        self._tls.release()
        self._sslobj = None
        self._transport = None
        self._app_transport = None
        # Whoever still waits does so for the handshake.
        self._wake(exc or ConnectionAbortedError("closed during the TLS handshake"))
        self._cancel_timers()

    # --- The handshake ----------------------------------------------------------------------------

    def _wake(self, error: BaseException | None = None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)

    def _check_handshake_timeout(self) -> None:
        if self._tls.phase == "handshaking":
            error = ConnectionAbortedError(
                f"SSL handshake is taking longer than {self._ssl_handshake_timeout} seconds: "
                "aborting the connection"
            )
            self._fatal_error(error)
            # The transport below may be another protocol's by now, and tell us nothing.
            self._wake(error)

    def _handshake_done(self) -> bool:
        """The connection is secure. Tells native code whether to go on at once."""
        self._cancel_timers()
        sslobj = self._sslobj
        if self._started is not None:
            taken = self._loop.time() - self._started
            logger.debug("%r: SSL handshake took %.1f ms", self, taken * 1e3)
        self._extra.update(
            peercert=sslobj.getpeercert(),
            cipher=sslobj.cipher(),
            compression=sslobj.compression(),
            ssl_object=sslobj,
        )
        if self._made:
            # The application has its connection, but not this transport: whoever waits in
            # `start_tls` gets it before data comes, and the protocol can answer over it.
            self._wake()
            self._loop.call_soon(self._tls.pump)
            return False
        self._made = True
        protocol: Any = self._tls.protocol
        protocol.connection_made(self._app_transport)
        self._wake()
        return True

    def _handshake_failed(self, error: BaseException) -> None:
        """The two sides do not agree (native code)."""
        if isinstance(error, ssl.CertificateError):
            message = "SSL handshake failed on verifying the certificate"
        else:
            message = "SSL handshake failed"
        self._cancel_timers()
        self._fatal_error(error, message)
        self._wake(error)

    # --- What native code tells -------------------------------------------------------------------

    def _tell_end(self) -> None:
        """The peer sends no more."""
        protocol: Any = self._tls.protocol
        try:
            if protocol.eof_received():
                logger.warning("returning true from eof_received() has no effect when using ssl")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._fatal_error(error, "Error calling eof_received()")

    def _pause_writing(self) -> None:
        self._tell_writer("pause_writing")

    def _resume_writing(self) -> None:
        self._tell_writer("resume_writing")

    def _tell_writer(self, what: str) -> None:
        try:
            getattr(self._tls.protocol, what)()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._loop.call_exception_handler(
                {
                    "message": f"protocol.{what}() failed",
                    "exception": error,
                    "transport": self._app_transport,
                    "protocol": self,
                }
            )

    def _pause_receiving(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _resume_receiving(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    # --- The end ----------------------------------------------------------------------------------

    def _start_shutdown_timer(self) -> None:
        """The end begins; it may take so long (native code)."""
        self._shutdown_timeout_handle = self._loop.call_later(
            self._ssl_shutdown_timeout, self._check_shutdown_timeout
        )

    def _check_shutdown_timeout(self) -> None:
        # Not only until the peer has answered: what is queued below may not leave either.
        self._abort(TimeoutError("SSL shutdown timed out"))

    def _finish(self) -> None:
        """All is said: close the transport below (native code)."""
        self._finished = True
        if self._transport is not None:
            self._transport.close()

    def _abort(self, error: BaseException | None) -> None:
        self._tls.abort()
        if self._transport is None:
            return
        force_close = getattr(self._transport, "_force_close", None)
        if force_close is None:
            self._transport.abort()
        else:
            force_close(error)

    def _fatal_error(self, error: BaseException, message: str = "Fatal error on transport") -> None:
        transport = self._transport
        self._abort(error)
        if isinstance(error, OSError):
            if self._loop.get_debug():
                logger.debug("%r: %s", self, message, exc_info=error)
        elif not isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit)):
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": error,
                    "transport": transport,
                    "protocol": self,
                }
            )

    def _cancel_timers(self) -> None:
        for handle in (self._handshake_timeout_handle, self._shutdown_timeout_handle):
            if handle is not None:
                handle.cancel()
        self._handshake_timeout_handle = self._shutdown_timeout_handle = None


_rondel.attach_tls(TLSProtocol, SSLTransport)

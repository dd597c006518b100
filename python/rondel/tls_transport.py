"""The transport that an application over TLS writes to."""

from __future__ import annotations

import asyncio
import warnings
from asyncio import constants, transports
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _rondel
from .flow import marks

if TYPE_CHECKING:
    from .tls import TLSProtocol


# Programs, and CPython's tests, look for "ssl" in the name; `sendfile` asks for the base.
class SSLTransport(transports._FlowControlMixin):
    """The transport that an application writes to. The protocol beside it does the work."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_loop",
        "_native",  # for native methods alone (NativeSlot in crates/python/src/raw/slot.rs)
        "_ssl_protocol",
        "_tls",
    )

    _start_tls_compatible = True
    _sendfile_compatible = constants._SendfileMode.FALLBACK

    _tls: _rondel.Tls

    def __init__(self, event_loop: asyncio.AbstractEventLoop, ssl_protocol: TLSProtocol) -> None:
        self._loop = event_loop
        self._ssl_protocol = ssl_protocol

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} {self._tls.phase} over {self._ssl_protocol._transport}>"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        tls: _rondel.Tls | None = getattr(self, "_tls", None)
        if tls is not None and not tls.closing:
            tls.abort()
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection: ``sslcontext``, and once the handshake is done
        ``ssl_object``, ``peercert``, ``cipher``, ``compression``; else what the transport below
        knows.
        """
        return self._ssl_protocol._get_extra_info(name, default)

    # --- The protocol -----------------------------------------------------------------------------

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the data to another protocol from now on."""
        self._tls.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that gets the data."""
        return self._tls.protocol  # type: ignore[return-value]  # None once it is over

    # --- Reading ----------------------------------------------------------------------------------

    def is_reading(self) -> bool:
        """Whether data is given to the protocol as it comes."""
        return not self._tls.reading_paused

    def pause_reading(self) -> None:
        """Give the protocol nothing more until `resume_reading`. Again: no effect."""
        self._tls.reading_paused = True

    def resume_reading(self) -> None:
        """Give the protocol what comes again. Again: no effect."""
        if self._tls.reading_paused:
            self._tls.reading_paused = False
            self._loop.call_soon(self._tls.pump)

    def get_read_buffer_size(self) -> int:
        """Bytes of ciphertext that wait to be decrypted."""
        return self._tls.read_buffer_size

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """Low and high water of that, in bytes."""
        return self._tls.read_limits

    def set_read_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set high and low water of that, in bytes: 256 KiB and a quarter of high unless given.

        Raises ValueError unless high >= low >= 0.
        """
        self._tls.set_read_limits(*marks(high, low, 256 * 1024))

    # --- Writing ----------------------------------------------------------------------------------

    if TYPE_CHECKING:

        def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
            """Native: attached below."""

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Encrypt and send the parts in order. Raises as `write`."""
        self._tls.write_many(list(list_of_data))

    def can_write_eof(self) -> bool:
        """False: TLS has no end of one direction alone."""
        return False

    def write_eof(self) -> None:
        """Raise NotImplementedError."""
        raise NotImplementedError

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._tls.write_buffer_size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Low and high water, in bytes."""
        return self._tls.write_limits

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set high and low water, in bytes: 512 KiB and a quarter of high unless given.

        Raises ValueError unless high >= low >= 0.
        """
        self._tls.set_write_limits(*marks(high, low, 512 * 1024))

    @property
    def _protocol_paused(self) -> bool:
        """For ``loop.sendfile``, whose fallback writes as the protocol would."""
        return self._tls.writing_paused

    # --- The end ----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether the transport is closing or closed."""
        return self._tls.closing

    def close(self) -> None:
        """Send what is queued, tell the peer that nothing follows, and close once it has answered,
        after ``ssl_shutdown_timeout`` seconds at the latest. connection_lost follows then.

        Once the connection is lost: ``sslcontext`` and ``ssl_object`` are forgotten.
        """
        if self._tls.close():
            self._force_close(None)
        elif self._ssl_protocol._transport is None:
            # (asyncio forgets all.) A protocol that keeps its transport keeps no context by it.
            self._ssl_protocol._forget_context()

    def abort(self) -> None:
        """Close at once; what is queued is lost. connection_lost follows in a later turn."""
        self._force_close(None)

    def _force_close(self, error: BaseException | None) -> None:
        self._ssl_protocol._abort(error)

"""The life of a transport, whatever it is over: its beginning, its protocol, its fatal errors."""

from __future__ import annotations

import asyncio
from asyncio.log import logger

from . import _rondel


class Lifecycle(asyncio.BaseTransport):
    """The part of a transport that goes from connection_made to connection_lost."""

    __slots__ = ()

    _loop: asyncio.AbstractEventLoop
    _stream: _rondel.Stream | _rondel.Datagrams

    def _begin(self, protocol: asyncio.BaseProtocol, waiter: asyncio.Future[None] | None) -> None:
        self._loop.call_soon(protocol.connection_made, self)
        # Only then, so that connection_made comes before all else that the protocol is told.
        self._loop.call_soon(self._start_reading)
        if waiter is not None:
            self._loop.call_soon(wake, waiter)

    def _start_reading(self) -> None:
        raise NotImplementedError

    @property
    def _protocol(self) -> asyncio.BaseProtocol | None:
        return self._stream.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give what comes to another protocol from now on."""
        self._stream.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that gets what comes."""
        return self._stream.protocol  # type: ignore[return-value]  # None once it is over

    def is_closing(self) -> bool:
        """Whether the transport is closing or closed."""
        return self._stream.closing

    def _fatal_error(self, error: BaseException, message: str = "Fatal error on transport") -> None:
        if self._is_expected(error):
            if self._loop.get_debug():
                logger.debug("%r: %s", self, message, exc_info=error)
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

    def _is_expected(self, error: BaseException) -> bool:
        """Whether an error is none of the program."""
        return isinstance(error, OSError)

    def _force_close(self, error: BaseException | None) -> None:
        """Close at once; connection_lost follows in the next turn."""
        raise NotImplementedError


def wake(waiter: asyncio.Future[None]) -> None:
    """Tell who waits for a transport that it is there, unless the wait is over already."""
    if not waiter.done():
        waiter.set_result(None)

"""Bodies that a coroutine function writes: aiohttp's older way, for which asynchronous generators
stand now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .abc import AbstractStreamWriter
from .payload import Payload, payload_type

__all__ = ("streamer",)


class _Written:
    """A call of the function, still without what it writes to."""

    __slots__ = ("_arguments", "_function", "_keywords")

    def __init__(
        self,
        function: Callable[..., Awaitable[None]],
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> None:
        self._function = function
        self._arguments = arguments
        self._keywords = keywords

    async def __call__(self, writer: AbstractStreamWriter) -> None:
        await self._function(writer, *self._arguments, **self._keywords)


class streamer:  # noqa: N801  aiohttp's name: it is a decorator
    """Makes a body of ``async def send(writer, ...): await writer.write(b"...")``:
    ``data=send(...)``.
    """

    def __init__(self, coro: Callable[..., Awaitable[None]]) -> None:
        self.coro = coro

    def __call__(self, *args: Any, **kwargs: Any) -> _Written:
        """The body, of these arguments."""
        return _Written(self.coro, args, kwargs)


class _WrittenPayload(Payload):
    """Sends what a function writes."""

    _value: _Written

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Have it written."""
        await self._value(writer)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raise TypeError: it is written once, to the server."""
        raise TypeError("Unable to decode.")


class _StreamerPayload(_WrittenPayload):
    """The same, of a function that needs no arguments: ``data=send``."""

    def __init__(self, value: streamer, *args: Any, **kwargs: Any) -> None:
        super().__init__(value(), *args, **kwargs)


payload_type(_Written)(_WrittenPayload)
payload_type(streamer)(_StreamerPayload)

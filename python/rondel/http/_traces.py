"""The traces of one request: sent in the order of what happened, and none lost.

What happens to the connection happens in native code, which calls `Traces.notice` at the very
moment. A receiver that does not wait runs to its end there. One that waits goes on in a task; what
comes later waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any

from . import tracing

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from multidict import CIMultiDict
    from yarl import URL

    from .session import ClientSession

#: The native client's events: the signal, and its parameters, made of the host where there is one.
_EVENTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "queued_start": ("on_connection_queued_start", tracing.TraceConnectionQueuedStartParams),
    "queued_end": ("on_connection_queued_end", tracing.TraceConnectionQueuedEndParams),
    "create_start": ("on_connection_create_start", tracing.TraceConnectionCreateStartParams),
    "create_end": ("on_connection_create_end", tracing.TraceConnectionCreateEndParams),
    "reuse": ("on_connection_reuseconn", tracing.TraceConnectionReuseconnParams),
    "dns_start": ("on_dns_resolvehost_start", tracing.TraceDnsResolveHostStartParams),
    "dns_end": ("on_dns_resolvehost_end", tracing.TraceDnsResolveHostEndParams),
    "dns_hit": ("on_dns_cache_hit", tracing.TraceDnsCacheHitParams),
    "dns_miss": ("on_dns_cache_miss", tracing.TraceDnsCacheMissParams),
}
#: Those after which the head is sent.
CONNECTED = frozenset({"create_end", "reuse"})


class Traces:
    """What a session's trace configurations are told of one request."""

    __slots__ = ("_chunks", "_error", "_head", "_queue", "_receivers", "_session", "_task")

    def __init__(self, session: ClientSession, trace_request_ctx: object) -> None:
        self._session = session
        self._receivers: list[tuple[tracing.TraceConfig, SimpleNamespace]] = [
            (config, config.trace_config_ctx(trace_request_ctx=trace_request_ctx))
            for config in session.trace_configs
        ]
        self._head: tuple[str, URL, CIMultiDict[str]] | None = None
        self._chunks: list[bytes] = []
        self._queue: deque[Coroutine[Any, Any, None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    async def send(self, signal: str, params: object) -> None:
        """Call the receivers of a signal, after those of what came before."""
        await self.settle()
        await self._call(signal, params)

    def begin_hop(
        self, method: str, url: URL, headers: CIMultiDict[str], body: bytes | None
    ) -> None:
        """A request is about to be sent; ``body`` goes with its head if it is known already."""
        self._head = (method, url, headers)
        self._chunks = [body] if body else []

    def notice(self, event: str, host: str | None) -> None:
        """Something has happened to the connection. Called by native code."""
        if event in _EVENTS:
            signal, params = _EVENTS[event]
            self._start(signal, params() if host is None else params(host))
        if event in CONNECTED:
            self._head_sent()

    def chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of the body is on its way: told once the head is."""
        if self._head is not None:
            self._chunks.append(chunk)
        else:
            self._start(
                "on_request_chunk_sent", tracing.TraceRequestChunkSentParams(method, url, chunk)
            )

    async def settle(self) -> None:
        """Wait for the receivers that still run. Raises what one of them has raised."""
        if self._task is not None:
            await self._task
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def abandon(self) -> None:
        """The request is over: nothing runs on."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._error = None
        while self._queue:
            self._queue.popleft().close()

    def _head_sent(self) -> None:
        if self._head is None:
            return
        method, url, headers = self._head
        self._head = None
        self._start(
            "on_request_headers_sent", tracing.TraceRequestHeadersSentParams(method, url, headers)
        )
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            self.chunk_sent(method, url, chunk)

    async def _call(self, signal: str, params: object) -> None:
        for config, context in self._receivers:
            await getattr(config, signal).send(self._session, context, params)

    def _start(self, signal: str, params: object) -> None:
        told = self._call(signal, params)
        if self._task is not None:
            self._queue.append(told)
            return
        try:
            waited_for = told.send(None)
        except StopIteration:
            return
        except BaseException as error:
            self._error = self._error or error
            return
        self._task = self._session._loop.create_task(self._go_on(_Resumed(told, waited_for)))

    async def _go_on(self, first: _Resumed) -> None:
        try:
            await first
            while self._queue:
                await self._queue.popleft()
        except Exception as error:
            self._error = self._error or error
        finally:
            if self._task is asyncio.current_task():
                self._task = None


class _Resumed:
    """A coroutine that has run until it waited for something, to be awaited from there on."""

    __slots__ = ("_coro", "_waited_for")

    def __init__(self, coro: Coroutine[Any, Any, None], waited_for: Any) -> None:
        self._coro = coro
        self._waited_for = waited_for

    def __await__(self) -> Generator[Any, Any, None]:
        waited_for = self._waited_for
        while True:
            try:
                value = yield waited_for
            except BaseException as error:
                step = _Step(self._coro.throw, error)
            else:
                step = _Step(self._coro.send, value)
            if step.ended:
                return
            waited_for = step.waited_for


class _Step:
    """One step of a coroutine, whose end is no exception here: a generator can't let that pass."""

    __slots__ = ("ended", "waited_for")

    def __init__(self, step: Callable[[Any], Any], value: Any) -> None:
        self.waited_for: Any = None
        self.ended = False
        try:
            self.waited_for = step(value)
        except StopIteration:
            self.ended = True

"""Traces: coroutine functions of the program that are told of each step of a request.

`ClientSession(trace_configs=[...])` takes the configurations; `_traces` calls what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .signals import Signal

if TYPE_CHECKING:
    from multidict import CIMultiDict
    from yarl import URL

    from .response import ClientResponse


@dataclass(frozen=True, slots=True)
class TraceRequestStartParams:
    """A request begins."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@dataclass(frozen=True, slots=True)
class TraceRequestChunkSentParams:
    """A piece of its body is sent."""

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True)
class TraceResponseChunkReceivedParams:
    """The body of the response is read."""

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True)
class TraceRequestEndParams:
    """The response is there."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse


@dataclass(frozen=True, slots=True)
class TraceRequestExceptionParams:
    """The request failed."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    exception: BaseException


@dataclass(frozen=True, slots=True)
class TraceRequestRedirectParams:
    """The response sends elsewhere."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse


@dataclass(frozen=True, slots=True)
class TraceRequestHeadersSentParams:
    """The head of the request is sent."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@dataclass(frozen=True, slots=True)
class TraceConnectionQueuedStartParams:
    """There are as many connections as may be: waiting begins."""


@dataclass(frozen=True, slots=True)
class TraceConnectionQueuedEndParams:
    """The waiting is over."""


@dataclass(frozen=True, slots=True)
class TraceConnectionCreateStartParams:
    """A connection is being made."""


@dataclass(frozen=True, slots=True)
class TraceConnectionCreateEndParams:
    """It is made."""


@dataclass(frozen=True, slots=True)
class TraceConnectionReuseconnParams:
    """A connection that was kept is used."""


@dataclass(frozen=True, slots=True)
class TraceDnsResolveHostStartParams:
    """A name is being looked up."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsResolveHostEndParams:
    """It is looked up."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsCacheHitParams:
    """Its addresses are known."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsCacheMissParams:
    """Its addresses are not known."""

    host: str


class TraceConfig:
    """What to call when. Append coroutine functions to the signals; each is called with the
    session, the context that `trace_config_ctx` made for this request, and the event's parameters.
    """

    on_request_start: Signal[TraceRequestStartParams]
    on_request_chunk_sent: Signal[TraceRequestChunkSentParams]
    on_response_chunk_received: Signal[TraceResponseChunkReceivedParams]
    on_request_end: Signal[TraceRequestEndParams]
    on_request_exception: Signal[TraceRequestExceptionParams]
    on_request_redirect: Signal[TraceRequestRedirectParams]
    on_connection_queued_start: Signal[TraceConnectionQueuedStartParams]
    on_connection_queued_end: Signal[TraceConnectionQueuedEndParams]
    on_connection_create_start: Signal[TraceConnectionCreateStartParams]
    on_connection_create_end: Signal[TraceConnectionCreateEndParams]
    on_connection_reuseconn: Signal[TraceConnectionReuseconnParams]
    on_dns_resolvehost_start: Signal[TraceDnsResolveHostStartParams]
    on_dns_resolvehost_end: Signal[TraceDnsResolveHostEndParams]
    on_dns_cache_hit: Signal[TraceDnsCacheHitParams]
    on_dns_cache_miss: Signal[TraceDnsCacheMissParams]
    on_request_headers_sent: Signal[TraceRequestHeadersSentParams]

    def __init__(self, trace_config_ctx_factory: type[SimpleNamespace] = SimpleNamespace) -> None:
        for name in SIGNALS:
            object.__setattr__(self, name, Signal(self))
        self._trace_config_ctx_factory = trace_config_ctx_factory

    def __setattr__(self, name: str, value: Any) -> None:
        if name in SIGNALS:
            raise AttributeError(
                f"{name} is a signal: TraceConfig().{name}.append(coroutine_function)"
            )
        super().__setattr__(name, value)

    def trace_config_ctx(self, trace_request_ctx: Any = None) -> SimpleNamespace:
        """Make the context of one request."""
        return self._trace_config_ctx_factory(trace_request_ctx=trace_request_ctx)

    def freeze(self) -> None:
        """Let no signal change any more: a session does so."""
        for name in SIGNALS:
            getattr(self, name).freeze()


#: The names of the signals.
SIGNALS = tuple(TraceConfig.__annotations__)

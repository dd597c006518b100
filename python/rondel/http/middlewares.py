"""Middlewares: coroutine functions around the sending of each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ._request import ClientRequest
    from .response import ClientResponse

#: Sends a request.
ClientHandlerType: TypeAlias = Callable[["ClientRequest"], Awaitable["ClientResponse"]]
#: Gets a request and what sends it on: may change the one, and call the other once, several times,
#: or not at all.
ClientMiddlewareType: TypeAlias = Callable[
    ["ClientRequest", ClientHandlerType], Awaitable["ClientResponse"]
]


def build_client_middlewares(
    handler: ClientHandlerType, middlewares: Sequence[ClientMiddlewareType]
) -> ClientHandlerType:
    """Put the middlewares around ``handler``, the first one outermost."""
    for middleware in reversed(middlewares):
        handler = _around(middleware, handler)
    return handler


def _around(middleware: ClientMiddlewareType, handler: ClientHandlerType) -> ClientHandlerType:
    async def through(request: ClientRequest) -> ClientResponse:
        return await middleware(request, handler)

    return through

"""One request with a session of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ._arguments import check_names
from ._context import SessionRequestContextManager
from .connector import BaseConnector, TCPConnector
from .session import ClientSession
from .timeouts import sentinel
from .versions import HttpVersion, HttpVersion11

if TYPE_CHECKING:
    from .typedefs import StrOrURL


def request(
    method: str,
    url: StrOrURL,
    *,
    version: HttpVersion = HttpVersion11,
    connector: BaseConnector | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
    **arguments: Any,
) -> SessionRequestContextManager:
    """Make one request, whose response is read in ``async with``.

    It takes what `ClientSession.request` takes. A program that makes several is faster with a
    session, which keeps connections.
    """
    check_names(arguments)
    owner = connector is None
    session = ClientSession(
        loop=loop,
        cookies=arguments.pop("cookies", None),
        version=version,
        timeout=arguments.pop("timeout", sentinel),
        connector=TCPConnector(loop=loop, force_close=True) if connector is None else connector,
        connector_owner=owner,
    )
    return SessionRequestContextManager(session._request(method, url, **arguments), session)

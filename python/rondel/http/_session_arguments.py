"""The arguments of a session: what is wrong with them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from yarl import URL

from ._foreign import hint
from .connector import BaseConnector

if TYPE_CHECKING:
    from .typedefs import StrOrURL


def loop_of(connector: Any, loop: asyncio.AbstractEventLoop | None) -> asyncio.AbstractEventLoop:
    """The loop that a session lives in. Raises TypeError for a connector that is none."""
    if connector is not None and not isinstance(connector, BaseConnector):
        raise TypeError(
            f"connector is a connector of rondel.http or None, got {connector!r}{hint(connector)}"
        )
    if loop is not None:
        return loop
    return asyncio.get_running_loop() if connector is None else connector._loop


def check_class(argument: str, kind: Any, base: type) -> None:
    """Raise TypeError if ``kind`` is no class derived from ``base``."""
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise TypeError(f"{argument} is a subclass of {base.__name__}, got {kind!r}{hint(kind)}")


def parse_base_url(base_url: StrOrURL | None) -> URL | None:
    """The argument ``base_url``. Raises ValueError for one that is relative, or no folder."""
    if base_url is None:
        return None
    url = URL(base_url)
    if not url.absolute:
        raise ValueError(f"Only absolute URLs are supported, got base_url={str(base_url)!r}")
    if not url.path.endswith("/"):
        raise ValueError("base_url must have a trailing '/'")
    return url

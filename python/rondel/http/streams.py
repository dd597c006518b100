"""Bodies as streams, in the place where aiohttp has them."""

from __future__ import annotations

from .content import EMPTY_PAYLOAD, DataQueue, EmptyStreamReader, EofStream, StreamReader

__all__ = ("EMPTY_PAYLOAD", "DataQueue", "EmptyStreamReader", "EofStream", "StreamReader")

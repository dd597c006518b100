"""Bodies of requests: what `get_payload` makes of bytes, texts, files, asynchronous iterators and
others.
"""

import io
from collections.abc import AsyncIterable

from ._payload_base import (
    PAYLOAD_REGISTRY,
    LookupError,  # noqa: A004  aiohttp's name
    Order,
    Payload,
    PayloadRegistry,
    get_payload,
    payload_type,
    register_payload,
)
from ._payload_files import BufferedReaderPayload, BytesIOPayload, IOBasePayload, TextIOPayload
from ._payload_streams import AsyncIterablePayload, StreamReaderPayload
from ._payload_values import (
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    StringIOPayload,
    StringPayload,
)
from .content import StreamReader

__all__ = (
    "PAYLOAD_REGISTRY",
    "AsyncIterablePayload",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "IOBasePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "LookupError",
    "Order",
    "Payload",
    "PayloadRegistry",
    "StreamReaderPayload",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "get_payload",
    "payload_type",
    "register_payload",
)

PAYLOAD_REGISTRY.register(BytesPayload, (bytes, bytearray, memoryview))
PAYLOAD_REGISTRY.register(StringPayload, str)
PAYLOAD_REGISTRY.register(StringIOPayload, io.StringIO)
PAYLOAD_REGISTRY.register(TextIOPayload, io.TextIOBase)
PAYLOAD_REGISTRY.register(BytesIOPayload, io.BytesIO)
PAYLOAD_REGISTRY.register(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
PAYLOAD_REGISTRY.register(IOBasePayload, io.IOBase)
PAYLOAD_REGISTRY.register(StreamReaderPayload, StreamReader)
# Last, so that what is iterable beside being something else is made of that.
PAYLOAD_REGISTRY.register(AsyncIterablePayload, AsyncIterable, order=Order.try_last)

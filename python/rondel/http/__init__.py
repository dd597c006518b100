"""An HTTP client with aiohttp's interface, whose work is done in Rust inside of rondel's loop.

``from rondel import http as aiohttp`` runs programs that use aiohttp's client. They need rondel's
loop: ``rondel.run(main())``, or ``python -m rondel program.py``.

What differs from aiohttp stands in docs/guide-http.md.
"""

from __future__ import annotations

from typing import Never

from .._rondel import __version__ as __version__
from . import (
    _require_extra,  # noqa: F401  the first one first
    hdrs,
)
from . import abc as abc
from . import client as client
from . import client_exceptions as client_exceptions
from . import client_reqrep as client_reqrep
from . import client_ws as client_ws
from . import exceptions as exceptions
from . import helpers as helpers
from . import http as http
from . import streams as streams
from . import typedefs as typedefs
from ._oneshot import request
from ._request import ClientRequest
from .auth import BasicAuth, encode_basic_auth
from .connector import (
    AddrInfoType,
    BaseConnector,
    NamedPipeConnector,
    SocketFactoryType,
    TCPConnector,
    UnixConnector,
)
from .content import EMPTY_PAYLOAD, DataQueue, EofStream, FlowControlDataQueue, StreamReader
from .cookiejar import CookieJar, DummyCookieJar
from .digest import DigestAuthMiddleware
from .exceptions import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSSLError,
    ConnectionTimeoutError,
    ContentTypeError,
    InvalidURL,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    RedirectClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    UnixClientConnectorError,
    UploadAbortedError,
    WSMessageTypeError,
    WSServerHandshakeError,
)
from .fingerprint import Fingerprint
from .formdata import FormData
from .info import RequestInfo
from .middlewares import ClientHandlerType, ClientMiddlewareType
from .multipart import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    MultipartReader,
    MultipartWriter,
    content_disposition_filename,
    parse_content_disposition,
)
from .payload import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BufferedReaderPayload,
    BytesIOPayload,
    BytesPayload,
    IOBasePayload,
    JsonPayload,
    Payload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
    payload_type,
)
from .payload_streamer import streamer
from .resolver import AsyncResolver, DefaultResolver, ThreadedResolver
from .response import ClientResponse
from .retry import Retry, RetryBudget
from .session import ClientSession
from .timeouts import ClientTimeout
from .tracing import (
    TraceConfig,
    TraceConnectionCreateEndParams,
    TraceConnectionCreateStartParams,
    TraceConnectionQueuedEndParams,
    TraceConnectionQueuedStartParams,
    TraceConnectionReuseconnParams,
    TraceDnsCacheHitParams,
    TraceDnsCacheMissParams,
    TraceDnsResolveHostEndParams,
    TraceDnsResolveHostStartParams,
    TraceRequestChunkSentParams,
    TraceRequestEndParams,
    TraceRequestExceptionParams,
    TraceRequestHeadersSentParams,
    TraceRequestRedirectParams,
    TraceRequestStartParams,
    TraceResponseChunkReceivedParams,
)
from .uploads import UploadTracker
from .versions import HttpVersion, HttpVersion10, HttpVersion11, HttpVersion20
from .websocket import (
    ClientWebSocketResponse,
    ClientWSTimeout,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMsgType,
)

__all__ = (
    "EMPTY_PAYLOAD",
    "PAYLOAD_REGISTRY",
    "AddrInfoType",
    "AsyncIterablePayload",
    "AsyncResolver",
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BaseConnector",
    "BasicAuth",
    "BodyPartReader",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHandlerType",
    "ClientHttpProxyError",
    "ClientMiddlewareType",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientRequest",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "CookieJar",
    "DataQueue",
    "DefaultResolver",
    "DigestAuthMiddleware",
    "DummyCookieJar",
    "EofStream",
    "Fingerprint",
    "FlowControlDataQueue",
    "FormData",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "HttpVersion20",
    "IOBasePayload",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "JsonPayload",
    "MultipartReader",
    "MultipartWriter",
    "NamedPipeConnector",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "Payload",
    "RedirectClientError",
    "RequestInfo",
    "Retry",
    "RetryBudget",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerTimeoutError",
    "SocketFactoryType",
    "SocketTimeoutError",
    "StreamReader",
    "StringIOPayload",
    "StringPayload",
    "TCPConnector",
    "TextIOPayload",
    "ThreadedResolver",
    "TooManyRedirects",
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
    "UnixClientConnectorError",
    "UnixConnector",
    "UploadAbortedError",
    "UploadTracker",
    "WSCloseCode",
    "WSMessage",
    "WSMessageTypeError",
    "WSMsgType",
    "WSServerHandshakeError",
    "WebSocketError",
    "content_disposition_filename",
    "encode_basic_auth",
    "get_payload",
    "hdrs",
    "parse_content_disposition",
    "payload_type",
    "request",
    "streamer",
)

#: What aiohttp has besides its client.
_OF_THE_SERVER = frozenset(
    {
        "ChainMapProxy",
        "ETag",
        "GunicornUVLoopWebWorker",
        "GunicornWebWorker",
        "pytest_plugin",
        "test_utils",
        "web",
    }
)
#: How aiohttp works inside.
_INSIDE = frozenset(
    {
        "base_protocol",
        "client_proto",
        "compression_utils",
        "http_exceptions",
        "http_parser",
        "http_websocket",
        "http_writer",
        "tcp_helpers",
    }
)


def __getattr__(name: str) -> Never:
    if name in _OF_THE_SERVER:
        raise AttributeError(
            f"rondel.http is a client and has no {name!r}: take it from aiohttp, "
            "whose server runs on rondel's loop"
        )
    if name in _INSIDE:
        raise AttributeError(
            f"rondel.http has no {name!r}: that is how aiohttp works inside, and it works otherwise"
        )
    if name == "set_zlib_backend":
        raise AttributeError(
            "rondel.http has no 'set_zlib_backend': "
            "bodies are decoded in Rust, there is no backend to choose"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

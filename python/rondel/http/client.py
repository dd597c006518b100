"""The session and what belongs to it, in the place where aiohttp has them."""

from __future__ import annotations

from ._oneshot import request
from ._request import ClientRequest
from .connector import BaseConnector, NamedPipeConnector, TCPConnector, UnixConnector
from .exceptions import *  # noqa: F403  all of them
from .fingerprint import Fingerprint
from .info import RequestInfo
from .response import ClientResponse
from .session import ClientSession
from .timeouts import DEFAULT_TIMEOUT, ClientTimeout
from .uploads import UploadTracker
from .websocket import DEFAULT_WS_CLIENT_TIMEOUT, ClientWebSocketResponse, ClientWSTimeout

__all__ = (
    "DEFAULT_TIMEOUT",
    "DEFAULT_WS_CLIENT_TIMEOUT",
    "BaseConnector",
    "ClientRequest",
    "ClientResponse",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "Fingerprint",
    "NamedPipeConnector",
    "RequestInfo",
    "TCPConnector",
    "UnixConnector",
    "UploadTracker",
    "request",
)

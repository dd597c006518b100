"""Requests and responses, in the place where aiohttp has them."""

from __future__ import annotations

from ._request import ClientRequest
from .connection import ConnectionKey
from .fingerprint import Fingerprint
from .info import ContentDisposition, RequestInfo
from .response import ClientResponse

__all__ = (
    "ClientRequest",
    "ClientResponse",
    "ConnectionKey",
    "ContentDisposition",
    "Fingerprint",
    "RequestInfo",
)

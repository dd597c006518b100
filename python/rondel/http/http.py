"""What HTTP and WebSockets are made of, in the place where aiohttp has it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ._fields import USER_AGENT
from .versions import HttpVersion, HttpVersion10, HttpVersion11
from .websocket import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMessageTextBytes,
    WSMsgType,
)

__all__ = (
    "RESPONSES",
    "SERVER_SOFTWARE",
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
    "WebSocketError",
)

#: What requests call themselves.
SERVER_SOFTWARE: Final = USER_AGENT
#: What each status means, in a few words and in more.
RESPONSES: Final = {int(status): (status.phrase, status.description) for status in HTTPStatus}

"""What WebSocket messages are, and what can be wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple, TypeAlias


class WSCloseCode(IntEnum):
    """Why a WebSocket ends (RFC 6455, 7.4.1, and what IANA has registered since)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL_CLOSURE = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


class WSMsgType(IntEnum):
    """The kinds of messages: the opcodes of frames, and three that stand for what happens here."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    PING = 0x9
    PONG = 0xA
    CLOSE = 0x8

    #: ``close()`` was called while another task was in ``receive()``.
    CLOSING = 0x100
    #: It is over.
    CLOSED = 0x101
    #: ``data`` is an exception.
    ERROR = 0x102

    text = TEXT
    binary = BINARY
    ping = PING
    pong = PONG
    close = CLOSE
    closing = CLOSING
    closed = CLOSED
    error = ERROR


class WSMessage(NamedTuple):
    """One message. ``data`` is str for TEXT, bytes for BINARY, PING and PONG, the code for CLOSE
    (0: the peer gave none), an exception for ERROR, and None else. ``extra`` is the peer's reason
    for CLOSE.
    """

    type: WSMsgType
    data: Any
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """``data``, decoded as JSON."""
        return loads(self.data)


class WSMessageTextBytes(NamedTuple):
    """A TEXT message of a WebSocket with ``decode_text=False``: ``data`` is bytes, and was not
    checked.
    """

    type: WSMsgType
    data: Any
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """``data``, decoded as JSON."""
        return loads(self.data)


WSMessageDecodeText: TypeAlias = WSMessage
WSMessageNoDecodeText: TypeAlias = WSMessage | WSMessageTextBytes

WS_CLOSED_MESSAGE: Final = WSMessage(WSMsgType.CLOSED, None, None)
WS_CLOSING_MESSAGE: Final = WSMessage(WSMsgType.CLOSING, None, None)


class WebSocketError(Exception):
    """The peer does not keep to the protocol. ``code`` is what the WebSocket is closed with."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(code, message)

    def __str__(self) -> str:
        return str(self.args[1])


class WSHandshakeError(Exception):
    """What the server says about extensions is not what was offered."""


@dataclass(frozen=True, slots=True)
class ClientWSTimeout:
    """Time limits of a WebSocket, in seconds; None: no limit.

    - ``ws_receive``: until a message has come, in ``receive()``.
    - ``ws_close``: until the peer has answered ``close()``.
    """

    ws_receive: float | None = None
    ws_close: float | None = None


DEFAULT_WS_CLIENT_TIMEOUT: Final = ClientWSTimeout(ws_receive=None, ws_close=10.0)

"""How a WebSocket begins (RFC 6455, section 4.1)."""

from __future__ import annotations

import base64
import hashlib
import os
import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from multidict import CIMultiDict

from . import hdrs
from ._numbers import seconds, size
from ._ws_extension import ws_ext_gen, ws_ext_parse
from ._ws_reader import WebSocketReader
from ._ws_types import DEFAULT_WS_CLIENT_TIMEOUT, ClientWSTimeout, WSHandshakeError
from ._ws_writer import WebSocketWriter
from .exceptions import WSServerHandshakeError
from .fingerprint import merge_ssl
from .timeouts import sentinel

if TYPE_CHECKING:
    from ssl import SSLContext

    from .auth import BasicAuth
    from .fingerprint import Fingerprint
    from .response import ClientResponse
    from .session import ClientSession
    from .typedefs import LooseHeaders, Query, StrOrURL
    from .websocket import ClientWebSocketResponse

#: What the server puts behind the key before it hashes it.
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION: Final = "13"


@dataclass(slots=True)
class _Offer:
    """What the client has asked for."""

    key: str
    protocols: Collection[str]
    compress: int


@dataclass(slots=True)
class _Agreement:
    """What the server has taken of it."""

    protocol: str | None
    compress: int
    notakeover: bool


async def ws_connect(
    session: ClientSession,
    url: StrOrURL,
    *,
    method: str = hdrs.METH_GET,
    protocols: Iterable[str] = (),
    timeout: ClientWSTimeout | float | Any = sentinel,  # noqa: ASYNC109  aiohttp's name
    receive_timeout: float | None = None,
    autoclose: bool = True,
    autoping: bool = True,
    heartbeat: float | None = None,
    auth: BasicAuth | None = None,
    origin: str | None = None,
    params: Query = None,
    headers: LooseHeaders | None = None,
    proxy: StrOrURL | None = None,
    proxy_auth: BasicAuth | None = None,
    ssl: SSLContext | bool | Fingerprint | None = True,
    verify_ssl: bool | None = None,
    fingerprint: bytes | None = None,
    ssl_context: SSLContext | None = None,
    server_hostname: str | None = None,
    proxy_headers: LooseHeaders | None = None,
    compress: int = 0,
    max_msg_size: int = 4 * 1024 * 1024,
    decode_text: bool = True,
) -> ClientWebSocketResponse:
    """Open a WebSocket.

    ``protocols``: subprotocols, the best first. ``compress``: the size of the window, in bits, 9 to
    15, to compress messages with, if the server agrees. ``max_msg_size``: what a message has to
    stay below, in bytes; 0 for no limit.

    Raises `WSServerHandshakeError` if the server does not agree, and what requests raise.
    """
    limits = _limits(timeout, receive_timeout)
    for name in ("ws_receive", "ws_close"):
        seconds(name, getattr(limits, name), negative=True)
    seconds("heartbeat", heartbeat, negative=True, finite=True)
    max_msg_size = size("max_msg_size", max_msg_size)
    offer = _Offer(base64.b64encode(os.urandom(16)).decode("ascii"), list(protocols), compress)
    response = await session._upgrade_request(
        method,
        url,
        headers=_request_headers(headers, offer, origin),
        params=params,
        auth=auth,
        proxy=proxy,
        proxy_auth=proxy_auth,
        ssl=merge_ssl(ssl, verify_ssl, ssl_context, fingerprint),
        server_hostname=server_hostname,
        proxy_headers=proxy_headers,
    )
    try:
        agreed = _agreement(response, offer)
        upgraded = response._upgrade()
    except BaseException:
        response.close()
        raise
    writer = WebSocketWriter(upgraded, compress=agreed.compress, notakeover=agreed.notakeover)
    reader = WebSocketReader(
        upgraded, max_msg_size, bool(agreed.compress), decode_text, on_lost=writer.set_lost
    )
    opened: ClientWebSocketResponse = session._ws_response_class(
        reader,
        writer,
        agreed.protocol,
        response,
        limits,
        autoclose,
        autoping,
        session._loop,
        heartbeat=heartbeat,
        compress=agreed.compress,
        client_notakeover=agreed.notakeover,
    )
    return opened


def _limits(timeout: Any, receive_timeout: float | None) -> ClientWSTimeout:
    """The time limits, of three ways to say them."""
    if timeout is sentinel:
        limits = DEFAULT_WS_CLIENT_TIMEOUT
    elif isinstance(timeout, ClientWSTimeout):
        limits = timeout
    else:
        warnings.warn(
            "parameter 'timeout' of type 'float' is deprecated, please use "
            "'timeout=ClientWSTimeout(ws_close=...)'",
            DeprecationWarning,
            stacklevel=3,
        )
        limits = ClientWSTimeout(ws_close=timeout)
    if receive_timeout is not None:
        warnings.warn(
            "float parameter 'receive_timeout' is deprecated, please use parameter "
            "'timeout=ClientWSTimeout(ws_receive=...)'",
            DeprecationWarning,
            stacklevel=3,
        )
        limits = replace(limits, ws_receive=receive_timeout)
    return limits


def _request_headers(
    headers: LooseHeaders | None, offer: _Offer, origin: str | None
) -> CIMultiDict[str]:
    fields: CIMultiDict[str] = CIMultiDict(headers if headers is not None else ())
    fields.setdefault(hdrs.UPGRADE, "websocket")
    fields.setdefault(hdrs.CONNECTION, "Upgrade")
    fields.setdefault(hdrs.SEC_WEBSOCKET_VERSION, _VERSION)
    fields[hdrs.SEC_WEBSOCKET_KEY] = offer.key
    if offer.protocols:
        fields[hdrs.SEC_WEBSOCKET_PROTOCOL] = ",".join(offer.protocols)
    if origin is not None:
        fields[hdrs.ORIGIN] = origin
    if offer.compress:
        fields[hdrs.SEC_WEBSOCKET_EXTENSIONS] = ws_ext_gen(offer.compress)
    return fields


def _agreement(response: ClientResponse, offer: _Offer) -> _Agreement:
    """Check the server's answer.

    Raises `WSServerHandshakeError`.
    """

    def field(name: str) -> str:
        value: str = response.headers.get(name, "")
        return value

    if response.status != 101:
        raise _refused(response, "Invalid response status")
    if field(hdrs.UPGRADE).lower() != "websocket":
        raise _refused(response, "Invalid upgrade header")
    if field(hdrs.CONNECTION).lower() != "upgrade":
        raise _refused(response, "Invalid connection header")
    digest = hashlib.sha1(offer.key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    if field(hdrs.SEC_WEBSOCKET_ACCEPT) != base64.b64encode(digest).decode("ascii"):
        raise _refused(response, "Invalid challenge response")
    chosen = (name.strip() for name in field(hdrs.SEC_WEBSOCKET_PROTOCOL).split(","))
    protocol = next((name for name in chosen if name in offer.protocols), None)
    if not offer.compress:
        return _Agreement(protocol, 0, notakeover=False)
    try:
        compress, notakeover = ws_ext_parse(field(hdrs.SEC_WEBSOCKET_EXTENSIONS))
    except WSHandshakeError as error:
        raise _refused(response, str(error)) from error
    return _Agreement(protocol, compress, notakeover)


def _refused(response: ClientResponse, message: str) -> WSServerHandshakeError:
    return WSServerHandshakeError(
        response.request_info,
        response.history,
        message=message,
        status=response.status,
        headers=response.headers,
    )

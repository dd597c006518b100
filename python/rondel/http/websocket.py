"""WebSockets: `ClientSession.ws_connect` gives a `ClientWebSocketResponse`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import GenericAlias, TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ._ws_extension import ws_ext_gen, ws_ext_parse
from ._ws_handshake import ws_connect
from ._ws_heartbeat import Heartbeat
from ._ws_reader import WebSocketReader
from ._ws_types import (
    DEFAULT_WS_CLIENT_TIMEOUT,
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    ClientWSTimeout,
    WebSocketError,
    WSCloseCode,
    WSHandshakeError,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMessageTextBytes,
    WSMsgType,
)
from ._ws_writer import WebSocketWriter
from .content import EofStream
from .exceptions import WSMessageTypeError
from .typedefs import (
    DEFAULT_JSON_DECODER,
    DEFAULT_JSON_ENCODER,
    JSONBytesEncoder,
    JSONDecoder,
    JSONEncoder,
)

if TYPE_CHECKING:
    from .response import ClientResponse
    from .typedefs import Byteish

__all__ = (
    "DEFAULT_WS_CLIENT_TIMEOUT",
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "WSCloseCode",
    "WSHandshakeError",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
    "WebSocketError",
    "WebSocketReader",
    "WebSocketWriter",
    "ws_connect",
    "ws_ext_gen",
    "ws_ext_parse",
)

#: What `receive` has to look at itself.
_INTERNAL: Final = frozenset((WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.PING, WSMsgType.PONG))
#: What ends ``async for``.
_ENDS: Final = frozenset((WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED))


class ClientWebSocketResponse:
    """A WebSocket. Messages come by `receive`, or by ``async for``, which ends when the peer
    closes; the ``send_`` methods send; `close`, or the end of ``async with``, ends it.

    One task may receive at a time; any number may send.
    """

    def __init__(
        self,
        reader: WebSocketReader,
        writer: WebSocketWriter,
        protocol: str | None,
        response: ClientResponse,
        timeout: ClientWSTimeout,
        autoclose: bool,
        autoping: bool,
        loop: asyncio.AbstractEventLoop,
        *,
        heartbeat: float | None = None,
        compress: int = 0,
        client_notakeover: bool = False,
    ) -> None:
        self._response = response
        self._reader = reader
        self._writer = writer
        self._protocol = protocol
        self._timeout = timeout
        self._autoclose = autoclose
        self._autoping = autoping
        self._loop = loop
        self._compress = compress
        self._client_notakeover = client_notakeover
        self._closed = False
        self._closing = False
        self._close_code: int | None = None
        self._exception: BaseException | None = None
        #: A task is in `receive`; `close` waits until it has left.
        self._waiting = False
        self._close_wait: asyncio.Future[None] | None = None
        self._heartbeat: Heartbeat | None = None
        if heartbeat is not None:
            self._heartbeat = Heartbeat(
                loop,
                heartbeat,
                look=reader.look,
                ping=self._send_heartbeat,
                fail=self._heartbeat_failed,
            )
            reader.on_data = self._heartbeat.reset
            self._heartbeat.reset()

    @classmethod
    def __class_getitem__(cls, item: Any) -> GenericAlias:
        # aiohttp's class tells by a parameter whether texts are str.
        return GenericAlias(cls, item)

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    @property
    def close_code(self) -> int | None:
        """Why, as a `WSCloseCode` or a number of the application; None before the end."""
        return self._close_code

    @property
    def protocol(self) -> str | None:
        """The subprotocol that the server has chosen of ``protocols``."""
        return self._protocol

    @property
    def compress(self) -> int:
        """The size of the window, in bits, to compress with; 0 for no compression."""
        return self._compress

    @property
    def client_notakeover(self) -> bool:
        """Whether each message is compressed alone."""
        return self._client_notakeover

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection: ``peername``, ``sockname``, ``peercert`` ..."""
        return self._writer.get_extra_info(name, default)

    def exception(self) -> BaseException | None:
        """What went wrong, if it ended by that."""
        return self._exception

    async def ping(self, message: bytes = b"") -> None:
        """Send a ping of at most 125 bytes."""
        await self._writer.send_frame(message, WSMsgType.PING)

    async def pong(self, message: bytes = b"") -> None:
        """Send a pong of at most 125 bytes."""
        await self._writer.send_frame(message, WSMsgType.PONG)

    async def send_frame(
        self, message: Byteish, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send one frame."""
        await self._writer.send_frame(message, opcode, compress)

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send a text. ``compress``: with a window of that many bits, for this message alone."""
        if not isinstance(data, str):
            raise TypeError(f"data argument must be str ({type(data)!r})")
        await self._writer.send_frame(data.encode(), WSMsgType.TEXT, compress=compress)

    async def send_bytes(self, data: Byteish, compress: int | None = None) -> None:
        """Send bytes."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data argument must be byte-ish ({type(data)!r})")
        await self._writer.send_frame(data, WSMsgType.BINARY, compress=compress)

    async def send_json(
        self,
        data: Any,
        compress: int | None = None,
        *,
        dumps: JSONEncoder = DEFAULT_JSON_ENCODER,
    ) -> None:
        """Send JSON as a text."""
        await self.send_str(dumps(data), compress=compress)

    async def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: JSONBytesEncoder
    ) -> None:
        """Send JSON as bytes, by an encoder that gives those."""
        await self.send_bytes(dumps(data), compress=compress)

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"") -> bool:
        """End it: say so, and wait ``ws_close`` of the timeout for the peer's answer. False: it had
        ended before.
        """
        if self._waiting:
            # Whoever receives is to leave first.
            if self._close_wait is None:
                self._close_wait = self._loop.create_future()
                self._set_closing()
                self._reader.put(WS_CLOSING_MESSAGE)
            await asyncio.shield(self._close_wait)
        if self._closed:
            return False
        self._set_closed()
        try:
            await self._writer.close(code, message)
            if not self._close_code:
                self._close_code = await self._peers_code()
        except asyncio.CancelledError:
            self._close_code = WSCloseCode.ABNORMAL_CLOSURE
            raise
        except Exception as error:
            self._close_code = WSCloseCode.ABNORMAL_CLOSURE
            self._exception = error
        finally:
            self._writer.end()
        return True

    async def _peers_code(self) -> int:
        async with asyncio.timeout(self._timeout.ws_close):
            while True:
                message = await self._reader.read()
                if message.type is WSMsgType.CLOSE:
                    return int(message.data)

    async def receive(self, timeout: float | None = None) -> WSMessage | WSMessageTextBytes:  # noqa: ASYNC109  aiohttp's signature
        """The next message: TEXT, BINARY, PING and PONG unless ``autoping``, CLOSE, CLOSED after
        the end, ERROR.

        Raises TimeoutError after ``timeout`` seconds, RuntimeError while another task is in it.
        """
        seconds = timeout or self._timeout.ws_receive
        while True:
            if self._waiting:
                raise RuntimeError("Concurrent call to receive() is not allowed")
            if self._closed:
                return WS_CLOSED_MESSAGE
            if self._closing:
                await self.close()
                return WS_CLOSED_MESSAGE
            try:
                message = await self._next(seconds)
            except (asyncio.CancelledError, TimeoutError):
                self._close_code = WSCloseCode.ABNORMAL_CLOSURE
                raise
            except EofStream:
                self._close_code = WSCloseCode.OK
                await self.close()
                return WS_CLOSED_MESSAGE
            except WebSocketError as error:
                self._close_code = error.code
                await self.close(code=error.code)
                return WSMessage(WSMsgType.ERROR, error, None)
            except Exception as error:
                self._exception = error
                self._set_closing()
                self._close_code = WSCloseCode.ABNORMAL_CLOSURE
                await self.close()
                return WSMessage(WSMsgType.ERROR, error, None)
            if message.type not in _INTERNAL or await self._is_for_program(message):
                return message

    async def _next(self, seconds: float | None) -> WSMessage | WSMessageTextBytes:
        self._waiting = True
        try:
            if not seconds:
                return await self._reader.read()
            async with asyncio.timeout(seconds):
                return await self._reader.read()
        finally:
            self._waiting = False
            if self._close_wait is not None and not self._close_wait.done():
                self._close_wait.set_result(None)

    async def _is_for_program(self, message: WSMessage | WSMessageTextBytes) -> bool:
        """Do what a control message asks for; tell whether the program gets to see it."""
        kind = message.type
        if kind is WSMsgType.CLOSE:
            self._set_closing()
            self._close_code = message.data
            if not self._closed and self._autoclose:
                await self.close()
        elif kind is WSMsgType.CLOSING:
            self._set_closing()
        elif self._autoping:
            if kind is WSMsgType.PING:
                await self.pong(message.data)
            return False
        return True

    async def receive_str(self, *, timeout: float | None = None) -> str:  # noqa: ASYNC109  aiohttp's signature
        """The next message, which has to be a text (bytes with ``decode_text=False``).

        Raises `WSMessageTypeError` if it isn't.
        """
        text: str = _data_of(await self.receive(timeout), WSMsgType.TEXT)
        return text

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  aiohttp's signature
        """The next message, which has to be bytes.

        Raises `WSMessageTypeError` if it isn't.
        """
        data: bytes = _data_of(await self.receive(timeout), WSMsgType.BINARY)
        return data

    async def receive_json(
        self,
        *,
        loads: JSONDecoder | Callable[[bytes], Any] = DEFAULT_JSON_DECODER,
        timeout: float | None = None,  # noqa: ASYNC109  aiohttp's signature
    ) -> Any:
        """The next message, which has to be a text, decoded as JSON."""
        text: Any = await self.receive_str(timeout=timeout)
        return loads(text)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WSMessage | WSMessageTextBytes:
        message = await self.receive()
        if message.type in _ENDS:
            raise StopAsyncIteration
        return message

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()

    def _set_closed(self) -> None:
        self._closed = True
        self._stop_heartbeat()

    def _set_closing(self) -> None:
        self._closing = True
        self._stop_heartbeat()

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._reader.on_data = None

    async def _send_heartbeat(self) -> None:
        await self._writer.send_frame(b"", WSMsgType.PING)

    def _heartbeat_failed(self, error: BaseException) -> None:
        if self._closed:
            return
        self._set_closed()
        self._close_code = WSCloseCode.ABNORMAL_CLOSURE
        self._exception = error
        self._writer.end()
        if self._waiting and not self._closing:
            self._reader.put(WSMessage(WSMsgType.ERROR, error, None))


def _data_of(message: WSMessage | WSMessageTextBytes, kind: WSMsgType) -> Any:
    """What a message of this kind carries. Raises `WSMessageTypeError` for one of another."""
    if message.type is not kind:
        raise WSMessageTypeError(
            f"Received message {message.type}:{message.data!r} is not WSMsgType.{kind.name}"
        )
    return message.data

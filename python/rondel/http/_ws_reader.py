"""The receiving half of a WebSocket."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

from .._rondel import HttpWsDecoder
from ._ws_types import WSMessage, WSMessageTextBytes, WSMsgType
from .content import EofStream
from .exceptions import ClientError

if TYPE_CHECKING:
    import asyncio

    from .._rondel import HttpReading, HttpUpgraded

#: How much of what nobody receives is taken from the connection.
_MAX_UNREAD: Final = 256 * 1024
_TYPES: Final = {
    int(kind): kind
    for kind in (
        WSMsgType.TEXT,
        WSMsgType.BINARY,
        WSMsgType.CLOSE,
        WSMsgType.PING,
        WSMsgType.PONG,
    )
}


class WebSocketReader:
    """Receives messages from a connection, when asked: what nobody asks for stays in the system,
    which holds the peer back.

    ``max_msg_size`` is in bytes, 0 for any size; ``compress`` says whether messages may be
    compressed. ``on_data`` is called when something has come, ``on_lost`` when the connection has
    ended.
    """

    def __init__(
        self,
        upgraded: HttpUpgraded,
        max_msg_size: int,
        compress: bool,
        decode_text: bool,
        *,
        on_lost: Callable[[], None],
    ) -> None:
        self.on_data: Callable[[], None] | None = None
        self._on_lost = on_lost
        self._upgraded = upgraded
        self._decoder = HttpWsDecoder(max_msg_size, compress, decode_text)
        self._text_class: type[WSMessage | WSMessageTextBytes] = (
            WSMessage if decode_text else WSMessageTextBytes
        )
        #: What is given before what comes next.
        self._put: deque[WSMessage] = deque()
        #: A wait for bytes. Whoever is cancelled in it leaves it to the next one, so that nothing
        #: is lost.
        self._reading: HttpReading[bytes] | None = None
        #: What the one who waits sleeps on.
        self._asleep: asyncio.Future[Any] | None = None
        self._ended = False

    async def read(self) -> WSMessage | WSMessageTextBytes:
        """The next message.

        Raises `EofStream` at the end of the connection, `WebSocketError` and `zlib.error` when the
        peer does not keep to the protocol.
        """
        while True:
            if self._put:
                return self._put.popleft()
            if (told := self._decoder.next()) is not None:
                kind = _TYPES[told[0]]
                made = self._text_class if kind is WSMsgType.TEXT else WSMessage
                return made(kind, told[1], told[2])
            if self._ended:
                raise EofStream
            await self._wait()

    def put(self, message: WSMessage) -> None:
        """Give this to who is in `read`, or comes there next."""
        self._put.append(message)
        if self._asleep is not None and not self._asleep.done():
            self._asleep.set_result(None)

    def look(self) -> bool:
        """Take what has come while nobody is in `read`. Tells whether the peer has sent something,
        or still has to be listened to.
        """
        if self._asleep is not None or self._ended:
            return False
        if self._decoder.waiting > _MAX_UNREAD:
            return True
        return self._step() is None and not self._ended

    @types.coroutine
    def _wait(self) -> Generator[Any, None, None]:
        """Wait until something has come, or was put."""
        while not self._put:
            future = self._step()
            if future is None:
                return
            self._asleep = future
            try:
                yield future
            finally:
                self._asleep = None

    def _step(self) -> asyncio.Future[Any] | None:
        """Go on reading. None: something has come, or the connection has ended; else what to sleep
        on.
        """
        reading = self._reading
        if reading is None:
            reading = self._reading = self._upgraded.read()
        try:
            future: asyncio.Future[Any] = reading.send(None)
        except StopIteration as end:
            self._reading = None
            self._take(end.value)
            return None
        except (ClientError, OSError):
            # A reset is an end like any other; sending says what happened.
            self._reading = None
            self._take(b"")
            return None
        return future

    def _take(self, data: bytes) -> None:
        if not data:
            self._ended = True
            self._on_lost()
            return
        self._decoder.feed(data)
        if self.on_data is not None:
            self.on_data()

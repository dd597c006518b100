"""The sending half of a WebSocket."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any, Final

from .._rondel import HttpWsEncoder
from ._ws_types import WSMsgType
from .exceptions import ClientConnectionResetError, ClientError

if TYPE_CHECKING:
    from .._rondel import HttpUpgraded
    from .typedefs import Byteish

#: Opcodes from here on are those of control frames, which are never compressed.
_CONTROL: Final = 8
#: Larger messages are compressed in the executor: below it takes about a millisecond at most.
_MAX_SYNC: Final = 256 * 1024
#: How much may wait to be sent before a sender waits, too.
_MAX_BUFFERED: Final = 64 * 1024
#: How long the end may take to be sent, in seconds.
_FLUSH_SECONDS: Final = 10
_CLOSE_CODE: Final = struct.Struct("!H")


class WebSocketWriter:
    """Sends frames over a connection, in the order of the calls.

    ``compress`` is the size of the window, in bits, to compress messages with, 0 for none; with
    ``notakeover`` each is compressed alone.
    """

    def __init__(
        self, upgraded: HttpUpgraded, *, compress: int = 0, notakeover: bool = False
    ) -> None:
        self.compress = compress
        self.notakeover = notakeover
        self._upgraded = upgraded
        self._encoder = HttpWsEncoder(compress, notakeover)
        self._closing = False
        #: The peer is gone.
        self._lost = False
        # One compresses, and then one waits for room, at a time.
        self._compressing = asyncio.Lock()
        self._draining = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def set_lost(self) -> None:
        """Refuse to send from now on: nobody would get it."""
        self._lost = True

    async def send_frame(self, message: Byteish, opcode: int, compress: int | None = None) -> None:
        """Send a message of one frame. ``compress``: with a window of that size, for this one
        alone.

        Raises ClientConnectionResetError after `close`, and when the connection is gone.
        """
        if self._closing and opcode < _CONTROL:
            raise ClientConnectionResetError("Cannot write to closing transport")
        if opcode >= _CONTROL or not (compress or self.compress):
            self._write(message, opcode, compressed=False)
        else:
            await self._send_compressed(bytes(message), opcode, compress or 0)
        if self._upgraded.buffered > _MAX_BUFFERED:
            async with self._draining:
                await self._drain()

    async def close(self, code: int = 1000, message: bytes | str = b"") -> None:
        """Send the end."""
        reason = message.encode() if isinstance(message, str) else message
        try:
            await self.send_frame(_CLOSE_CODE.pack(code) + reason, WSMsgType.CLOSE)
        finally:
            self._closing = True

    def end(self) -> None:
        """Close the connection, as soon as what was sent is on its way."""
        self._lost = True
        if self._upgraded.closed:
            return
        if self._upgraded.buffered == 0:
            self._upgraded.close()
            return
        task = asyncio.ensure_future(self._flush_and_close())
        self._tasks.add(task)
        task.add_done_callback(self._sent)

    async def _flush_and_close(self) -> None:
        try:
            async with asyncio.timeout(_FLUSH_SECONDS), self._draining:
                await self._upgraded.shut_down()
        except (ClientError, OSError):
            pass  # the peer is gone, or does not read: nobody to say farewell to
        finally:
            self._upgraded.close()

    async def _send_compressed(self, message: bytes, opcode: int, compress: int) -> None:
        if len(message) <= _MAX_SYNC and not self._compressing.locked():
            self._write(self._encoder.deflate(message, compress), opcode, compressed=True)
            return
        # A task of its own: what was compressed must be sent, as what follows refers to it.
        task = asyncio.ensure_future(self._compress_and_send(message, opcode, compress))
        self._tasks.add(task)
        task.add_done_callback(self._sent)
        await asyncio.shield(task)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Who waited may have been cancelled: then nobody is to be told.
            task.exception()

    async def _compress_and_send(self, message: bytes, opcode: int, compress: int) -> None:
        async with self._compressing:
            if len(message) <= _MAX_SYNC:
                data = self._encoder.deflate(message, compress)
            else:
                loop = asyncio.get_running_loop()
                data = await loop.run_in_executor(None, self._encoder.deflate, message, compress)
            self._write(data, opcode, compressed=True)

    def _write(self, data: Byteish, opcode: int, *, compressed: bool) -> None:
        if self._lost or self._upgraded.closed:
            raise ClientConnectionResetError("Cannot write to closing transport")
        frame = self._encoder.frame(opcode, data, compressed)
        try:
            self._upgraded.write(frame)
        except (ClientError, OSError) as error:
            raise self._gone() from error

    async def _drain(self) -> None:
        try:
            await self._upgraded.drain()
        except (ClientError, OSError) as error:
            raise self._gone() from error

    def _gone(self) -> ClientConnectionResetError:
        self._lost = True
        return ClientConnectionResetError("Cannot write to closing transport")

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""
        return self._upgraded.get_extra_info(name, default)

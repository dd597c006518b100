"""Sends the body of one attempt, piece by piece, in a task beside the request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._rondel import HttpBody
from ._writer import BodyWriter

if TYPE_CHECKING:
    from .payload import Payload
    from .uploads import UploadTracker

#: The tasks that run: asyncio itself holds them but weakly.
_running: set[asyncio.Task[None]] = set()


class Upload:
    """One attempt to send ``payload``. ``body`` goes to the native client; `begin` starts the
    sending.
    """

    __slots__ = ("_length", "_payload", "_task", "_tracker", "_writer", "body")

    def __init__(
        self,
        payload: Payload,
        *,
        length: int | None,
        compress: str | None,
        on_chunk: Callable[[bytes], None] | None,
        tracker: UploadTracker | None,
    ) -> None:
        self._payload = payload
        self._length = length
        self._tracker = tracker
        self._task: asyncio.Task[None] | None = None
        self.body = HttpBody(length, self.cut)
        self._writer = BodyWriter(self.body, compress, on_chunk)

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send, from the loop's next turn on."""
        if self._tracker is not None:
            self._tracker._begin(self._writer)
        task = loop.create_task(self._send())
        self._task = task
        _running.add(task)
        task.add_done_callback(self._ended)

    @property
    def is_running(self) -> bool:
        """Whether it has begun, and not ended."""
        return self._task is not None

    async def stop(self) -> None:
        """Send no more, and return when whatever makes the body has stopped."""
        task = self._task
        if task is None:
            return
        task.cancel()
        # Its errors are the request's, which has them of the body; a cancellation of ours still
        # passes.
        await asyncio.wait([task])

    def close_payload_at_end(self) -> None:
        """Let the payload go once it is sent: the request is answered, it is not needed again."""
        if self._task is not None:
            self._task.add_done_callback(lambda _: self._payload._close())
        else:
            self._payload._close()

    def cut(self) -> None:
        """Send no more, as nobody wants it: the request has failed, or its answer is over."""
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        _running.discard(task)
        # If it was cancelled it holds its own frames, and this: without the cycle, a generator that
        # was cut ends now.
        self._task = None

    async def _send(self) -> None:
        error: BaseException | None = None
        try:
            await self._payload.write_with_length(self._writer, self._length)
            await self._writer.write_eof()
        except Exception as failed:
            # That the server takes no more of it is no failure of the body: it was cut short.
            if self.body.closed and isinstance(failed, ConnectionResetError):
                error = asyncio.CancelledError()
            else:
                error = failed
                self.body.fail(failed)
        except BaseException as left:
            error = left
            self.body.fail(asyncio.CancelledError())  # without a traceback, for the same reason
            raise
        finally:
            if self._tracker is not None:
                self._tracker._end(self._writer, error)
            error = None  # its traceback has this frame

"""How far a request's body is: `UploadTracker`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .exceptions import UploadAbortedError

if TYPE_CHECKING:
    from ._writer import BodyWriter


class UploadTracker:
    """Tells of the body of one request, to which it is given as ``upload_tracker``, while that
    runs.

    - ``attempts``: how often the body was begun; redirects and retries send it anew.
    - ``bytes_written``: bytes of the body, as the program gave it, that have gone to the system in
      this attempt.
    - ``upload_complete``: a future that is done once the body is sent; with the error if it never
      is.

    Made in a running loop. One that is given to a second request makes that raise RuntimeError.
    """

    def __init__(self) -> None:
        self.attempts = 0
        self.upload_complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._bound = False
        self._writer: BodyWriter | None = None
        self._written = 0
        self._finished = False
        self._error: BaseException | None = None
        self._over = False

    @property
    def bytes_written(self) -> int:
        """Bytes of the body that have gone to the system in this attempt."""
        return self._written if self._writer is None else self._writer.payload_sent

    def _bind(self) -> None:
        if self._bound:
            raise RuntimeError("UploadTracker is already bound to a request")
        self._bound = True

    def _begin(self, writer: BodyWriter | None) -> None:
        """An attempt begins; without a writer there is no body, which then is sent at once."""
        self.attempts += 1
        self._writer = writer
        self._written = 0
        self._finished = writer is None
        self._error = None

    def _end(self, writer: BodyWriter, error: BaseException | None) -> None:
        """The body of an attempt is sent; or is not to be sent any more, because of an error, or
        because it was cut short (another BaseException).
        """
        if writer is not self._writer:
            return
        self._writer = None
        self._finished = error is None
        self._written = writer.payload_accepted if error is None else writer.payload_sent
        self._error = error if isinstance(error, Exception) else None
        if self._over:
            self._settle()

    def _not_connected(self) -> None:
        """The attempt ended before there was a connection: what it wrote has gone nowhere."""
        self._writer = None
        self._written = 0
        self._finished = False
        self._error = None

    def _request_over(self) -> None:
        """No other attempt begins."""
        self._over = True
        if self._writer is None:
            self._settle()

    def _settle(self) -> None:
        if self.upload_complete.done() or self.upload_complete.get_loop().is_closed():
            return
        if self._finished:
            self.upload_complete.set_result(None)
            return
        self.upload_complete.set_exception(
            self._error or UploadAbortedError("The request body was not fully sent")
        )
        # Who only asks whether it is done is not to be told that nobody has looked.
        self.upload_complete.exception()

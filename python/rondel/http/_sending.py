"""Sends one hop of a request through the native client: the innermost of what middlewares are put
around.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from . import exceptions as ex
from ._direct import finish
from ._options import request_options
from ._traces import CONNECTED
from ._upload import Upload
from .retry import IDEMPOTENT_METHODS
from .timeouts import _SENTINEL

if TYPE_CHECKING:
    from ._arguments import Arguments
    from ._request import ClientRequest
    from ._traces import Traces
    from .payload import Payload
    from .response import ClientResponse
    from .session import ClientSession


def is_spent(payload: Payload | None) -> bool:
    """Whether a body was sent, at least in part, and can't be sent again."""
    return payload is not None and payload.consumed


class Sending:
    """Sends the requests of one call, of which at most one has a body on its way at a time."""

    def __init__(
        self, session: ClientSession, asked: Arguments, when: float | None, traces: Traces | None
    ) -> None:
        self._session = session
        self._asked = asked
        self._when = when
        self._traces = traces
        self._upload: Upload | None = None
        #: A connection that the server had closed meanwhile is no failure, once a call.
        self._may_repeat = True
        #: This attempt has got a connection.
        self._connected = False

    async def send(self, request: ClientRequest) -> ClientResponse:
        """The response to a request, whatever it says."""
        while True:
            await self.stop()
            try:
                return await self._attempt(request)
            except (ex.ClientConnectorError, ex.ServerTimeoutError):
                raise
            except (ex.ClientOSError, ex.ServerDisconnectedError):
                if not self._repeats(request):
                    raise

    async def stop(self) -> None:
        """Send no more of the body."""
        if self._upload is not None:
            await self._upload.stop()

    async def close_payload(self) -> None:
        """The body is not needed again."""
        upload, self._upload = self._upload, None
        if upload is not None:
            await upload.stop()
            upload.close_payload_at_end()

    async def abandon(self) -> None:
        """The request has failed."""
        await self.close_payload()

    def leave(self) -> None:
        """The request is answered; what is left of the body goes on."""
        if self._upload is not None:
            self._upload.close_payload_at_end()

    def has_time_for(self, pause: float) -> bool:
        """Whether a pause of so many seconds ends before the time is over."""
        return self._when is None or self._session._loop.time() + pause < self._when

    async def _attempt(self, request: ClientRequest) -> ClientResponse:
        session, asked, traces = self._session, self._asked, self._traces
        connector = session._open_connector()
        fields = finish(request, force_close=connector.force_close)
        body = request._whole_body()
        tracker = asked.upload_tracker
        streamed = isinstance(body, _SENTINEL) or (tracker is not None and body is not None)
        if traces is not None:
            whole = body if isinstance(body, bytes) and not streamed else None
            traces.begin_hop(request.method, request.url, request.headers, whole)
        options = request_options(
            session,
            asked,
            request,
            cookies=None,
            timeout=replace(asked.timeout, total=self._time_left()),
            follow=False,
            retry=None,
            raise_for_status=False,
            observer=None if traces is None and tracker is None else self._notice,
        )
        info = request.request_info
        if streamed:
            payload = request._body
            if payload is None or payload.consumed:
                raise ex.ClientPayloadError(
                    "The body of the request was sent before, and can not be sent again: "
                    "use bytes or a seekable file"
                )
            on_chunk = (
                None if traces is None else partial(traces.chunk_sent, request.method, request.url)
            )
            upload = self._upload = Upload(
                payload,
                length=request._content_length(),
                compress=request.compress,
                on_chunk=on_chunk,
                tracker=tracker,
            )
            exchange = connector._client.send(
                request.method, request._wire_url(), fields, upload.body, options, session, info
            )
            upload.begin(session._loop)
        else:
            if tracker is not None:
                tracker._begin(None)
            whole_body = None if isinstance(body, _SENTINEL) else body
            exchange = connector._client.send(
                request.method, request._wire_url(), fields, whole_body, options, session, info
            )
        self._connected = False
        try:
            response = await exchange
        except BaseException:
            if tracker is not None and not self._connected:
                tracker._not_connected()
            raise
        if self._upload is not None and self._upload.is_running:
            response._when_over(self._upload.cut)
        if traces is not None:
            await traces.settle()
        return response

    def _notice(self, event: str, host: str | None) -> None:
        """Something has happened to the connection. Called by native code."""
        if event in CONNECTED:
            self._connected = True
        if self._traces is not None:
            self._traces.notice(event, host)

    def _time_left(self) -> float | None:
        """Seconds until the time is over: at least a little, as 0 would mean no limit."""
        return None if self._when is None else max(self._when - self._session._loop.time(), 0.001)

    def _repeats(self, request: ClientRequest) -> bool:
        """Whether a failed attempt is made once more without being asked, as a whole body's is by
        the native client.
        """
        if not self._may_repeat or self._upload is None:
            return False
        self._may_repeat = False
        return request.method in IDEMPOTENT_METHODS and not is_spent(request._body)

"""The way of a request hop by hop, for what needs Python in between: traces, middlewares, bodies
that are streamed, and who the user is by .netrc or the session's own ``auth``.

What decides, redirects and retries, is native all the same: `_rondel.http_redirect` and
`http_retry`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from yarl import URL

from .._rondel import HttpResponse, http_redirect, http_retry
from . import _errors, hdrs, tracing
from . import exceptions as ex
from ._arguments import Arguments
from ._cookies_use import request_cookies
from ._direct import explicit_auth
from ._direct import send as send_directly
from ._fields import merge
from ._sending import Sending, is_spent
from ._traces import Traces
from .auth import BasicAuth, netrc_auth, strip_auth
from .middlewares import build_client_middlewares
from .proxies import environment_proxy
from .timeouts import deadline

if TYPE_CHECKING:
    from multidict import CIMultiDict

    from ._cookies_use import Cookies
    from ._request import ClientRequest
    from .response import ClientResponse
    from .session import ClientSession

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def run(session: ClientSession, asked: Arguments) -> ClientResponse:
    """The response, once all hops are done. The time limits begin here."""
    tracker = asked.upload_tracker
    if tracker is not None:
        tracker._bind()
    timeout = asked.timeout
    when = deadline(session._loop.time(), timeout.total, timeout.ceil_threshold)
    scope = asyncio.timeout_at(when)
    try:
        hops = Hops(session, asked, when)
        try:
            try:
                async with scope:
                    return await hops.run()
            except TimeoutError as error:
                if not scope.expired():
                    raise
                url, seconds = str(asked.url), timeout.total
                raise _errors.make("TimeoutTotal", url=url, seconds=seconds) from error
        except BaseException as error:
            await hops.end(error)
            raise
    finally:
        if tracker is not None:
            tracker._request_over()


async def send_checked(session: ClientSession, asked: Arguments) -> ClientResponse:
    """The response, sent straight if that can be, once the coroutine function ``raise_for_status``
    has looked at it.
    """
    exchange = send_directly(session, asked)
    if exchange is None:
        return await run(session, asked)
    response = await exchange
    check = asked.raise_for_status
    try:
        if callable(check):
            await check(response)
    except BaseException:
        response.close()
        raise
    return response


class Hops:
    """One request on its way. ``when``: the end of its time, on the loop's clock."""

    def __init__(self, session: ClientSession, asked: Arguments, when: float | None) -> None:
        self._session = session
        self._asked = asked
        self.method = asked.method
        self.url = asked.url
        self._params = asked.params
        self._data = asked.data
        self._headers: CIMultiDict[str] = merge(session.headers, asked.headers)
        self._auth: BasicAuth | None = None
        self._cookies: Cookies | None = None
        self._history: list[ClientResponse] = []
        traced = bool(session.trace_configs)
        self._traces = Traces(session, asked.trace_request_ctx) if traced else None
        self._sending = Sending(session, asked, when, self._traces)
        #: The last one that has come.
        self._response: ClientResponse | None = None
        #: The traces were told that there is a request.
        self._begun = False

    async def run(self) -> ClientResponse:
        """The response of the last hop."""
        if self._traces is not None:
            await self._tell("on_request_start", tracing.TraceRequestStartParams)
            self._begun = True
        self._prepare()
        while True:
            response = self._response = await self._hop()
            if not await self._redirected(response):
                break
        response._history = tuple(self._history)
        await self._check(response)
        if self._traces is not None:
            await self._tell("on_request_end", tracing.TraceRequestEndParams, response)
            _trace_reading(response, self._traces)
        self._sending.leave()
        return response

    async def end(self, error: BaseException) -> None:
        """It has failed, or was given up."""
        if self._response is not None:
            self._response.close()
        await self._sending.abandon()
        if self._traces is not None and self._begun:
            await self._failed(self._traces, error)

    def _prepare(self) -> None:
        """Look at the arguments: what is wrong with them is told to the traces, too."""
        asked = self._asked
        if not asked.url.raw_host:
            raise ex.InvalidUrlClientError(asked.url)
        self._auth = explicit_auth(asked, self._headers.get(hdrs.AUTHORIZATION))
        own = self._headers.popall(hdrs.COOKIE, None)
        explicit = "; ".join(own) if own else None
        self._cookies = request_cookies(self._session, asked.cookies, explicit, asked.url)

    async def _hop(self) -> ClientResponse:
        """Send the request as it is now, as often as the retry policy has it."""
        session, asked = self._session, self._asked
        loop = session._loop
        attempt, started = 1, loop.time()
        while True:
            request = await self._request()
            handler = self._sending.send
            through = (
                build_client_middlewares(handler, asked.middlewares)
                if asked.middlewares
                else handler
            )
            try:
                response = await through(request)
            except Exception as error:
                pause = self._pause(request, attempt, loop.time() - started, error=error)
                if pause is None:
                    if isinstance(error, OSError) and not isinstance(
                        error, (ex.ClientError, TimeoutError)
                    ):
                        raise ex.ClientOSError(*error.args) from error
                    raise
            else:
                # Closed by `end`, whatever is raised by the jar.
                self._response = response
                if self._cookies is not None and response._set_cookie:
                    self._cookies.store(str(response.url), response._set_cookie)
                pause = self._pause(request, attempt, loop.time() - started, response=response)
                if pause is None:
                    self._data = request._body
                    return response
                response.release()
            self._data = request._body
            await self._sending.stop()
            await asyncio.sleep(pause)
            attempt += 1

    async def _request(self) -> ClientRequest:
        """The request of this hop, complete but for what middlewares do to it."""
        session, asked = self._session, self._asked
        auth = await self._user()
        headers = self._headers
        cookie = self._cookies.header_for(str(self.url)) if self._cookies is not None else None
        if cookie is not None:
            headers = headers.copy()
            headers[hdrs.COOKIE] = cookie
        proxy, proxy_auth = asked.proxy, asked.proxy_auth
        if proxy is None and session.trust_env:
            proxy, proxy_auth = await asyncio.to_thread(environment_proxy, self.url) or (None, None)
        return session._request_class(
            self.method,
            self.url,
            params=self._params,
            headers=headers,
            skip_auto_headers=asked.skip_auto_headers,
            data=self._data,
            auth=auth,
            version=session.version,
            compress=asked.compress,
            chunked=asked.chunked,
            expect100=asked.expect100,
            loop=session._loop,
            response_class=session._response_class,
            proxy=proxy,
            proxy_auth=proxy_auth,
            session=session,
            ssl=asked.trust,
            proxy_headers=asked.proxy_headers,
            traces=self._traces,
            trust_env=session.trust_env,
            server_hostname=asked.server_hostname,
        )

    async def _user(self) -> BasicAuth | None:
        """Who the user is: by the argument, the URL, the session, .netrc, in this order."""
        session, url = self._session, self.url
        in_url = BasicAuth.from_url(url)
        if in_url is not None:
            # What comes of the URL from here on is not for the eyes of others.
            url = self.url = strip_auth(url)[0]
            if self._auth is None or self._history:
                self._auth = in_url
        if self._auth is None and session.auth is not None and session._is_own_origin(url):
            self._auth = session.auth
        if self._auth is None and session.trust_env and url.host is not None:
            self._auth = await asyncio.to_thread(netrc_auth, url.host)
        if self._auth is not None and hdrs.AUTHORIZATION in self._headers:
            raise ValueError(
                "Cannot combine AUTHORIZATION header with AUTH argument or "
                "credentials encoded in URL"
            )
        return self._auth

    async def _redirected(self, response: ClientResponse) -> bool:
        """Whether there is another hop, to which all is set then."""
        asked = self._asked
        if not asked.allow_redirects or response.status not in _REDIRECTS:
            return False
        if self._traces is not None:
            await self._tell("on_request_redirect", tracing.TraceRequestRedirectParams, response)
        location = response._header("location") or response._header("uri")
        if location is None:
            return False
        self._history.append(response)
        if asked.max_redirects and len(self._history) >= asked.max_redirects:
            response.close()
            raise ex.TooManyRedirects(self._history[0].request_info, tuple(self._history))
        await self._sending.stop()
        method, text, userinfo, keep_body, same_origin = http_redirect(
            self.method,
            response.status,
            location.encode("utf-8", "surrogateescape"),
            str(self.url),
        )
        if not keep_body:
            await self._sending.close_payload()
            self._data = None
            self._forget(hdrs.CONTENT_LENGTH, hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING)
        elif is_spent(self._data):
            response.close()
            raise ex.ClientPayloadError(
                "Cannot follow redirect with a consumed request body. Use bytes, "
                "a seekable file-like object, or set allow_redirects=False."
            )
        if not same_origin:
            self._auth = None
            self._forget(hdrs.AUTHORIZATION, hdrs.COOKIE, hdrs.PROXY_AUTHORIZATION)
        response.release()
        url = URL(text, encoded=True)
        if userinfo is not None:
            user, password = userinfo
            url = url.with_user(user).with_password(password)
        self.method, self.url, self._params = method, url, None
        return True

    def _forget(self, *names: str) -> None:
        for name in names:
            self._headers.popall(name, None)

    def _pause(
        self,
        request: ClientRequest,
        attempt: int,
        elapsed: float,
        *,
        response: ClientResponse | None = None,
        error: Exception | None = None,
    ) -> float | None:
        """Seconds to wait before the next attempt; None if this one stands."""
        retry = self._asked.retry
        if retry is None or (error is not None and not _may_fare_better(error)):
            return None
        if is_spent(request._body):
            return None
        status = None if response is None else response.status
        after = None if response is None else response._header("retry-after")
        pause = http_retry(retry, request.method, attempt, status, after, elapsed)
        if pause is None or not self._sending.has_time_for(pause):
            return None
        return pause

    async def _check(self, response: ClientResponse) -> None:
        check = self._asked.raise_for_status
        if callable(check):
            await check(response)
        elif check:
            response.raise_for_status()

    async def _failed(self, traces: Traces, error: BaseException) -> None:
        """Tell the traces, which may still be busy with what came before."""
        try:
            await self._tell("on_request_exception", tracing.TraceRequestExceptionParams, error)
        finally:
            traces.abandon()

    async def _tell(self, signal: str, params: Any, *more: object) -> None:
        if self._traces is not None:
            url = self.url.extend_query(self._params) if self._params else self.url
            await self._traces.send(signal, params(self.method, url, self._headers, *more))


def _may_fare_better(error: Exception) -> bool:
    """Whether the next attempt may: what the user did wrong stays wrong, as a certificate does."""
    if isinstance(error, (ex.ClientSSLError, ex.ServerFingerprintMismatch)):
        return False
    return isinstance(error, (ex.ClientOSError, ex.ServerDisconnectedError, ex.ServerTimeoutError))


def _trace_reading(response: ClientResponse, traces: Traces) -> None:
    """Have the traces told when the body is read."""
    response.__dict__["read"] = partial(_read, response, traces)


async def _read(response: ClientResponse, traces: Traces) -> bytes:
    is_read = response._body is not None
    body = await HttpResponse.read(response)
    if not is_read:
        params = tracing.TraceResponseChunkReceivedParams(response.method, response.url, body)
        await traces.send("on_response_chunk_received", params)
    return body

"""The straight way of a request: one call of the native client, which follows redirects and tries
again itself.

What needs Python in between goes hop by hop instead: `_hops`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import hdrs
from ._arguments import Arguments
from ._cookies_use import request_cookies
from ._fields import encode, merge
from ._options import request_options
from .timeouts import _SENTINEL

if TYPE_CHECKING:
    from .._rondel import Exchange
    from ._request import ClientRequest
    from .auth import BasicAuth
    from .session import ClientSession


def goes_directly(session: ClientSession, asked: Arguments) -> bool:
    """Whether nothing has to be done in Python between the call and the response.

    That a body has to be streamed shows later: `send` returns None then.
    """
    return not (
        session.trace_configs
        or asked.middlewares
        or asked.upload_tracker is not None
        or asked.compress
        or session.trust_env
        or session.auth is not None
    )


def send(session: ClientSession, asked: Arguments) -> Exchange | None:
    """The request, on its way once it is awaited; None if its body has to be streamed."""
    headers = merge(session.headers, asked.headers)
    auth = explicit_auth(asked, headers.get(hdrs.AUTHORIZATION))
    cookies = session._cookies
    if asked.cookies is not None or hdrs.COOKIE in headers:
        own = headers.popall(hdrs.COOKIE, None)
        explicit = "; ".join(own) if own else None
        cookies = request_cookies(session, asked.cookies, explicit, asked.url)
    request = session._request_class(
        asked.method,
        asked.url,
        params=asked.params,
        headers=headers,
        skip_auto_headers=asked.skip_auto_headers,
        data=asked.data,
        auth=auth,
        version=session.version,
        chunked=asked.chunked,
        expect100=asked.expect100,
        loop=session._loop,
        response_class=session._response_class,
        proxy=asked.proxy,
        proxy_auth=asked.proxy_auth,
        session=session,
        ssl=asked.trust,
        proxy_headers=asked.proxy_headers,
        server_hostname=asked.server_hostname,
    )
    body = request._whole_body()
    if isinstance(body, _SENTINEL):
        # The hops make a payload anew, of the same data: nothing was read of it yet.
        asked.data = request._body
        return None
    connector = session._open_connector()
    if asked.usual and cookies is session._cookies and not request.expect100:
        options = session._usual_options
    else:
        options = request_options(
            session,
            asked,
            request,
            cookies=cookies,
            timeout=asked.timeout,
            follow=asked.allow_redirects,
            retry=asked.retry,
            raise_for_status=asked.raise_for_status is True,
            observer=None,
        )
    fields = finish(request, force_close=connector.force_close)
    return connector._client.send(
        request.method, request._wire_url(), fields, body, options, session, None
    )


def finish(request: ClientRequest, *, force_close: bool) -> list[tuple[bytes, bytes]]:
    """The head of a request that nobody changes any more, as it is sent."""
    request._complete_headers(force_close)
    return encode(request.headers, without_host=request._own_host)


def explicit_auth(asked: Arguments, header: str | None) -> BasicAuth | None:
    """The argument ``auth``. Raises ValueError if the URL or a header says who the user is, too."""
    in_url = asked.url.raw_user is not None or asked.url.raw_password is not None
    if asked.auth is not None and in_url:
        raise ValueError("Cannot combine AUTH argument with credentials encoded in URL")
    if header is not None and (asked.auth is not None or in_url):
        raise ValueError(
            "Cannot combine AUTHORIZATION header with AUTH argument or credentials encoded in URL"
        )
    return asked.auth

"""What the native client is told of a request, by a session's settings and the arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .._rondel import HttpOptions
from ._fields import encode
from ._numbers import MOST
from .fingerprint import native_trust
from .retry import Retry
from .timeouts import ClientTimeout
from .versions import HttpVersion10

if TYPE_CHECKING:
    from ._arguments import Arguments
    from ._cookies_use import Cookies
    from ._request import ClientRequest
    from .session import ClientSession


def session_options(
    session: ClientSession, cookies: Cookies | None, *, follow: bool
) -> HttpOptions:
    """For requests that ask for nothing special."""
    timeout = session.timeout
    return HttpOptions(
        total=_limit(timeout.total),
        connect=_limit(timeout.connect),
        sock_connect=_limit(timeout.sock_connect),
        sock_read=_limit(timeout.sock_read),
        ceil_threshold=max(timeout.ceil_threshold, 0.0),
        follow=follow,
        max_redirects=10,
        retry=session.retry,
        decompress=session.auto_decompress,
        raise_for_status=session.raise_for_status is True,
        proxy=None,
        proxy_headers=[],
        tls=True,
        server_hostname=None,
        expect_continue=False,
        cookies=cookies,
        read_until_eof=True,
        read_bufsize=session._read_bufsize,
        max_line_size=session._max_line_size,
        max_field_size=session._max_field_size,
        max_headers=session._max_headers,
        http10=session.version == HttpVersion10,
        upgrade=False,
        response_class=session._response_class,
        observer=None,
    )


def request_options(
    session: ClientSession,
    asked: Arguments,
    request: ClientRequest,
    *,
    cookies: Cookies | None,
    timeout: ClientTimeout,
    follow: bool,
    retry: Retry | None,
    raise_for_status: bool,
    observer: Callable[[str, str | None], None] | None,
) -> HttpOptions:
    """For one request, or one hop of it."""
    proxy_headers = request.proxy_headers
    return HttpOptions(
        total=_limit(timeout.total),
        connect=_limit(timeout.connect),
        sock_connect=_limit(timeout.sock_connect),
        sock_read=_limit(timeout.sock_read),
        ceil_threshold=max(timeout.ceil_threshold, 0.0),
        follow=follow,
        max_redirects=min(asked.max_redirects, MOST),
        retry=retry,
        decompress=asked.auto_decompress,
        raise_for_status=raise_for_status,
        # An empty one means none, not even that of the environment.
        proxy=str(request.proxy) if request.proxy else None,
        proxy_headers=encode(proxy_headers, without_host=None) if proxy_headers else [],
        tls=native_trust(request.ssl),
        server_hostname=request.server_hostname,
        expect_continue=request.expect100,
        cookies=cookies,
        read_until_eof=asked.read_until_eof,
        read_bufsize=asked.read_bufsize,
        max_line_size=asked.max_line_size,
        max_field_size=asked.max_field_size,
        max_headers=asked.max_headers,
        http10=request.version == HttpVersion10,
        upgrade=asked.upgrade,
        response_class=request.response_class or session._response_class,
        observer=observer,
    )


def _limit(seconds: float | None) -> float | None:
    """As the native client takes it: no limit is None alone, not 0 or less."""
    return None if seconds is None or seconds <= 0 else float(seconds)

"""The arguments of a request: their names, their defaults, and what is wrong with them."""

from __future__ import annotations

import ssl as ssl_module
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypedDict

from yarl import URL

from ._numbers import size
from .exceptions import InvalidURL, InvalidUrlClientError, NonHttpUrlClientError
from .fingerprint import Fingerprint, Trust, merge_ssl
from .retry import Retry, check_retry
from .timeouts import _SENTINEL, ClientTimeout, of_request, sentinel
from .typedefs import LooseCookies, LooseHeaders, Query, StatusCheck, StrOrURL

if TYPE_CHECKING:
    from .auth import BasicAuth
    from .middlewares import ClientMiddlewareType
    from .session import ClientSession
    from .uploads import UploadTracker


class RequestOptions(TypedDict, total=False):
    """What a request may be given besides its URL."""

    params: Query
    data: Any
    json: Any
    cookies: LooseCookies | None
    headers: LooseHeaders | None
    skip_auto_headers: Iterable[str] | None
    auth: BasicAuth | None
    allow_redirects: bool
    max_redirects: int
    compress: str | bool | None
    chunked: bool | None
    expect100: bool
    raise_for_status: StatusCheck | None
    read_until_eof: bool
    proxy: StrOrURL | None
    proxy_auth: BasicAuth | None
    timeout: ClientTimeout | float | _SENTINEL | None
    verify_ssl: bool | None
    fingerprint: bytes | None
    ssl_context: ssl_module.SSLContext | None
    ssl: ssl_module.SSLContext | bool | Fingerprint
    server_hostname: str | None
    proxy_headers: LooseHeaders | None
    trace_request_ctx: object
    read_bufsize: int | None
    auto_decompress: bool | None
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    middlewares: Sequence[ClientMiddlewareType] | None
    upload_tracker: UploadTracker | None
    retry: Retry | _SENTINEL | None


#: What other clients call them.
_OTHERS: Final = {
    "body": "data",
    "cert": "ssl",
    "content": "data",
    "files": "data",
    "follow_redirects": "allow_redirects",
    "query": "params",
    "verify": "ssl",
}

#: Their names.
ARGUMENTS = frozenset(RequestOptions.__annotations__)


def check_names(names: Iterable[str]) -> None:
    """Raise TypeError, which says what may have been meant, for a name that is none."""
    for name in names:
        if name not in ARGUMENTS:
            close = [_OTHERS[name]] if name in _OTHERS else get_close_matches(name, ARGUMENTS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise TypeError(
                f"A request of ClientSession got an unexpected keyword argument {name!r}{hint}"
            )


def check_names_list(names: Iterable[str]) -> Iterable[str]:
    """The argument ``skip_auto_headers``. Raises TypeError for one name in place of several."""
    if isinstance(names, str):
        raise TypeError(
            f"skip_auto_headers is a list of names, such as [{names!r}], got the text {names!r}"
        )
    return names


def _capitals(method: Any) -> str:
    if not isinstance(method, str):
        raise TypeError(f"method is a str, got {method!r}")
    return method.upper()


def _limit(name: str, asked: int | None, default: int) -> int:
    return default if asked is None else size(name, asked)


def _check_max_redirects(count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"max_redirects is a number of redirects (0: any number), got {count!r}")
    if count < 0:
        raise ValueError(f"max_redirects can't be negative (0: any number), got {count!r}")


def status_check(check: Any) -> StatusCheck:
    """The argument ``raise_for_status``: yes, no, or the coroutine function that decides."""
    decides: StatusCheck = check if callable(check) else bool(check)
    return decides


class Arguments:
    """What one call asks for, with the session's defaults filled in."""

    __slots__ = (
        "allow_redirects",
        "auth",
        "auto_decompress",
        "chunked",
        "compress",
        "cookies",
        "data",
        "expect100",
        "headers",
        "max_field_size",
        "max_headers",
        "max_line_size",
        "max_redirects",
        "method",
        "middlewares",
        "params",
        "proxy",
        "proxy_auth",
        "proxy_headers",
        "raise_for_status",
        "read_bufsize",
        "read_until_eof",
        "retry",
        "server_hostname",
        "skip_auto_headers",
        "timeout",
        "trace_request_ctx",
        "trust",
        "upgrade",
        "upload_tracker",
        "url",
        "usual",
    )

    def __init__(
        self,
        session: ClientSession,
        method: str,
        url: StrOrURL,
        *,
        params: Query = None,
        data: Any = None,
        json: Any = None,
        cookies: LooseCookies | None = None,
        headers: LooseHeaders | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        allow_redirects: bool = True,
        max_redirects: int = 10,
        compress: str | bool | None = None,
        chunked: bool | None = None,
        expect100: bool = False,
        raise_for_status: StatusCheck | None = None,
        read_until_eof: bool = True,
        proxy: StrOrURL | None = None,
        proxy_auth: BasicAuth | None = None,
        timeout: ClientTimeout | float | _SENTINEL | None = sentinel,
        verify_ssl: bool | None = None,
        fingerprint: bytes | None = None,
        ssl_context: ssl_module.SSLContext | None = None,
        ssl: Trust | None = True,
        server_hostname: str | None = None,
        proxy_headers: LooseHeaders | None = None,
        trace_request_ctx: object = None,
        read_bufsize: int | None = None,
        auto_decompress: bool | None = None,
        max_line_size: int | None = None,
        max_field_size: int | None = None,
        max_headers: int | None = None,
        middlewares: Sequence[ClientMiddlewareType] | None = None,
        upload_tracker: UploadTracker | None = None,
        retry: Retry | _SENTINEL | None = sentinel,
        upgrade: bool = False,
    ) -> None:
        if data is not None and json is not None:
            raise ValueError("data and json parameters can not be used at the same time")
        _check_max_redirects(max_redirects)
        self.method = _capitals(method)
        self.url = self._target(session, url)
        self.params = params or None
        self.data = session._json_payload(json) if json is not None else data
        self.cookies = cookies
        self.headers = headers
        self.skip_auto_headers: frozenset[str] = session.skip_auto_headers
        if skip_auto_headers is not None:
            self.skip_auto_headers |= frozenset(check_names_list(skip_auto_headers))
        self.auth = auth
        self.allow_redirects = bool(allow_redirects)
        self.max_redirects = max_redirects
        self.compress = compress
        self.chunked = chunked
        self.expect100 = expect100
        self.raise_for_status = (
            session.raise_for_status if raise_for_status is None else status_check(raise_for_status)
        )
        self.read_until_eof = read_until_eof
        self.proxy = self._proxy(session._default_proxy if proxy is None else proxy)
        self.proxy_auth = session._default_proxy_auth if proxy_auth is None else proxy_auth
        self.proxy_headers = proxy_headers if self.proxy is not None else None
        self.timeout = of_request(timeout, session.timeout)
        self.trust = merge_ssl(ssl, verify_ssl, ssl_context, fingerprint)
        self.server_hostname = server_hostname
        self.trace_request_ctx = trace_request_ctx
        self.read_bufsize = _limit("read_bufsize", read_bufsize, session._read_bufsize)
        self.auto_decompress = (
            session.auto_decompress if auto_decompress is None else auto_decompress
        )
        self.max_line_size = _limit("max_line_size", max_line_size, session._max_line_size)
        self.max_field_size = _limit("max_field_size", max_field_size, session._max_field_size)
        self.max_headers = _limit("max_headers", max_headers, session._max_headers)
        self.middlewares = session._middlewares if middlewares is None else middlewares
        self.upload_tracker = upload_tracker
        self.retry = session.retry if isinstance(retry, _SENTINEL) else check_retry(retry)
        self.upgrade = upgrade
        #: Whether the session's own options do: nothing that they hold was asked for otherwise.
        self.usual = (
            self.allow_redirects
            and max_redirects == 10
            and self.timeout is session.timeout
            and self.proxy is None
            and self.trust is True
            and self.retry is session.retry
            and self.auto_decompress == session.auto_decompress
            and self.raise_for_status is session.raise_for_status
            and server_hostname is None
            and read_until_eof
            and not (expect100 or upgrade)
            and read_bufsize is max_line_size is max_field_size is max_headers is None
        )

    @staticmethod
    def _target(session: ClientSession, url: StrOrURL) -> URL:
        try:
            target = session._build_url(url)
        except ValueError as error:
            raise InvalidUrlClientError(url) from error
        connector = session.connector
        if connector is None:
            raise RuntimeError("Session is closed")
        if target.scheme not in connector.allowed_protocol_schema_set:
            raise NonHttpUrlClientError(target)
        # Traces are told of a request to nobody before it fails.
        if not target.raw_host and not session.trace_configs:
            raise InvalidUrlClientError(target)
        return target

    @staticmethod
    def _proxy(proxy: StrOrURL | None) -> URL | None:
        if proxy is None:
            return None
        try:
            return URL(proxy)
        except ValueError as error:
            raise InvalidURL(proxy) from error

"""Sessions: what requests have in common, and where they are made."""

from __future__ import annotations

import asyncio
import json as json_module
import sys
import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Never, Self

from multidict import CIMultiDict, istr
from yarl import URL

from .._rondel import HttpSession
from . import payload
from ._arguments import Arguments, check_names, check_names_list, status_check
from ._context import RequestContextManager
from ._cookies_use import session_cookies
from ._direct import goes_directly
from ._direct import send as send_directly
from ._fields import PlainHead, to_headers
from ._hops import run as send_by_hops
from ._hops import send_checked
from ._numbers import size
from ._options import session_options
from ._request import ClientRequest
from ._session_arguments import check_class, loop_of, parse_base_url
from .connector import BaseConnector, TCPConnector
from .cookiejar import CookieJar
from .response import ClientResponse
from .retry import Retry, check_retry
from .timeouts import _SENTINEL, ClientTimeout, of_session, sentinel
from .typedefs import (
    JSONBytesEncoder,
    JSONEncoder,
    LooseCookies,
    LooseHeaders,
    StatusCheck,
    StrOrURL,
)
from .versions import HttpVersion, HttpVersion10, HttpVersion11, parse_version
from .websocket import ClientWebSocketResponse, ws_connect

if TYPE_CHECKING:
    from .abc import AbstractCookieJar
    from .auth import BasicAuth
    from .middlewares import ClientMiddlewareType
    from .tracing import TraceConfig

#: Bytes that a response keeps ready at most twice of, until the program reads them.
READ_BUFSIZE = 2**18


def _assume_utf8(_response: ClientResponse, _body: bytes) -> str:
    """What the text of a body is in that does not say so, unless a session knows better."""
    return "utf-8"


class ClientSession(HttpSession):
    """Makes requests: `get`, `post` and so on, with a pool of connections, a jar of cookies and
    default headers.

    Its arguments are those of `aiohttp.ClientSession`, and ``retry``, a `Retry`. What its requests
    take is in `_arguments.RequestOptions`. Made in a coroutine, as::

        async with ClientSession() as session:
            async with session.get("https://example.org/") as response:
                print(response.status, await response.text())
    """

    # What __del__ sees if __init__ fails.
    _connector: BaseConnector | None = None
    _source_traceback: traceback.StackSummary | None = None

    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        connector: BaseConnector | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        cookies: LooseCookies | None = None,
        headers: LooseHeaders | None = None,
        proxy: StrOrURL | None = None,
        proxy_auth: BasicAuth | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        json_serialize: JSONEncoder = json_module.dumps,
        json_serialize_bytes: JSONBytesEncoder | None = None,
        request_class: type[ClientRequest] = ClientRequest,
        response_class: type[ClientResponse] = ClientResponse,
        ws_response_class: type[ClientWebSocketResponse] = ClientWebSocketResponse,
        version: HttpVersion | str = HttpVersion11,
        cookie_jar: AbstractCookieJar | None = None,
        connector_owner: bool = True,
        raise_for_status: StatusCheck = False,
        read_timeout: float | _SENTINEL | None = sentinel,
        conn_timeout: float | None = None,
        timeout: object | ClientTimeout = sentinel,
        auto_decompress: bool = True,
        trust_env: bool = False,
        requote_redirect_url: bool = True,
        trace_configs: Sequence[TraceConfig] | None = None,
        read_bufsize: int = READ_BUFSIZE,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        fallback_charset_resolver: Callable[[ClientResponse, bytes], str] = _assume_utf8,
        middlewares: Sequence[ClientMiddlewareType] = (),
        ssl_shutdown_timeout: float | _SENTINEL | None = sentinel,
        retry: Retry | None = None,
    ) -> None:
        loop = loop_of(connector, loop)
        self._base_url = parse_base_url(base_url)
        self._timeout = of_session(timeout, read_timeout, conn_timeout)
        self._retry = check_retry(retry)
        check_class("request_class", request_class, ClientRequest)
        check_class("response_class", response_class, ClientResponse)
        self._request_class = request_class
        self._response_class = response_class
        self._ws_response_class = ws_response_class
        self._version = parse_version(version)
        self._default_headers = to_headers(headers)
        skipped = check_names_list(skip_auto_headers or ())
        self._skip_auto_headers = frozenset(istr(name) for name in skipped)
        self._default_auth = auth
        self._default_proxy = proxy
        self._default_proxy_auth = proxy_auth
        self._json_serialize = json_serialize
        self._json_serialize_bytes = json_serialize_bytes
        self._raise_for_status = status_check(raise_for_status)
        self._auto_decompress = bool(auto_decompress)
        self._trust_env = bool(trust_env)
        self._requote_redirect_url = requote_redirect_url
        self._read_bufsize = size("read_bufsize", read_bufsize)
        self._max_line_size = size("max_line_size", max_line_size)
        self._max_field_size = size("max_field_size", max_field_size)
        self._max_headers = size("max_headers", max_headers)
        self._resolve_charset = fallback_charset_resolver
        self._middlewares = tuple(middlewares)
        self._trace_configs = list(trace_configs or ())
        for config in self._trace_configs:
            config.freeze()
        if connector is None:
            connector = TCPConnector(loop=loop)
        elif connector._loop is not loop:
            raise RuntimeError("Session and connector has to use same event loop")
        self._loop = loop
        self._connector_owner = connector_owner
        self._cookie_jar = CookieJar(loop=loop) if cookie_jar is None else cookie_jar
        if cookies:
            self._cookie_jar.update_cookies(cookies)
        if loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))
        self._cookies = session_cookies(self._cookie_jar)
        self._usual_options = session_options(self, self._cookies, follow=True)
        if self._is_plain():
            head = PlainHead(
                self._default_headers,
                self._skip_auto_headers,
                http10=self._version == HttpVersion10,
                force_close=connector.force_close,
            )
            stopping = session_options(self, self._cookies, follow=False)
            self._set_plain(
                connector._client, self._usual_options, stopping, self._default_headers, head
            )
        # Last: until then there is nothing to close.
        self._connector = connector

    def __del__(self, _warnings: Any = warnings) -> None:
        if self.closed:
            return
        _warnings.warn(f"Unclosed client session {self!r}", ResourceWarning, source=self)
        context: dict[str, Any] = {"client_session": self, "message": "Unclosed client session"}
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)

    def __enter__(self) -> Never:
        raise TypeError("Use async with instead")

    def __exit__(self, *error: object) -> None:
        """Python asks for it beside `__enter__`, and never calls it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it, and its connector, if it is the owner. Requests that are under way fail."""
        connector = self._connector
        self.detach()
        if connector is not None and self._connector_owner:
            await connector.close()

    def detach(self) -> None:
        """End it, but leave the connector as it is."""
        self._unset_plain()
        self._connector = None

    def ws_connect(
        self, url: StrOrURL, **arguments: Any
    ) -> RequestContextManager[ClientWebSocketResponse]:
        """Open a WebSocket: the arguments are those of `aiohttp.ClientSession.ws_connect`."""
        return RequestContextManager(ws_connect(self, url, **arguments))

    def _begin(self, method: str, url: StrOrURL, **arguments: Any) -> Awaitable[ClientResponse]:
        """Make a request that is not quite plain. Called by the native methods.

        Raises TypeError for an argument that there is none; what is wrong with the others shows
        when it is awaited.
        """
        if type(self)._request is not _REQUEST:
            return RequestContextManager(self._request(method, url, **arguments))
        return self._make(method, url, **arguments)

    def _make(self, method: str, url: StrOrURL, **arguments: Any) -> Awaitable[ClientResponse]:
        """As `_begin`, whatever a subclass makes of requests."""
        check_names(arguments)
        try:
            asked = Arguments(self, method, url, **arguments)
            if goes_directly(self, asked):
                if callable(asked.raise_for_status):
                    return RequestContextManager(send_checked(self, asked))
                exchange = send_directly(self, asked)
                if exchange is not None:
                    return exchange
        except Exception as error:
            if (tracker := arguments.get("upload_tracker")) is not None:
                tracker._request_over()
            return RequestContextManager(_failed(error))
        return RequestContextManager(send_by_hops(self, asked))

    async def _request(self, method: str, str_or_url: StrOrURL, **arguments: Any) -> ClientResponse:
        """As `request`, for subclasses: one that overrides it has all requests go through it."""
        return await self._make(method, str_or_url, **arguments)

    async def _upgrade_request(
        self, method: str, url: StrOrURL, **arguments: Any
    ) -> ClientResponse:
        """Make a request whose connection is the program's after an answer of 101."""
        asked = Arguments(self, method, url, upgrade=True, read_until_eof=False, **arguments)
        exchange = send_directly(self, asked) if goes_directly(self, asked) else None
        return await (send_by_hops(self, asked) if exchange is None else exchange)

    def _is_plain(self) -> bool:
        """Whether requests that are given nothing but a URL need nothing of Python."""
        return (
            self._base_url is None
            and not self._trace_configs
            and not self._middlewares
            and not self._trust_env
            and self._default_auth is None
            and self._default_proxy is None
            and not callable(self._raise_for_status)
            and self._request_class is ClientRequest
            and type(self)._begin is ClientSession._begin
            and type(self)._request is _REQUEST
        )

    def _build_url(self, url: StrOrURL) -> URL:
        """The whole URL. Raises ValueError for what is none."""
        parsed = URL(url)
        return parsed if self._base_url is None or parsed.absolute else self._base_url.join(parsed)

    def _is_own_origin(self, url: URL) -> bool:
        """Whether the session's ``auth`` is for ``url``."""
        return self._base_url is None or self._base_url.origin() == url.origin()

    def _open_connector(self) -> BaseConnector:
        if self._connector is None or self._connector.closed:
            raise RuntimeError("Session is closed")
        return self._connector

    def _json_payload(self, value: Any) -> payload.Payload:
        if self._json_serialize_bytes is not None:
            return payload.JsonBytesPayload(value, dumps=self._json_serialize_bytes)
        return payload.JsonPayload(value, dumps=self._json_serialize)

    @property
    def closed(self) -> bool:
        """Whether it makes no requests any more."""
        return self._connector is None or self._connector.closed

    @property
    def connector(self) -> BaseConnector | None:
        """Where its connections come from; None once it is closed."""
        return self._connector

    @property
    def cookie_jar(self) -> AbstractCookieJar:
        """Its cookies."""
        return self._cookie_jar

    @property
    def version(self) -> HttpVersion:
        """The version of HTTP that requests ask for, where HTTP/2 is not agreed upon."""
        return self._version

    @property
    def requote_redirect_url(self) -> bool:
        """Whether URLs of redirects are quoted anew."""
        return self._requote_redirect_url

    @requote_redirect_url.setter
    def requote_redirect_url(self, value: bool) -> None:
        self._requote_redirect_url = value

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it lives in."""
        return self._loop

    @property
    def timeout(self) -> ClientTimeout:
        """The time limits of requests that are given none."""
        return self._timeout

    @property
    def headers(self) -> CIMultiDict[str]:
        """What each request says. May be changed."""
        return self._default_headers

    @property
    def skip_auto_headers(self) -> frozenset[istr]:
        """What no request says by itself."""
        return self._skip_auto_headers

    @property
    def auth(self) -> BasicAuth | None:
        """Who the user is."""
        return self._default_auth

    @property
    def json_serialize(self) -> JSONEncoder:
        """What makes text of the argument ``json``."""
        return self._json_serialize

    @property
    def connector_owner(self) -> bool:
        """Whether the connector is closed with it."""
        return self._connector_owner

    @property
    def raise_for_status(self) -> StatusCheck:
        """Whether a status of 400 or more is an error, or what looks at each response."""
        return self._raise_for_status

    @property
    def auto_decompress(self) -> bool:
        """Whether compressed bodies are decoded."""
        return self._auto_decompress

    @property
    def trust_env(self) -> bool:
        """Whether the environment's proxies and .netrc are used."""
        return self._trust_env

    @property
    def trace_configs(self) -> list[TraceConfig]:
        """What is told of each request."""
        return self._trace_configs

    @property
    def retry(self) -> Retry | None:
        """When requests are tried again."""
        return self._retry


#: Not overridden, neither by a subclass nor by one who replaces it in the class.
_REQUEST: Final = ClientSession._request


async def _failed(error: Exception) -> ClientResponse:
    raise error

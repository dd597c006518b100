"""One request, as it is about to be sent: what middlewares see and may change."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from . import hdrs, payload
from ._fields import (
    AUTO_HEADERS,
    BODILESS_METHODS,
    TYPED_METHODS,
    USER_AGENT,
    add_connection,
    to_headers,
)
from ._foreign import hint
from ._tokens import check_method
from ._writer import check_compress
from .auth import BasicAuth, strip_auth
from .connection import ConnectionKey
from .exceptions import InvalidURL
from .fingerprint import Trust
from .formdata import FormData
from .info import RequestInfo
from .timeouts import _SENTINEL, sentinel
from .typedefs import LooseCookies, LooseHeaders, Query
from .versions import HttpVersion, HttpVersion10, HttpVersion11, parse_version

if TYPE_CHECKING:
    from .response import ClientResponse
    from .session import ClientSession

_DIGITS: Final = re.compile(r"[0-9]+")


class ClientRequest:
    """Method, URL, headers and body, complete. A session makes one for each hop."""

    GET_METHODS: ClassVar = set(BODILESS_METHODS)
    POST_METHODS: ClassVar = set(TYPED_METHODS)
    ALL_METHODS: ClassVar = GET_METHODS | POST_METHODS | {"DELETE"}
    DEFAULT_HEADERS: ClassVar = {
        name: AUTO_HEADERS[name] for name in (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING)
    }

    _body: payload.Payload | None = None

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        params: Query = None,
        headers: LooseHeaders | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        data: Any = None,
        cookies: LooseCookies | None = None,
        auth: BasicAuth | None = None,
        version: HttpVersion | str = HttpVersion11,
        compress: str | bool | None = None,
        chunked: bool | None = None,
        expect100: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        response_class: type[ClientResponse] | None = None,
        proxy: URL | None = None,
        proxy_auth: BasicAuth | None = None,
        timer: object = None,
        session: ClientSession | None = None,
        ssl: Trust | None = True,
        proxy_headers: LooseHeaders | None = None,
        traces: object = None,
        trust_env: bool = False,
        server_hostname: str | None = None,
    ) -> None:
        self.method = check_method(method)
        url, self.auth = strip_auth(url)
        if params:
            url = url.extend_query(params)
        self.original_url = url
        self.url = url.with_fragment(None) if url.raw_fragment else url
        self.chunked = chunked
        self.compress: str | None = check_compress(compress)
        self.loop = loop if loop is not None else asyncio.get_running_loop()
        self.response_class = response_class
        self.server_hostname = server_hostname
        self._session = session
        self._ssl: Trust = True if ssl is None else ssl
        #: In lower case.
        self._skip_auto_headers = frozenset(name.lower() for name in skip_auto_headers or ())
        self.update_version(version)
        self.update_host(url)
        self.update_headers(headers)
        self.update_auto_headers(self._skip_auto_headers)
        self.update_cookies(cookies)
        self.update_content_encoding(data)
        self.update_auth(auth, trust_env)
        self.update_proxy(proxy, proxy_auth, proxy_headers)
        self.update_body_from_data(data)
        if data is not None or self.method not in self.GET_METHODS:
            self.update_transfer_encoding()
        self.update_expect_continue(expect100)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url}>"

    @property
    def host(self) -> str:
        """Whom it is for."""
        return str(self.url.raw_host)

    @property
    def port(self) -> int | None:
        """Which port."""
        return self.url.port

    @property
    def ssl(self) -> Trust:
        """The argument ``ssl``."""
        return self._ssl

    @property
    def session(self) -> ClientSession:
        """The session that sends it."""
        if self._session is None:
            raise RuntimeError("This request was made without a session")
        return self._session

    @property
    def skip_auto_headers(self) -> CIMultiDict[None]:
        """Headers that it does not say by itself."""
        return CIMultiDict((name, None) for name in sorted(self._skip_auto_headers))

    @property
    def request_info(self) -> RequestInfo:
        """What it asks for."""
        return RequestInfo(self.url, self.method, CIMultiDictProxy(self.headers), self.original_url)

    @property
    def connection_key(self) -> ConnectionKey:
        """What it has in common with requests that may use the same connection."""
        proxy_headers = hash(tuple(self.proxy_headers.items())) if self.proxy_headers else None
        return ConnectionKey(
            self.url.raw_host or "",
            self.url.port,
            self.is_ssl(),
            self._ssl,
            self.proxy,
            self.proxy_auth,
            proxy_headers,
            self.server_hostname,
        )

    def is_ssl(self) -> bool:
        """Whether it goes over TLS."""
        return self.url.scheme in {"https", "wss"}

    @property
    def body(self) -> payload.Payload | bytes:
        """What it sends; empty bytes if that is nothing."""
        return b"" if self._body is None else self._body

    @body.setter
    def body(self, value: Any) -> None:
        if self._body is not None:
            self._body._close()
        self._update_body(value)

    async def update_body(self, body: Any) -> None:
        """Send something else instead: what ``data`` may be, or None."""
        if self._body is not None:
            await self._body.close()
        self._update_body(body)

    def update_version(self, version: HttpVersion | str) -> None:
        """Take the version of HTTP."""
        self.version = HttpVersion11 if version is HttpVersion11 else parse_version(version)

    def update_host(self, url: URL) -> None:
        """Raise `InvalidURL` if the URL names no host."""
        if not url.raw_host:
            raise InvalidURL(url)

    def update_headers(self, headers: LooseHeaders | None) -> None:
        """Begin the head with Host, and the headers that were given."""
        self.headers: CIMultiDict[str] = CIMultiDict()
        self._own_host = self.headers[hdrs.HOST] = self.url.host_port_subcomponent or ""
        for name, value in to_headers(headers).items():
            if name.lower() == "host":
                self.headers[hdrs.HOST] = value
            else:
                self.headers.add(name, value)

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """Add what a request says by itself."""
        skip = {name.lower() for name in skip_auto_headers or ()}
        for name, value in self.DEFAULT_HEADERS.items():
            if name not in self.headers and name.lower() not in skip:
                self.headers[name] = value
        if hdrs.USER_AGENT not in self.headers and "user-agent" not in skip:
            self.headers[hdrs.USER_AGENT] = USER_AGENT

    def update_cookies(self, cookies: LooseCookies | None) -> None:
        """Nothing: the jar's and the argument's cookies come by `_cookies_use`."""

    def update_auth(self, auth: BasicAuth | None, trust_env: bool = False) -> None:
        """Say who the user is."""
        chosen: Any = self.auth if auth is None else auth
        if chosen is None:
            return
        if not isinstance(chosen, BasicAuth):
            raise TypeError(f"BasicAuth() tuple is required instead{hint(chosen)}")
        self.headers[hdrs.AUTHORIZATION] = chosen.encode()

    def update_proxy(
        self, proxy: URL | None, proxy_auth: BasicAuth | None, proxy_headers: LooseHeaders | None
    ) -> None:
        """Take the proxy, and what only it is told."""
        self.proxy: URL | None = None
        self.proxy_auth: BasicAuth | None = None
        self.proxy_headers: CIMultiDict[str] | None = None
        if proxy is None:
            return
        self.proxy, of_url = strip_auth(proxy)
        chosen: Any = of_url if proxy_auth is None else proxy_auth
        if chosen is not None and not isinstance(chosen, BasicAuth):
            raise ValueError("proxy_auth must be None or BasicAuth() tuple")
        self.proxy_auth = chosen
        self.proxy_headers = to_headers(proxy_headers)
        if self.proxy_auth is not None:
            self.proxy_headers[hdrs.PROXY_AUTHORIZATION] = self.proxy_auth.encode()

    def update_content_encoding(self, data: Any) -> None:
        """Name the coding that the body is compressed by, if it is."""
        if not data:
            self.compress = None
        elif self.headers.get(hdrs.CONTENT_ENCODING):
            if self.compress:
                raise ValueError("compress can not be set if Content-Encoding header is set")
        elif self.compress:
            self.headers[hdrs.CONTENT_ENCODING] = self.compress
            self.chunked = True

    def update_body_from_data(self, body: Any) -> None:
        """Make a payload of what is to be sent, and say what it is."""
        if body is None:
            self._body = None
            no_length = self.chunked or hdrs.CONTENT_LENGTH in self.headers
            if self.method not in self.GET_METHODS and not no_length:
                self.headers[hdrs.CONTENT_LENGTH] = "0"
            return
        body = body() if isinstance(body, FormData) else body
        try:
            made = payload.PAYLOAD_REGISTRY.get(body, disposition=None)
        except payload.LookupError:
            made = FormData(body)()
        self._body = made
        if not self.chunked and hdrs.CONTENT_LENGTH not in self.headers:
            size = made.size
            if size is None:
                self.chunked = True
            else:
                self.headers[hdrs.CONTENT_LENGTH] = str(size)
        for name, value in made.headers.items():
            if name not in self.headers and name.lower() not in self._skip_auto_headers:
                self.headers[name] = value

    def update_transfer_encoding(self) -> None:
        """Say that the body goes in chunks, if it does. Raises ValueError if the headers say
        otherwise.
        """
        if "chunked" in self.headers.get(hdrs.TRANSFER_ENCODING, "").lower():
            if self.chunked:
                raise ValueError(
                    'chunked can not be set if "Transfer-Encoding: chunked" header is set'
                )
        elif self.chunked:
            if hdrs.CONTENT_LENGTH in self.headers:
                raise ValueError("chunked can not be set if Content-Length header is set")
            self.headers[hdrs.TRANSFER_ENCODING] = "chunked"

    def update_expect_continue(self, expect: bool = False) -> None:
        """Have the server say whether it wants the body at all."""
        if expect:
            self.headers[hdrs.EXPECT] = "100-continue"
        self.expect100 = self.headers.get(hdrs.EXPECT, "").lower() == "100-continue"

    def _update_body(self, body: Any) -> None:
        self.headers.popall(hdrs.CONTENT_LENGTH, None)
        if self.chunked:
            self.headers.popall(hdrs.TRANSFER_ENCODING, None)
        self.update_body_from_data(body)
        if body is not None or self.method not in self.GET_METHODS:
            self.update_transfer_encoding()

    def _complete_headers(self, force_close: bool) -> None:
        """Add what is said last, once nobody changes the request any more."""
        headers = self.headers
        if (
            self.method in self.POST_METHODS
            and hdrs.CONTENT_TYPE not in headers
            and "content-type" not in self._skip_auto_headers
        ):
            headers[hdrs.CONTENT_TYPE] = "application/octet-stream"
        add_connection(headers, http10=self.version == HttpVersion10, force_close=force_close)

    def _whole_body(self) -> bytes | _SENTINEL | None:
        """The body if it is there as a whole, None if there is none, ``sentinel`` if it is to be
        streamed. Raises ValueError as `_content_length`.
        """
        body = self._body
        if body is None:
            return None
        if self.compress is None and isinstance(body, payload.BytesPayload):
            # As `write_with_length`: what is beyond an announced length is not sent.
            length = self._content_length()
            return bytes(body._value)[:length]
        return sentinel

    def _wire_url(self) -> str:
        """The URL as the native client takes it: with its fragment, which is not sent but
        remembered.
        """
        url = self.url
        if self.original_url.raw_fragment and self.original_url.with_fragment(None) == url:
            url = self.original_url
        if url.scheme in {"tcp", "unix"}:
            url = url.with_scheme("http")
        return str(url)

    def _content_length(self) -> int | None:
        """The bytes that the headers promise; None if the body goes in chunks. Raises ValueError
        for no number.
        """
        length = self.headers.get(hdrs.CONTENT_LENGTH)
        if length is None:
            return None
        if not _DIGITS.fullmatch(length):
            raise ValueError(f"Invalid Content-Length header: {length!r}")
        return int(length)

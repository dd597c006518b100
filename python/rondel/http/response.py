"""Responses: what programs ask for once a response, if at all. What they ask for each time is
native.
"""

from __future__ import annotations

import asyncio
import codecs
import json as json_module
import warnings
from collections.abc import Callable
from functools import cached_property
from http.cookies import SimpleCookie
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .._rondel import HttpResponse
from ._links import parse_links
from ._media import is_expected, parse_media_type
from .connection import Connection
from .exceptions import ClientResponseError, ContentTypeError
from .info import ContentDisposition, RequestInfo, info_of

if TYPE_CHECKING:
    from multidict import MultiDictProxy
    from yarl import URL

__all__ = ("ClientResponse",)


class ClientResponse(HttpResponse):
    """What a server has answered. `ClientSession`'s requests give it; programs make none.

    At once there are ``status``, ``reason``, ``ok``, ``method``, ``version``, ``headers``,
    ``raw_headers``, ``url`` (``real_url`` with its fragment), ``history`` and ``content``, the body
    as a stream. The body is read by `read`, `text` and `json`. After that, or after ``release()``,
    the connection serves others; ``close()`` closes it.
    """

    def __init__(self, *_args: object, **_keywords: object) -> None:
        raise TypeError("a ClientResponse can't be made by a program: requests give it")

    @property
    def request_info(self) -> RequestInfo:
        """What was asked for: after redirects, at last."""
        info: RequestInfo | None = self._request_info
        if info is None:
            info = self._request_info = info_of(self._request_head())
        return info

    @property
    def host(self) -> str:
        """The host of its URL."""
        return str(self.url.host)

    @property
    def url_obj(self) -> URL:
        """The older name of ``url``."""
        url: URL = self.url
        return url

    @property
    def connection(self) -> Connection | None:
        """The connection that the body comes from; None once that has been read."""
        if not self._connected:
            return None
        if self.__connection is None:
            self.__connection = Connection(self)
        return self.__connection

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies that it sets."""
        if self.__cookies is None:
            from .cookiejar import parse_set_cookie_headers

            self.__cookies = SimpleCookie()
            self.__cookies.update(parse_set_cookie_headers(self._set_cookie))
        return self.__cookies

    @cookies.setter
    def cookies(self, cookies: SimpleCookie) -> None:
        self.__cookies = cookies

    @cached_property
    def links(self) -> MultiDictProxy[MultiDictProxy[str | URL]]:
        """The links of its fields Link (RFC 8288), by ``rel``."""
        return parse_links(self.headers.getall("Link", []), self.url)

    @property
    def content_type(self) -> str:
        """``type/subtype`` of the body, ``application/octet-stream`` if that is not said."""
        return parse_media_type(self._content_type_header).essence

    @property
    def charset(self) -> str | None:
        """The encoding that the server names."""
        return parse_media_type(self._content_type_header).parameters.get("charset")

    @property
    def content_length(self) -> int | None:
        """Bytes of the body as sent (compressed, if it is), if the server says so."""
        length = self._header("content-length")
        return None if length is None else int(length)

    @property
    def content_disposition(self) -> ContentDisposition | None:
        """How to show the body, and what to call it."""
        field = self._header("content-disposition")
        if field is None:
            return None
        from .multipart import content_disposition_filename, parse_content_disposition

        kind, found = parse_content_disposition(field)
        parameters = MappingProxyType(found)
        return ContentDisposition(kind, parameters, content_disposition_filename(parameters))

    def get_encoding(self) -> str:
        """The encoding of the body's text: as the server names it, UTF-8 for JSON, or what the
        session's ``fallback_charset_resolver`` says.

        Raises RuntimeError if that is to be asked, and the body isn't read yet.
        """
        essence, parameters = parse_media_type(self._content_type_header)
        if named := parameters.get("charset"):
            try:
                return codecs.lookup(named).name
            except (LookupError, ValueError):
                pass  # the server names what no codec is called
        if essence.partition("+")[0] in {"application/json", "application/rdap"}:
            return "utf-8"
        if self._body is None:
            raise RuntimeError("Cannot compute fallback encoding of a not yet read body")
        session = self._session
        return "utf-8" if session is None else session._resolve_charset(self, self._body)

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """Read the body, and decode it.

        Raises UnicodeDecodeError, unless ``errors`` says otherwise.
        """
        body = self._body
        if body is None:
            body = await self.read()
        return body.decode(encoding or self.get_encoding(), errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: Callable[[str], Any] = json_module.loads,
        content_type: str | None = "application/json",
    ) -> Any:
        """Read the body, and decode it as JSON; None if it is empty.

        Raises `ContentTypeError` if the server calls it something else than ``content_type`` (None:
        whatever), and what ``loads`` raises.
        """
        body = self._body
        if body is None:
            body = await self.read()
        if content_type:
            field = (self._content_type_header or "").lower()
            if not is_expected(field, content_type):
                raise ContentTypeError(
                    self.request_info,
                    self.history,
                    status=self.status,
                    message=f"Attempt to decode JSON with unexpected mimetype: {field}",
                    headers=self.headers,
                )
        stripped = body.strip()
        if not stripped:
            return None
        return loads(stripped.decode(encoding or self.get_encoding()))

    def raise_for_status(self) -> None:
        """Raise `ClientResponseError` if the status is 400 or more."""
        if self.ok:
            return
        # In `async with`, its end releases the response.
        if not self._in_context:
            self.release()
        raise ClientResponseError(
            self.request_info,
            self.history,
            status=self.status,
            message=self.reason or "",
            headers=self.headers,
        )

    def _unclosed(self) -> None:
        """The end of a response that nobody has closed."""
        session = self._session
        # One whose connection serves others already holds nothing.
        if session is None or not session._loop.get_debug() or not self._connected:
            return
        # First: whoever is told may keep it.
        self.close()
        warnings.warn(f"Unclosed response {self!r}", ResourceWarning, stacklevel=2, source=self)
        context = {"client_response": self, "message": "Unclosed response"}
        session._loop.call_exception_handler(context)

    async def wait_for_close(self) -> None:
        """Release it."""
        await self.release()

    def __repr__(self) -> str:
        reason = str(self.reason or None).encode("ascii", "backslashreplace").decode("ascii")
        return f"<ClientResponse({self.url}) [{self.status} {reason}]>\n{self.headers}\n"

    #: Made when asked for.
    __connection: Connection | None = None
    __cookies: SimpleCookie | None = None

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        session = self._session
        return asyncio.get_running_loop() if session is None else session._loop

"""What is said about a request, and about a file that is sent."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from .timeouts import _SENTINEL, sentinel

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy
    from yarl import URL


class _RequestInfo(NamedTuple):
    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL


class RequestInfo(_RequestInfo):
    """What a request asked for. ``url`` is without the fragment, ``real_url`` as it was given."""

    __slots__ = ()

    def __new__(
        cls,
        url: URL,
        method: str,
        headers: CIMultiDictProxy[str],
        real_url: URL | _SENTINEL = sentinel,
    ) -> RequestInfo:
        """Take the URL for both, unless they differ."""
        return super().__new__(
            cls, url, method, headers, url if isinstance(real_url, _SENTINEL) else real_url
        )


class ContentDisposition(NamedTuple):
    """The field Content-Disposition (RFC 6266): ``inline`` or ``attachment``, its parameters, the
    file's name.
    """

    type: str | None
    parameters: MappingProxyType[str, str]
    filename: str | None


def info_of(head: tuple[str, str, list[tuple[bytes, bytes]]]) -> RequestInfo:
    """What a request that was sent asked for, of its method, its URL (with fragment) and its
    fields.
    """
    from multidict import CIMultiDict, CIMultiDictProxy
    from yarl import URL

    method, text, fields = head
    real_url = URL(text, encoded=True)
    headers = CIMultiDict(
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in fields
    )
    url = real_url.with_fragment(None) if real_url.raw_fragment else real_url
    return RequestInfo(url, method, CIMultiDictProxy(headers), real_url)

"""Versions of HTTP."""

from typing import Final, NamedTuple


class HttpVersion(NamedTuple):
    """A version of HTTP, which compares as a tuple: ``response.version >= HttpVersion11``."""

    major: int
    minor: int


HttpVersion10: Final = HttpVersion(1, 0)
HttpVersion11: Final = HttpVersion(1, 1)
#: What a response over HTTP/2 has as its version.
HttpVersion20: Final = HttpVersion(2, 0)


def parse_version(version: HttpVersion | tuple[int, int] | str) -> HttpVersion:
    """The version that ``"1.1"`` or ``(1, 1)`` names.

    Raises ValueError unless it is one that a request can ask for (1.0 or 1.1; HTTP/2 is agreed upon
    with the server, or set by ``TCPConnector(http2=...)``).
    """
    try:
        parts: tuple[object, ...] = tuple(
            version.split(".") if isinstance(version, str) else version
        )
        major, minor = (int(str(part)) for part in parts)
        parsed = HttpVersion(major, minor)
    except (TypeError, ValueError):
        raise ValueError(f"Can not parse http version number: {version!r}") from None
    if parsed not in {HttpVersion10, HttpVersion11}:
        raise ValueError(
            f"version must be HttpVersion10 or HttpVersion11, got {version!r}; "
            "HTTP/2 is used when the server offers it (TCPConnector(http2=...))"
        )
    return parsed

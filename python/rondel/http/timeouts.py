"""How long a request may take."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any, Final

from ._foreign import hint
from ._numbers import is_number, seconds


class _SENTINEL(enum.Enum):
    """Tells an argument that was left away from None."""

    sentinel = 1

    def __repr__(self) -> str:
        return "<default>"


sentinel: Final = _SENTINEL.sentinel


@dataclass(frozen=True, slots=True)
class ClientTimeout:
    """Time limits of a request, in seconds. None, and 0, mean no limit.

    - ``total``: the whole request, from its begin to the last byte of the body, with redirects and
      retries.
    - ``connect``: getting a connection: waiting for one of the pool, and making a new one.
    - ``sock_connect``: the making alone: the system's connecting, and the TLS handshake.
    - ``sock_read``: between two pieces of what the server sends.
    - ``ceil_threshold``: limits above it end at a full second of the loop's clock, so that many end
      together.

    To derive one from another: ``dataclasses.replace(timeout, total=10)``.
    """

    total: float | None = None
    connect: float | None = None
    sock_read: float | None = None
    sock_connect: float | None = None
    ceil_threshold: float = 5

    def __post_init__(self) -> None:
        for name in ("total", "connect", "sock_read", "sock_connect"):
            seconds(name, getattr(self, name), negative=True)
        if seconds("ceil_threshold", self.ceil_threshold, negative=True) is None:
            raise TypeError("ceil_threshold is a number of seconds, got None")


def of_session(timeout: object, read_timeout: Any, conn_timeout: float | None) -> ClientTimeout:
    """What the three arguments of a session ask for together.

    Raises ValueError if they contradict each other or aren't timeouts.
    """
    if read_timeout is not sentinel:
        seconds("read_timeout", read_timeout, negative=True)
    seconds("conn_timeout", conn_timeout, negative=True)
    if timeout is sentinel or timeout is None:
        total = DEFAULT_TIMEOUT.total if read_timeout is sentinel else read_timeout
        return ClientTimeout(
            total=total, connect=conn_timeout, sock_connect=DEFAULT_TIMEOUT.sock_connect
        )
    if not isinstance(timeout, ClientTimeout):
        raise ValueError(  # noqa: TRY004  aiohttp's type
            f"timeout parameter cannot be of {type(timeout)} type, "
            f"please use 'timeout=ClientTimeout(...)'{hint(timeout)}"
        )
    if read_timeout is not sentinel:
        raise ValueError("read_timeout and timeout parameters conflict, please setup timeout.total")
    if conn_timeout is not None:
        raise ValueError(
            "conn_timeout and timeout parameters conflict, please setup timeout.connect"
        )
    return timeout


def of_request(timeout: Any, default: ClientTimeout) -> ClientTimeout:
    """What a request's argument asks for: a `ClientTimeout`, seconds for all of it, None for no
    limit.
    """
    if timeout is sentinel:
        return default
    if isinstance(timeout, ClientTimeout):
        return timeout
    if timeout is not None and (isinstance(timeout, bool) or not is_number(timeout)):
        raise TypeError(
            f"timeout is a ClientTimeout, a number of seconds or None, "
            f"got {timeout!r}{hint(timeout)}"
        )
    return ClientTimeout(total=timeout)


def deadline(now: float, limit: float | None, ceil_threshold: float) -> float | None:
    """When ``limit`` seconds from ``now`` on are over, on the loop's clock; None if there is no
    limit.
    """
    if limit is None or limit <= 0 or limit == math.inf:
        return None
    when = now + limit
    return math.ceil(when) if limit >= ceil_threshold else when


#: What a session uses that was given none.
DEFAULT_TIMEOUT: Final = ClientTimeout(total=5 * 60, sock_connect=30)

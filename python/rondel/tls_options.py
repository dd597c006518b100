"""What TLS is asked for: contexts and timeouts."""

from __future__ import annotations

import ssl
from asyncio import constants
from typing import Any

#: What a class that reads and writes by the C object inside of it has.
_READ, _WRITE = ssl.SSLObject.read, ssl.SSLObject.write


def check_timeouts(handshake: float | None, shutdown: float | None) -> tuple[float, float]:
    """The two timeouts in seconds, 60 and 30 unless given.

    Raises ValueError unless they are positive.
    """
    if handshake is None:
        handshake = constants.SSL_HANDSHAKE_TIMEOUT
    elif handshake <= 0:
        raise ValueError(f"ssl_handshake_timeout should be a positive number, got {handshake}")
    if shutdown is None:
        shutdown = constants.SSL_SHUTDOWN_TIMEOUT
    elif shutdown <= 0:
        raise ValueError(f"ssl_shutdown_timeout should be a positive number, got {shutdown}")
    return handshake, shutdown


def check_context(sslcontext: Any) -> None:
    """Raise TypeError unless TLS objects can be made with it."""
    if not hasattr(sslcontext, "wrap_bio"):
        raise TypeError(f"ssl is expected to be an ssl.SSLContext, got {sslcontext!r}")


def default_context(server_side: bool, server_hostname: str | None) -> ssl.SSLContext:
    """What ``ssl=True`` means."""
    if server_side:
        raise ValueError("Server side SSL needs a valid SSLContext")
    context = ssl.create_default_context()
    if not server_hostname:
        context.check_hostname = False
    return context


def direct(sslobj: ssl.SSLObject) -> Any:
    """The C object inside of it, unless a class of the user's has its own way to read and write."""
    cls = type(sslobj)
    inner: Any = sslobj
    return inner._sslobj if (cls.read, cls.write) == (_READ, _WRITE) else None

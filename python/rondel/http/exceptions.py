"""What can go wrong: aiohttp's tree of exceptions, with its bases, its constructors and its words.

`_errors.make` makes them of the errors of the native client.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

from .typedefs import StrOrURL

if TYPE_CHECKING:
    from multidict import MultiMapping

    from .connection import ConnectionKey
    from .fingerprint import Fingerprint
    from .info import RequestInfo
    from .response import ClientResponse


class ClientError(Exception):
    """The base of all."""


class ClientResponseError(ClientError):
    """There is a response, and something is wrong with it.

    ``status`` is its code, ``message`` and ``headers`` say more. ``request_info`` tells what was
    asked for, ``history`` holds the responses that redirected.
    """

    def __init__(
        self,
        request_info: RequestInfo,
        history: tuple[ClientResponse, ...],
        *,
        code: int | None = None,
        status: int | None = None,
        message: str = "",
        headers: MultiMapping[str] | None = None,
    ) -> None:
        if code is not None and status is not None:
            raise ValueError(
                "Both code and status arguments are provided; "
                "code is deprecated, use status instead"
            )
        self.request_info = request_info
        self.history = history
        self.status = status or code or 0
        self.message = message
        self.headers = headers
        # What a copy or an unpickled one is made with; the rest goes with __dict__.
        self.args = (request_info, history)

    @property
    def code(self) -> int:
        """The older name of ``status``."""
        return self.status

    @code.setter
    def code(self, value: int) -> None:
        self.status = value

    def __str__(self) -> str:
        return f"{self.status}, message={self.message!r}, url={str(self.request_info.real_url)!r}"

    def __repr__(self) -> str:
        parts = [repr(self.request_info), repr(self.history)]
        if self.status != 0:
            parts.append(f"status={self.status!r}")
        if self.message != "":
            parts.append(f"message={self.message!r}")
        if self.headers is not None:
            parts.append(f"headers={self.headers!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


class ContentTypeError(ClientResponseError):
    """The response is of another type than asked for."""


class WSServerHandshakeError(ClientResponseError):
    """The server does not agree to a WebSocket."""


class ClientHttpProxyError(ClientResponseError):
    """The proxy makes no tunnel: its answer to CONNECT is not 200."""


class TooManyRedirects(ClientResponseError):
    """More redirects than ``max_redirects`` allows."""


class ClientConnectionError(ClientError):
    """The base of what happens to connections."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """The connection is gone."""


class ClientOSError(ClientConnectionError, OSError):
    """The system reports an error: ``errno`` and ``strerror`` are its."""


class ClientConnectorError(ClientOSError):
    """No connection came about."""

    def __init__(self, connection_key: ConnectionKey, os_error: OSError) -> None:
        self._conn_key = connection_key
        self._os_error = os_error
        # An OSError made of a text alone has no strerror.
        super().__init__(os_error.errno, os_error.strerror or str(os_error) or None)
        self.args = (connection_key, os_error)

    @property
    def os_error(self) -> OSError:
        """The system's error."""
        return self._os_error

    @property
    def host(self) -> str:
        """Whom it was for."""
        return self._conn_key.host

    @property
    def port(self) -> int | None:
        """Which port."""
        return self._conn_key.port

    @property
    def ssl(self) -> Any:
        """What the argument ``ssl`` was."""
        return self._conn_key.ssl

    def __str__(self) -> str:
        chosen = _ssl_name(self.ssl)
        return f"Cannot connect to host {self.host}:{self.port} ssl:{chosen} [{self.strerror}]"

    # OSError's own would drop what is no errno and no text.
    __reduce__ = BaseException.__reduce__


class ClientConnectorDNSError(ClientConnectorError):
    """The name of the host has no address."""


class ClientProxyConnectionError(ClientConnectorError):
    """No connection to the proxy came about."""


class UnixClientConnectorError(ClientConnectorError):
    """No connection to a Unix socket came about."""

    def __init__(self, path: str, connection_key: ConnectionKey, os_error: OSError) -> None:
        self._path = path
        super().__init__(connection_key, os_error)
        self.args = (path, connection_key, os_error)

    @property
    def path(self) -> str:
        """The socket's path."""
        return self._path

    def __str__(self) -> str:
        chosen = _ssl_name(self.ssl)
        return f"Cannot connect to unix socket {self.path} ssl:{chosen} [{self.strerror}]"


class ServerConnectionError(ClientConnectionError):
    """The base of what the server does to a connection."""


class ServerDisconnectedError(ServerConnectionError):
    """The server has closed the connection instead of answering."""

    def __init__(self, message: Any = None) -> None:
        self.message = "Server disconnected" if message is None else message
        self.args = (self.message,)


class ServerTimeoutError(ServerConnectionError, asyncio.TimeoutError):
    """The server took too long."""


class ConnectionTimeoutError(ServerTimeoutError):
    """Getting a connection took longer than ``connect`` or ``sock_connect`` of the timeout."""


class SocketTimeoutError(ServerTimeoutError):
    """The server was silent for longer than ``sock_read`` of the timeout."""


class ServerFingerprintMismatch(ServerConnectionError):
    """The server's certificate is not the one that was asked for. ``expected`` and ``got`` are
    SHA-256 digests.
    """

    def __init__(self, expected: bytes, got: bytes, host: str, port: int) -> None:
        self.expected = expected
        self.got = got
        self.host = host
        self.port = port
        self.args = (expected, got, host, port)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} expected={self.expected!r} got={self.got!r} "
            f"host={self.host!r} port={self.port!r}>"
        )


class ClientPayloadError(ClientError):
    """A body that ended early, that can't be decoded, or that can't be sent once more."""


class UploadAbortedError(ClientError):
    """The request's body was not sent to its end."""


class InvalidURL(ClientError, ValueError):
    """What should be a URL isn't one that a request can go to."""

    def __init__(self, url: StrOrURL, description: str | None = None) -> None:
        self._url = url
        self._description = description
        super().__init__(*((url, description) if description else (url,)))

    @property
    def url(self) -> StrOrURL:
        """As it was given."""
        return self._url

    @property
    def description(self) -> str | None:
        """What is wrong with it."""
        return self._description

    def __str__(self) -> str:
        return f"{self._url} - {self._description}" if self._description else str(self._url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class InvalidUrlClientError(InvalidURL):
    """The program's own URL is invalid."""


class RedirectClientError(ClientError):
    """The base of what is wrong with a redirect."""


class NonHttpUrlClientError(ClientError):
    """A URL that is neither http nor https."""


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """A redirect to something that is no URL."""


class NonHttpUrlRedirectClientError(NonHttpUrlClientError, RedirectClientError):
    """A redirect to a URL that is neither http nor https."""


class ClientSSLError(ClientConnectorError):
    """The base of what is wrong with TLS."""


class ClientConnectorSSLError(ClientSSLError, ssl.SSLError):
    """The TLS handshake failed."""


class ClientConnectorCertificateError(ClientSSLError, ssl.CertificateError):
    """The server's certificate was refused."""

    def __init__(self, connection_key: ConnectionKey, certificate_error: Exception) -> None:
        os_error = certificate_error if isinstance(certificate_error, OSError) else OSError()
        super().__init__(connection_key, os_error)
        self._certificate_error = certificate_error
        self.args = (connection_key, certificate_error)

    @property
    def certificate_error(self) -> Exception:
        """Why: a ``ssl.SSLCertVerificationError``."""
        return self._certificate_error

    @property
    def ssl(self) -> bool:
        """Whether TLS was to be spoken."""
        return self._conn_key.is_ssl

    def __str__(self) -> str:
        cause = self.certificate_error
        return (
            f"Cannot connect to host {self.host}:{self.port} ssl:{self.ssl} "
            f"[{type(cause).__name__}: {cause.args}]"
        )


class WSMessageTypeError(TypeError):
    """A WebSocket message of another type than asked for."""


def _ssl_name(chosen: bool | ssl.SSLContext | Fingerprint) -> object:
    return "default" if chosen is True else chosen

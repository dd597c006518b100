"""Exceptions of what the native client reports. Kinds are those of `rondel_http::Kind`."""

from __future__ import annotations

import asyncio
import os
import ssl as ssl_module
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

from . import exceptions as ex
from .connection import ConnectionKey
from .fingerprint import Fingerprint
from .info import RequestInfo, info_of

Head: TypeAlias = tuple[str, str, list[tuple[bytes, bytes]]]


@dataclass(slots=True)
class Report:
    """What is known of one failure. What is not known keeps its default."""

    kind: str
    host: str | None = None
    port: int | None = None
    tls: bool = False
    #: What the argument ``ssl`` was.
    ssl: Any = True
    message: str = ""
    url: str | None = None
    os_error: OSError | None = None
    cause: BaseException | None = None
    #: The refused certificate, in DER.
    certificate: bytes | None = None
    #: Status and fields of the answer, if there was one.
    status: int = 0
    headers: list[tuple[bytes, bytes]] | None = None
    #: Method, URL and fields of the request, as they were sent last.
    request: Head | None = None
    history: tuple[Any, ...] = ()
    #: The time limit that passed.
    seconds: float | None = None
    #: The Unix socket.
    path: str | None = None
    #: Whether it was the connection to the proxy itself.
    proxied: bool = False
    #: Digests of certificates: the one asked for, and the one found.
    expected: bytes | None = None
    got: bytes | None = None

    def key(self) -> ConnectionKey:
        """Whom it was for, as an exception carries it."""
        ssl = Fingerprint(self.ssl) if isinstance(self.ssl, bytes) else self.ssl
        return ConnectionKey(self.host or "", self.port, self.tls, ssl, None, None, None)

    def system(self) -> OSError:
        """The system's error, or one with the message alone."""
        return self.os_error if self.os_error is not None else OSError(None, self.message)

    def info(self) -> RequestInfo:
        """What was asked for."""
        head: Head = self.request or ("GET", self.url or "", [])
        return info_of(head)

    def fields(self) -> CIMultiDictProxy[str] | None:
        """The answer's fields."""
        if self.headers is None:
            return None
        return CIMultiDictProxy(
            CIMultiDict(
                (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
                for name, value in self.headers
            )
        )

    def where(self) -> str:
        """The request's URL without its fragment, or the host, for messages."""
        if self.url is None and self.request is None:
            return f"{self.host}:{self.port}"
        url = self.url if self.url is not None else self.info().url
        return str(url).partition("#")[0]


def make(kind: str, **known: Any) -> BaseException:
    """The exception for a failure of this kind. ``known`` are the fields of `Report`."""
    report = Report(kind, **known)
    maker = _MAKERS.get(kind)
    error = ex.ClientError(report.message or kind) if maker is None else maker(report)
    cause = report.cause if report.cause is not None else report.os_error
    if cause is not None and cause is not error:
        error.__cause__ = cause
    return error


def _of_program(report: Report) -> Exception | None:
    """What the program's own code has raised inside of the client (a resolver, a socket factory, a
    callback of an SSLContext), unless that is an error of the system: it goes on as it is.
    """
    cause = report.cause
    return cause if isinstance(cause, Exception) and not isinstance(cause, OSError) else None


def _lookup(report: Report) -> BaseException:
    if (own := _of_program(report)) is not None:
        return own
    if isinstance(report.cause, asyncio.CancelledError):
        # Of the look-up, not of the request, which ends with it all the same.
        return report.cause
    if isinstance(report.cause, TimeoutError) and report.cause.errno is None:
        return _connection_timeout(report)
    return ex.ClientConnectorDNSError(report.key(), report.system())


def _connect(report: Report) -> BaseException:
    if (own := _of_program(report)) is not None:
        return own
    system = report.system()
    if report.path is not None:
        return ex.UnixClientConnectorError(report.path, report.key(), system)
    if report.proxied:
        return ex.ClientProxyConnectionError(report.key(), system)
    return ex.ClientConnectorError(report.key(), system)


def _tls(report: Report) -> BaseException:
    if (own := _of_program(report)) is not None:
        return own
    if isinstance(report.cause, ssl_module.SSLCertVerificationError):
        return ex.ClientConnectorCertificateError(report.key(), report.cause)
    if isinstance(report.cause, ssl_module.SSLError):
        return ex.ClientConnectorSSLError(report.key(), report.cause)
    if report.os_error is not None and not isinstance(report.os_error, ssl_module.SSLError):
        # The peer has hung up, or the like: the connection's failure, not that of TLS.
        return _connect(report)
    return ex.ClientConnectorSSLError(
        report.key(), ssl_module.SSLError(1, f"[SSL] {report.message}")
    )


#: OpenSSL's numbers of why a certificate is refused (``X509_V_ERR_...``), by its words. One text
#: that begins with another comes first.
_VERIFY_CODES = {
    "certificate signature failure": 7,
    "certificate is not yet valid": 9,
    "certificate has expired": 10,
    "self-signed certificate in certificate chain": 19,
    "self-signed certificate": 18,
    "unable to get local issuer certificate": 20,
    "certificate revoked": 23,
    "unsuitable certificate purpose": 26,
    "unhandled critical extension": 34,
    "Hostname mismatch": 62,
    "IP address mismatch": 64,
}
_UNSPECIFIED = 1


def _certificate(report: Report) -> BaseException:
    why = report.message.removeprefix("certificate verify failed: ")
    refused = ssl_module.SSLCertVerificationError(
        1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why}"
    )
    refused.library = "SSL"
    refused.reason = "CERTIFICATE_VERIFY_FAILED"
    refused.verify_code = next(
        (code for text, code in _VERIFY_CODES.items() if why.startswith(text)), _UNSPECIFIED
    )
    refused.verify_message = why
    error = ex.ClientConnectorCertificateError(report.key(), refused)
    error.__cause__ = refused
    return error


def _io(report: Report) -> BaseException:
    if report.os_error is None:
        return ex.ClientConnectionError(
            report.message or f"The connection to {report.where()} failed"
        )
    error = report.os_error
    strerror = error.strerror or (os.strerror(error.errno) if error.errno else report.message)
    return ex.ClientOSError(error.errno, strerror)


def _body(report: Report) -> BaseException:
    cause = report.cause
    if isinstance(cause, OSError) and not (cause.errno is None and isinstance(cause, TimeoutError)):
        return ex.ClientOSError(cause.errno, f"Can not write request body for {report.where()}")
    if isinstance(cause, (TimeoutError, ex.ClientError)):
        return cause
    return ex.ClientConnectionError(
        f"Failed to send bytes into the underlying connection to {report.where()}: {cause!r}"
        if cause is not None
        else f"Can not write request body for {report.where()}: {report.message}"
    )


def _cookies(report: Report) -> BaseException:
    # The program's own jar knows best what is wrong.
    return report.cause if report.cause is not None else ex.ClientError(report.message)


def _payload(report: Report) -> BaseException:
    why = report.message.removeprefix("incomplete or undecodable body: ")
    if why.startswith("Can not decode"):
        return ex.ClientPayloadError(why)
    return ex.ClientPayloadError(f"Response payload is not completed: {why}")


def _proxy(report: Report) -> BaseException:
    return ex.ClientHttpProxyError(
        report.info(),
        report.history,
        status=report.status,
        message=report.message,
        headers=report.fields(),
    )


def _malformed(report: Report) -> BaseException:
    return ex.ClientResponseError(
        report.info(), report.history, status=400, message=report.message, headers=report.fields()
    )


def _redirects(report: Report) -> BaseException:
    info = report.history[0].request_info if report.history else report.info()
    return ex.TooManyRedirects(info, report.history)


def _total(report: Report) -> BaseException:
    limit = f" {report.seconds:g} s" if report.seconds is not None else " its timeout"
    return TimeoutError(f"The request to {report.where()} took longer than{limit}")


def _fingerprint(report: Report) -> BaseException:
    return ex.ServerFingerprintMismatch(
        report.expected or b"", report.got or b"", report.host or "", report.port or 0
    )


def _connection_timeout(report: Report) -> BaseException:
    return ex.ConnectionTimeoutError(f"Connection timeout to host {report.where()}")


_MAKERS: dict[str, Callable[[Report], BaseException]] = {
    "InvalidUrl": lambda report: ex.InvalidUrlClientError(report.url or "", report.message or None),
    "NotHttp": lambda report: ex.NonHttpUrlClientError(report.url or report.message),
    "InvalidRedirect": lambda report: ex.InvalidUrlRedirectClientError(
        report.url or report.message,
        "Server attempted redirecting to a location that does not look like a URL",
    ),
    "RedirectNotHttp": lambda report: ex.NonHttpUrlRedirectClientError(
        report.url or report.message
    ),
    "TooManyRedirects": _redirects,
    "Lookup": _lookup,
    "Connect": _connect,
    "Tls": _tls,
    "Certificate": _certificate,
    "Proxy": _proxy,
    "Disconnected": lambda report: ex.ServerDisconnectedError(report.message or None),
    "Io": _io,
    "Malformed": _malformed,
    "Payload": _payload,
    "Bomb": lambda report: ex.ClientPayloadError(report.message),
    "TimeoutTotal": _total,
    "TimeoutConnect": _connection_timeout,
    "TimeoutSockConnect": _connection_timeout,
    "TimeoutSockRead": lambda _: ex.SocketTimeoutError("Timeout on reading data from socket"),
    "Closed": lambda report: ex.ClientConnectionError(report.message or "Connector is closed"),
    "Body": _body,
    "Cookies": _cookies,
    "Fingerprint": _fingerprint,
    "LineTooLong": lambda report: ValueError(report.message),
}

"""Which server is trusted: the argument ``ssl``, and what stood for it before."""

from __future__ import annotations

import asyncio
import ssl as ssl_module
from hashlib import sha256
from typing import Any, TypeAlias

from ._foreign import hint
from .exceptions import ServerFingerprintMismatch


class Fingerprint:
    """The SHA-256 digest of the one certificate that is accepted; who has signed it does not matter
    then.

    ``fingerprint`` is 32 bytes, of the certificate in DER:
    ``hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()``.

    Raises ValueError for a digest of another length; MD5 and SHA-1 are not accepted.
    """

    def __init__(self, fingerprint: bytes) -> None:
        if len(fingerprint) in {16, 20}:
            raise ValueError("md5 and sha1 are insecure and not supported. Use sha256.")
        if len(fingerprint) != sha256().digest_size:
            raise ValueError("fingerprint has invalid length")
        self._fingerprint = bytes(fingerprint)

    @property
    def fingerprint(self) -> bytes:
        """The digest."""
        return self._fingerprint

    def check(self, transport: asyncio.Transport) -> None:
        """Raise `ServerFingerprintMismatch` unless the peer of a transport has the certificate."""
        tls = transport.get_extra_info("ssl_object")
        if tls is None:
            return
        got = sha256(tls.getpeercert(binary_form=True) or b"").digest()
        if got != self._fingerprint:
            host, port, *_ = transport.get_extra_info("peername")
            raise ServerFingerprintMismatch(self._fingerprint, got, host, port)


#: What the argument ``ssl`` may be.
Trust: TypeAlias = bool | Fingerprint | ssl_module.SSLContext


def merge_ssl(
    ssl: Trust | None,
    verify_ssl: bool | None = None,
    ssl_context: ssl_module.SSLContext | None = None,
    fingerprint: bytes | None = None,
) -> Trust:
    """What the four arguments ask for together: ``ssl``, and the three older ones.

    Raises ValueError if more than one is given, TypeError if ``ssl`` is none of its kinds.
    """
    chosen: list[Any] = [] if ssl is None or ssl is True else [ssl]
    if verify_ssl is False:
        chosen.append(False)
    if ssl_context is not None:
        chosen.append(ssl_context)
    if fingerprint is not None:
        chosen.append(Fingerprint(fingerprint))
    if len(chosen) > 1:
        raise ValueError(
            "verify_ssl, ssl_context, fingerprint and ssl parameters are mutually exclusive"
        )
    trust: Any = chosen[0] if chosen else True
    if not isinstance(trust, (bool, Fingerprint, ssl_module.SSLContext)):
        raise TypeError(
            f"ssl should be SSLContext, bool, Fingerprint or None, got {trust!r} instead."
            f"{hint(trust)}"
        )
    return trust


def native_trust(trust: Trust) -> bool | bytes | ssl_module.SSLContext:
    """As the native client takes it: a digest is bytes there."""
    return trust.fingerprint if isinstance(trust, Fingerprint) else trust

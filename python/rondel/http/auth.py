"""Who the user is: basic authentication (RFC 7617), from arguments, URLs and the file .netrc."""

from __future__ import annotations

import base64
import binascii
import logging
import netrc
import os
from pathlib import Path
from typing import Any, NamedTuple

from yarl import URL

logger = logging.getLogger("rondel.http")


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """The value of ``Authorization`` (or ``Proxy-Authorization``) for a name and a password.

    Raises ValueError if the name has a colon, which would end it.
    """
    if ":" in login:
        raise ValueError('A ":" is not allowed in login (RFC 7617#section-2)')
    return "Basic " + base64.b64encode(f"{login}:{password}".encode(encoding)).decode("ascii")


class _BasicAuth(NamedTuple):
    login: str
    password: str
    encoding: str


class BasicAuth(_BasicAuth):
    """A name and a password."""

    __slots__ = ()

    def __new__(
        cls, login: str | None, password: str | None = "", encoding: str = "latin1"
    ) -> BasicAuth:
        """Raises ValueError if either is None, or the name has a colon."""
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in login (RFC 1945#section-11.1)')
        return super().__new__(cls, login, password, encoding)

    @classmethod
    def decode(cls, auth_header: str, encoding: str = "latin1") -> BasicAuth:
        """Take the value of ``Authorization`` apart. Raises ValueError if that is none of this
        kind.
        """
        kind, space, encoded = auth_header.partition(" ")
        if not space:
            raise ValueError("Could not parse authorization header.")
        if kind.lower() != "basic":
            raise ValueError(f"Unknown authorization method {kind}")
        try:
            decoded = base64.b64decode(encoded.encode("ascii"), validate=True).decode(encoding)
        except binascii.Error:
            raise ValueError("Invalid base64 encoding.") from None
        login, colon, password = decoded.partition(":")
        if not colon:
            raise ValueError("Invalid credentials.")
        return cls(login, password, encoding)

    @classmethod
    def from_url(cls, url: Any, *, encoding: str = "latin1") -> BasicAuth | None:
        """What the URL says before its ``@``, if anything."""
        if not isinstance(url, URL):
            raise TypeError("url should be yarl.URL instance")
        if url.raw_user is None and url.raw_password is None:
            return None
        # Not by __new__: a colon that is quoted in the URL is not refused there.
        return tuple.__new__(cls, (url.user or "", url.password or "", encoding))

    def encode(self) -> str:
        """The value of ``Authorization``."""
        return encode_basic_auth(self.login, self.password, self.encoding)


def strip_auth(url: URL) -> tuple[URL, BasicAuth | None]:
    """The URL without what stands before its ``@``, and that."""
    auth = BasicAuth.from_url(url)
    return (url, None) if auth is None else (url.with_user(None), auth)


def netrc_auth(host: str) -> BasicAuth | None:
    """What the user's .netrc has for a host; the variable NETRC may name another file. Reads a
    file: it blocks.
    """
    entries = _read_netrc()
    found = entries.authenticators(host) if entries is not None else None
    if found is None:
        return None
    login, account, password = found
    return tuple.__new__(BasicAuth, (login or account or "", password or "", "latin1"))


def _read_netrc() -> netrc.netrc | None:
    named = os.environ.get("NETRC")
    try:
        path = Path(named) if named is not None else Path.home() / ".netrc"
    except RuntimeError as error:
        logger.debug("Could not find the home directory, where .netrc would be: %s", error)
        return None
    try:
        return netrc.netrc(str(path))
    except netrc.NetrcParseError as error:
        logger.warning("Could not parse .netrc file: %s", error)
    except OSError as error:
        # That there is none is worth a word only if one was named.
        if named or path.is_file():
            logger.warning("Could not read .netrc file: %s", error)
    return None

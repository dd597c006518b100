"""The field WWW-Authenticate, as far as digest authentication goes (RFC 9110, 11.6.1; RFC 7616,
3.3).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .exceptions import ClientError

#: A parameter; or a word alone, which is the scheme of the next challenge. What was looked at is
#: not tried in parts.
_PART: Final = re.compile(r'(?:^|[\s,])((?>\w+))(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+)))?')
_ESCAPED: Final = re.compile(r"\\(.)")


class DigestChallenge(NamedTuple):
    """What a server wants to be answered. ``protection`` is the chosen ``qop``, if it has any."""

    realm: str
    nonce: str
    algorithm: str
    protection: str
    opaque: str
    domain: str


def parse_digest_challenge(field: str) -> DigestChallenge | None:
    """The challenge, if it is one of this kind.

    Raises `ClientError` if it is, and can't be answered.
    """
    scheme, _, rest = field.partition(" ")
    if scheme.lower() != "digest":
        return None
    parts = _parameters(rest)
    if not parts:
        return None
    for name in ("realm", "nonce"):
        if name not in parts:
            raise ClientError(f"Malformed Digest auth challenge: Missing '{name}' parameter")
    if not parts["nonce"]:
        raise ClientError("Security issue: Digest auth challenge contains empty 'nonce' value")
    return DigestChallenge(
        parts["realm"],
        parts["nonce"],
        parts.get("algorithm", "MD5"),
        _protection(parts.get("qop", "")),
        parts.get("opaque", ""),
        parts.get("domain", ""),
    )


def quote(text: str) -> str:
    """As a quoted text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _parameters(text: str) -> dict[str, str]:
    """Those of the first challenge, by name in lower case."""
    found: dict[str, str] = {}
    for part in _PART.finditer(text):
        name, quoted, plain = part.groups()
        if quoted is None and plain is None:
            break
        found.setdefault(name.lower(), plain if quoted is None else _ESCAPED.sub(r"\1", quoted))
    return found


def _protection(offered: str) -> str:
    """The best of what is offered: of the body, too, before that of the request alone."""
    kinds = {kind.strip() for kind in offered.split(",")} - {""}
    for kind in ("auth-int", "auth"):
        if kind in kinds:
            return kind
    if kinds:
        raise ClientError(
            f"Digest auth error: Unsupported Quality of Protection (qop) value(s): {offered}"
        )
    return ""

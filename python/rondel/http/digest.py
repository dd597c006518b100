"""Digest authentication (RFC 7616), as a middleware."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from yarl import URL

from . import hdrs
from ._challenge import DigestChallenge, parse_digest_challenge, quote
from .exceptions import ClientError

if TYPE_CHECKING:
    from ._request import ClientRequest
    from .middlewares import ClientHandlerType
    from .payload import Payload
    from .response import ClientResponse

_HASHES: Final[dict[str, Callable[[bytes], Any]]] = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA-256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "SHA-512": hashlib.sha512,
}
_SESSION: Final = "-SESS"
SUPPORTED_ALGORITHMS: Final = tuple(sorted([*_HASHES, *(name + _SESSION for name in _HASHES)]))


class DigestAuthMiddleware:
    """Answers a server's challenge with a name and a password:
    ``ClientSession(middlewares=[...])``.

    With ``preemptive``, later requests to what the challenge was for say it at once. The name and
    password are for the origin of the first request, and what that one declares to be of the same
    protection space; other requests pass as they are.

    Raises ValueError if the name or password is None, or the name has a colon. A challenge that
    can't be answered makes the request raise `ClientError`.
    """

    def __init__(self, login: str | None, password: str | None, preemptive: bool = True) -> None:
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in username (RFC 1945#section-11.1)')
        self._login = login
        self._password = password
        self._preemptive = preemptive
        self._origin: URL | None = None
        self._challenge: DigestChallenge | None = None
        self._nonce_count = 0
        #: Prefixes of the URLs that the last challenge is for.
        self._space: list[str] = []

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send the request, and once more if the server asks who it is."""
        origin = request.url.origin()
        if self._origin is None:
            self._origin = origin
        elif origin != self._origin and not self._in_space(request.url):
            return await handler(request)
        if self._preemptive and self._challenge is not None and self._in_space(request.url):
            await self._authorize(request, self._challenge)
        response = await handler(request)
        try:
            challenge = self._learn(response)
        except BaseException:
            response.close()
            raise
        if challenge is None:
            return response
        response.release()
        await self._authorize(request, challenge)
        response = await handler(request)
        self._learn(response)
        return response

    async def _authorize(self, request: ClientRequest, challenge: DigestChallenge) -> None:
        request.headers[hdrs.AUTHORIZATION] = await self._encode(
            challenge, request.method, request.url, request.body
        )

    async def _encode(
        self, challenge: DigestChallenge, method: str, url: URL, body: Payload | bytes
    ) -> str:
        """The value of ``Authorization`` (RFC 7616, 3.4)."""
        algorithm = challenge.algorithm.upper()
        digest = _HASHES.get(algorithm.removesuffix(_SESSION))
        if digest is None:
            raise ClientError(
                f"Digest auth error: Unsupported hash algorithm: {algorithm}. "
                f"Supported algorithms: {', '.join(SUPPORTED_ALGORITHMS)}"
            )

        def hashed(*parts: str | bytes) -> str:
            joined = b":".join(part.encode() if isinstance(part, str) else part for part in parts)
            return str(digest(joined).hexdigest())

        self._nonce_count += 1
        count = f"{self._nonce_count:08x}"
        client_nonce = secrets.token_hex(8)
        path = url.raw_path_qs
        user = hashed(self._login, challenge.realm, self._password)
        if algorithm.endswith(_SESSION):
            user = hashed(user, challenge.nonce, client_nonce)
        request = [method.upper(), path]
        if challenge.protection == "auth-int":
            request.append(hashed(body if isinstance(body, bytes) else await body.as_bytes()))
        if challenge.protection:
            middle = [challenge.nonce, count, client_nonce, challenge.protection]
        else:
            middle = [challenge.nonce]
        response = hashed(user, *middle, hashed(*request))

        fields = [
            f"username={quote(self._login)}",
            f"realm={quote(challenge.realm)}",
            f"nonce={quote(challenge.nonce)}",
            f'uri="{path}"',
            f'response="{response}"',
            f"algorithm={challenge.algorithm}",
        ]
        if challenge.opaque:
            fields.append(f"opaque={quote(challenge.opaque)}")
        if challenge.protection:
            fields += [f"qop={challenge.protection}", f"nc={count}", f'cnonce="{client_nonce}"']
        return "Digest " + ", ".join(fields)

    def _learn(self, response: ClientResponse) -> DigestChallenge | None:
        """The challenge of an answer, if it is one of this kind; it counts from now on."""
        if response.status != 401:
            return None
        challenge = parse_digest_challenge(response.headers.get(hdrs.WWW_AUTHENTICATE, ""))
        if challenge is None:
            return None
        if self._challenge is None or challenge.nonce != self._challenge.nonce:
            self._nonce_count = 0
        self._challenge = challenge
        origin = response.url.origin()
        self._space = [str(origin.join(URL(uri))) for uri in challenge.domain.split()] or [
            str(origin)
        ]
        return challenge

    def _in_space(self, url: URL) -> bool:
        """Whether the last challenge is for ``url`` too: one of its prefixes ends there, or before
        a slash.
        """
        text = str(url)
        return any(
            text.startswith(space) and (space.endswith("/") or text[len(space) :][:1] in {"", "/"})
            for space in self._space
        )

"""The proxies that the environment names: http_proxy, https_proxy, no_proxy."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

from yarl import URL

from .auth import BasicAuth, logger, netrc_auth, strip_auth

#: A WebSocket goes through the proxy of its own scheme's variable, as the others do.
_SCHEMES = frozenset({"http", "https", "ws", "wss"})


def environment_proxy(url: URL) -> tuple[URL, BasicAuth | None] | None:
    """The proxy for a URL, and who the user is there, if the environment says so. May read .netrc:
    it blocks.
    """
    if url.host is not None and proxy_bypass(url.host):
        return None
    named = getproxies().get(url.scheme) if url.scheme in _SCHEMES else None
    if named is None:
        return None
    proxy, auth = strip_auth(URL(named))
    if proxy.scheme in {"https", "wss"}:
        logger.warning("%s proxies %s are not supported, ignoring", proxy.scheme.upper(), proxy)
        return None
    if auth is None and proxy.host is not None:
        auth = netrc_auth(proxy.host)
    return proxy, auth

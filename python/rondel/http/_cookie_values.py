"""What a cookie says, tidied up to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.cookies import Morsel, SimpleCookie
from typing import TYPE_CHECKING, cast

from ._cookie_fields import encoded_length, has_control

if TYPE_CHECKING:
    from yarl import URL

    from .typedefs import LooseCookies


def is_ip_address(host: str | None) -> bool:
    """Whether a host is an address and not a name, by the looks of it: it has colons, or nothing
    but digits and dots.
    """
    if not host:
        return False
    return ":" in host or host.replace(".", "").isdigit()


def copies(cookies: LooseCookies) -> Iterator[tuple[str, Morsel[str]]]:
    """The cookies, of all ways to say them, as objects of the jar's own."""
    pairs = cookies.items() if isinstance(cookies, Mapping) else cookies
    for name, cookie in pairs:
        if isinstance(cookie, Morsel):
            yield name, cast("Morsel[str]", cookie.copy())
        else:
            made = SimpleCookie()
            made[name] = cast("str", cookie)
            yield name, made[name]


def domain_of(cookie: Morsel[str]) -> str:
    """The domain that it asks for, tidied up; empty if it asks for none."""
    domain: str = cookie["domain"]
    if domain.endswith("."):
        domain = ""
    domain = domain.removeprefix(".")
    cookie["domain"] = domain
    return domain


def path_of(cookie: Morsel[str], url: URL) -> str:
    """The path that it is kept under: its own, or that of the URL up to the last slash."""
    if not cookie["path"].startswith("/"):
        path = url.path
        cookie["path"] = path[: path.rfind("/")] or "/" if path.startswith("/") else "/"
    return str(cookie["path"]).rstrip("/")


def can_be_sent(cookie: Morsel[str]) -> bool:
    text = f"{cookie.key}={cookie.value}{cookie.coded_value}"
    return not has_control(text) and encoded_length(text) is not None

"""The field Link (RFC 8288)."""

from __future__ import annotations

import re
from typing import Final

from multidict import MultiDict, MultiDictProxy
from yarl import URL

#: A comma parts two links only if a target follows.
_BETWEEN: Final = re.compile(r",(?=\s*<)")
_LINK: Final = re.compile(r"\s*<(.*)>(.*)", re.DOTALL)
_PARAMETER: Final = re.compile(r"([^\s=]+)\s*=\s*(?:(['\"])(.*?)\2|(\S*))$", re.DOTALL)


def parse_links(fields: list[str], base: URL) -> MultiDictProxy[MultiDictProxy[str | URL]]:
    """The links by their ``rel`` (by their target, if they have none), each with its parameters and
    ``url``.

    Malformed links and parameters are left out.
    """
    links: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
    for text in _BETWEEN.split(", ".join(fields)):
        found = _LINK.match(text)
        if found is None:
            continue
        target, rest = found.groups()
        link: MultiDict[str | URL] = MultiDict()
        for part in rest.split(";")[1:]:
            parameter = _PARAMETER.match(part.strip())
            if parameter is not None:
                name, _, quoted, plain = parameter.groups()
                link.add(name, plain if quoted is None else quoted)
        rel = str(link.get("rel", target))
        link.add("url", base.join(URL(target)))
        links.add(rel, MultiDictProxy(link))
    return MultiDictProxy(links)

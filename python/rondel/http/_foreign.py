"""Objects of aiohttp's that a program gives to `rondel.http`: their names are the same."""

from __future__ import annotations


def hint(value: object) -> str:
    """What an error about ``value`` adds, if it is one of aiohttp's: its repr doesn't tell."""
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__.partition(".")[0] != "aiohttp":
        return ""
    return f" (which is aiohttp's: take rondel.http.{kind.__name__})"

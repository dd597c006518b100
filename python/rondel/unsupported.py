"""What this version of rondel does not do yet: one clear error that names the method."""

from __future__ import annotations

from typing import Any, NoReturn

from .base import LoopBase


def _not_yet(method: str) -> NoReturn:
    raise NotImplementedError(f"rondel.EventLoop.{method} is not there yet")


class Unsupported(LoopBase):
    """The part of the loop that is still to come."""

    __slots__ = ()

    async def subprocess_exec(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not there yet."""
        _not_yet("subprocess_exec()")

    async def subprocess_shell(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not there yet."""
        _not_yet("subprocess_shell()")

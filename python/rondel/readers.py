"""`add_reader` and `add_writer`: callbacks for a descriptor that is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple

from . import _rondel
from .base import LoopBase

Ts = TypeVarTuple("Ts")


class HasFileno(Protocol):
    """A file object: anything with a descriptor."""

    def fileno(self) -> int:
        """The descriptor."""


FileDescriptorLike = int | HasFileno


def fileno(file: FileDescriptorLike) -> int:
    """The descriptor of a file object, or the descriptor itself.

    Raises ValueError if it is neither or negative (``selectors._fileobj_to_fd``).
    """
    if isinstance(file, int):
        fd = file
    else:
        try:
            fd = int(file.fileno())
        except (AttributeError, TypeError, ValueError):
            raise ValueError(f"Invalid file object: {file!r}") from None
    if fd < 0:
        raise ValueError(f"Invalid file descriptor: {fd}")
    return fd


def _cancel(previous: object) -> None:
    # A transport stood there that is closing: what it still had to send is given up.
    if isinstance(previous, _rondel.Handle):
        previous.cancel()


class Readers(LoopBase):
    """The part of the loop that watches descriptors for the user.

    The four public methods stand here for what is unusual: keywords, wrong arguments, debug mode.
    Native ones come before them (crates/python/src/event_loop/add_reader.rs).
    """

    __slots__ = ()

    def add_reader(
        self, fd: FileDescriptorLike, callback: Callable[[*Ts], Any], *args: *Ts
    ) -> None:
        """Call ``callback(*args)`` each time ``fd`` can be read, in place of any earlier callback.

        Raises ValueError for no descriptor, RuntimeError if a transport uses it, PermissionError
        for a file that is always ready (a regular one).
        """
        number = fileno(fd)
        self._check_free(number)
        self._add_reader(number, callback, *args)

    def remove_reader(self, fd: FileDescriptorLike) -> bool:
        """Stop watching ``fd`` for reading. Tells whether it was watched."""
        number = fileno(fd)
        self._check_free(number)
        return self._remove_reader(number)

    def add_writer(
        self, fd: FileDescriptorLike, callback: Callable[[*Ts], Any], *args: *Ts
    ) -> None:
        """As `add_reader`, for writing."""
        number = fileno(fd)
        self._check_free(number)
        self._add_writer(number, callback, *args)

    def remove_writer(self, fd: FileDescriptorLike) -> bool:
        """As `remove_reader`, for writing."""
        number = fileno(fd)
        self._check_free(number)
        return self._remove_writer(number)

    def _add_reader(self, fd: int, callback: Callable[[*Ts], Any], *args: *Ts) -> asyncio.Handle:
        self._check_closed()
        handle = self._core.make_handle(self, callback, args)
        previous = self._core.set_reader(fd, handle)
        _cancel(previous)
        return handle

    def _remove_reader(self, fd: int) -> bool:
        if self.is_closed():
            return False
        previous = self._core.set_reader(fd, None)
        if previous is None:
            return False
        _cancel(previous)
        return True

    def _add_writer(self, fd: int, callback: Callable[[*Ts], Any], *args: *Ts) -> asyncio.Handle:
        self._check_closed()
        handle = self._core.make_handle(self, callback, args)
        previous = self._core.set_writer(fd, handle)
        _cancel(previous)
        return handle

    def _remove_writer(self, fd: int) -> bool:
        if self.is_closed():
            return False
        previous = self._core.set_writer(fd, None)
        if previous is None:
            return False
        _cancel(previous)
        return True

    def _check_free(self, fd: int) -> None:
        transport = self._core.transport_of(fd)
        if transport is not None and not transport.is_closing():
            raise RuntimeError(f"File descriptor {fd!r} is used by transport {transport!r}")

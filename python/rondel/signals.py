"""Signal handlers that run as callbacks of the loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import inspect
import signal
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import TypeVarTuple

from .base import LoopBase

Ts = TypeVarTuple("Ts")


class Signals(LoopBase):
    """The part of the loop that handles signals, in the main thread."""

    __slots__ = ()

    _signal_handlers: dict[int, asyncio.Handle]

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Have the loop run ``callback(*args)`` when the process gets the signal.

        Raises TypeError for a coroutine function, ValueError for no signal, RuntimeError for a
        signal that cannot be caught or outside of the main thread.
        """
        if inspect.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        self._check_signal(sig)
        self._check_closed()
        handle = self._core.make_handle(self, callback, args)
        previous = self._signal_handlers.get(sig)
        self._signal_handlers[sig] = handle
        try:
            signal.signal(sig, self._signal_arrived)
            # System calls of other threads go on after the signal.
            signal.siginterrupt(sig, False)
        except (ValueError, OSError) as error:
            if previous is None:
                del self._signal_handlers[sig]
            else:
                self._signal_handlers[sig] = previous
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            reason = f"sig {sig} cannot be caught" if isinstance(error, OSError) else str(error)
            raise RuntimeError(reason) from error
        if previous is not None:
            previous.cancel()

    def remove_signal_handler(self, sig: int) -> bool:
        """Put the signal's default action back. Tells whether there was a handler.

        Raises as `add_signal_handler`.
        """
        self._check_signal(sig)
        handle = self._signal_handlers.pop(sig, None)
        if handle is None:
            return False
        default = signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL
        try:
            signal.signal(sig, default)
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise RuntimeError(f"sig {sig} cannot be caught") from error
            raise
        return True

    def _signal_arrived(self, sig: int, _frame: FrameType | None) -> None:
        handle = self._signal_handlers.get(sig)
        if handle is None:
            return
        if handle.cancelled():
            self.remove_signal_handler(sig)
            return
        # Closed meanwhile: there is nobody to tell.
        with contextlib.suppress(RuntimeError):
            self._core.schedule(handle)

    def _check_signal(self, sig: int) -> None:
        if not isinstance(sig, int):
            raise TypeError(f"sig must be an int, not {sig!r}")
        if sig not in signal.valid_signals():
            raise ValueError(f"invalid signal number {sig}")

    def _remove_all_signal_handlers(self) -> None:
        """At the loop's close."""
        if not self._signal_handlers:
            return
        if sys.is_finalizing():
            # The signal module may be half gone.
            warnings.warn(
                f"Closing the loop {self!r} on interpreter shutdown stage, signal unsubscription "
                "is disabled",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
            self._signal_handlers.clear()
            return
        for sig in list(self._signal_handlers):
            self.remove_signal_handler(sig)

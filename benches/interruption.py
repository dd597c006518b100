"""Ctrl-C, SIGTERM and SIGHUP end the bench with nothing left running."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndedBySignalError(BaseException):
    """A signal asked the bench to end. Every `with` block on the way out is left in order."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class _State:
    held = False
    pending: int | None = None


def arm() -> None:
    """From now on these signals raise EndedBySignalError."""
    for number in SIGNALS:
        # What is ignored stays so: nohup asks for that, for SIGHUP.
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _note)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """What is made within is not lost: a signal raises only at the end."""
    _State.held = True
    try:
        yield
    finally:
        _State.held = False
    if _State.pending is not None:
        raise EndedBySignalError(_State.pending)


def _note(number: int, _frame: FrameType | None) -> None:
    _State.pending = number
    if not _State.held:
        raise EndedBySignalError(number)

"""Ends the demo between two looks at its programs, not in the middle of starting one."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndedBySignalError(Exception):
    """A signal asked the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Interruption:
    """Notes signals instead of raising at any line: a program just started is never forgotten."""

    def __init__(self) -> None:
        self._number: int | None = None
        for number in SIGNALS:
            # What is ignored stays so: nohup asks for that, for SIGHUP.
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._number = number

    def check(self) -> None:
        """Raises EndedBySignalError after a signal."""
        if self._number is not None:
            raise EndedBySignalError(self._number)

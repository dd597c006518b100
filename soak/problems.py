"""Everything that may tell of a mistake: all that nobody asked for is a problem."""

import asyncio
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any


class DeliberateError(Exception):
    """Raised by an actor inside of a callback, to see that the loop tells of it and goes on."""

    def __init__(self) -> None:
        super().__init__("deliberate")
        self.reported = 0  # how often the exception handler was called with it


class Problems(logging.Handler):
    """Hears of errors and warnings in all ways that there are, and tells of each."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self.tell = tell

    def listen(self) -> None:
        """Listen from now on in the whole process; a loop is given `from_loop` as its handler."""
        logging.getLogger().addHandler(self)
        sys.unraisablehook = self._unraisable
        threading.excepthook = self._from_thread
        warnings.simplefilter("always")
        warnings.showwarning = self._warning

    def emit(self, record: logging.LogRecord) -> None:
        self.tell(f"logged: {self.format(record)}")

    def from_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, DeliberateError):
            error.reported += 1
            return
        self.tell(f"the loop's exception handler got {_without_exception(context)}{_traced(error)}")

    def _unraisable(self, what: Any) -> None:
        self.tell(f"unraisable: {what.err_msg} {what.object!r}{_traced(what.exc_value)}")

    def _from_thread(self, what: Any) -> None:
        self.tell(f"in thread {what.thread}:{_traced(what.exc_value)}")

    def _warning(self, message: Any, category: type, filename: str, line: int, *_: Any) -> None:
        self.tell(f"{category.__name__} at {filename}:{line}: {message}")


def _without_exception(context: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in context.items() if key != "exception"}


def _traced(error: BaseException | None) -> str:
    return "" if error is None else "\n" + "".join(traceback.format_exception(error))

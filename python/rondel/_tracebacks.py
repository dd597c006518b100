"""Uncaught exceptions of a program, reported as if Python itself had started it."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


def call(function: Callable[..., object], *args: object) -> None:
    """Call `function`; if it raises, the interpreter's report leaves out this package's frames.

    The exception goes on its way all the same, so that the interpreter does what it does after
    its report: the exit code, death by SIGINT, `python -i`.
    """
    try:
        function(*args)
    except BaseException as error:
        # Without -i, nothing is ever reported about a SystemExit.
        if not isinstance(error, SystemExit) or sys.flags.inspect:
            _report_without_callers(error)
        raise


def _report_without_callers(error: BaseException) -> None:
    """Stand in for `sys.excepthook` until it gets `error`, and take this package's frames off."""
    shown = error.__traceback__
    while shown and shown.tb_frame.f_globals.get("__package__") == __package__:
        shown = shown.tb_next
    programs_hook: Hook | None = getattr(sys, "excepthook", None)

    def excepthook(
        kind: type[BaseException], value: BaseException, traceback: TracebackType | None
    ) -> None:
        if value is not error:
            (programs_hook or sys.__excepthook__)(kind, value, traceback)
            return
        value.__traceback__ = sys.last_traceback = shown
        if programs_hook is None:
            del sys.excepthook
            _write("sys.excepthook is missing\n")
            sys.__excepthook__(kind, value, shown)
        else:
            sys.excepthook = programs_hook
            _run_hook(programs_hook, kind, value, shown)

    sys.excepthook = excepthook


def _run_hook(
    hook: Hook, kind: type[BaseException], value: BaseException, shown: TracebackType | None
) -> None:
    """Call the program's hook, and report its own failure as `PyErr_PrintEx` does."""
    try:
        hook(kind, value, shown)
    except SystemExit:
        raise
    except BaseException as broken:
        trace = broken.__traceback__
        broken.__traceback__ = trace.tb_next if trace else None
        _write("Error in sys.excepthook:\n")
        sys.__excepthook__(type(broken), broken, broken.__traceback__)
        _write("\nOriginal exception was:\n")
        sys.__excepthook__(kind, value, shown)


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)

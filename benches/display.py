"""What is seen while it measures: a bar on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Display(Protocol):
    """Told about each sample before and after it is taken. A context manager."""

    def __enter__(self) -> "Display": ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def begin(self, what: str, /) -> None: ...
    def end(self, what: str, result: str, /) -> None: ...


def display(console: Console, total: int) -> Display:
    """The one that suits the console, for `total` samples."""
    return _Bar(console, total) if console.is_terminal else _Lines(console, total)


class _Bar:
    """Drawn between two samples alone: while one is taken, nothing else shall run."""

    def __init__(self, console: Console, total: int) -> None:
        self._progress = Progress(
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            auto_refresh=False,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, what: str, /) -> None:
        self._progress.update(self._task, description=what)
        self._progress.refresh()

    def end(self, _what: str, _result: str, /) -> None:
        self._progress.advance(self._task)


class _Lines:
    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._done = 0

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, _what: str, /) -> None:
        pass

    def end(self, what: str, result: str, /) -> None:
        self._done += 1
        count = f"[{self._done:{len(str(self._total))}}/{self._total}]"
        self._console.print(f"{count} {what}: {result}", markup=False, soft_wrap=True)

"""What is seen while the demo runs: a bar on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Display(Protocol):
    """Told about each run before it starts and after it ends. A context manager."""

    def __enter__(self) -> "Display": ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def extend(self, runs: int) -> None: ...
    def begin(self, what: str, /) -> None: ...
    def end(self, what: str, result: str, /) -> None: ...


def display(console: Console, total: int) -> Display:
    """The one that suits the console, for `total` runs."""
    moves = console.is_terminal and not console.is_dumb_terminal
    return _Bar(console, total) if moves else _Lines(console, total)


class _Bar:
    def __init__(self, console: Console, total: int) -> None:
        self._progress = Progress(
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
        )
        self._total = total
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def extend(self, runs: int) -> None:
        self._total += runs
        self._progress.update(self._task, total=self._total)

    def begin(self, what: str, /) -> None:
        self._progress.update(self._task, description=what)

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

    def extend(self, runs: int) -> None:
        self._total += runs

    def begin(self, _what: str, /) -> None:
        pass

    def end(self, what: str, result: str, /) -> None:
        self._done += 1
        width = len(str(self._total))
        self._console.print(
            f"[{self._done:{width}}/{self._total}] {what}: {result}", markup=False, highlight=False
        )

"""What all families share: cases, candidates, and one participant for each candidate and round.

To add a family: a module with a class that derives from `Family` and says its name, title, about,
rounds, cases and participant, and a class that derives from `Participant` and takes the samples;
then its place in `families.ALL`. What a family measures is stored under its name in
benches/results/, rendered from there, and needs nothing else. A case that belongs into one of
several tables says which by `group`; one that the README shows too has a `headline`.
"""

import abc
import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence

from benches.cores import Cores
from benches.loads import Load
from benches.model import Case
from benches.process import Process
from benches.settings import Settings

STARTS_WITHIN = 10.0  # seconds


@dataclasses.dataclass(frozen=True)
class Bench:
    """What a family measures with."""

    settings: Settings
    cores: Cores
    load: Load


class Participant(abc.ABC):
    """One candidate for one round. Its processes live in `stack`, and end with the round."""

    def __init__(self, candidate: str, bench: Bench, stack: contextlib.ExitStack) -> None:
        self.candidate = candidate
        self.bench = bench
        self.stack = stack
        self._kept: list[Process] = []

    @abc.abstractmethod
    def measure(self, case: Case) -> list[float]:
        """A sample of each of the case's figures. Raises MeasureError when there is none.

        The error's `word` stands in the table's cell (hung, refused, ...), its text below. A
        candidate is asked again in the next round, and left out of the case when it fails again,
        or hangs.
        """

    def keep(self, process: Process) -> Process:
        """`process` lives until the round ends, and stands still while others are measured."""
        self._kept.append(self.stack.enter_context(process))
        return process

    def drop(self, process: Process) -> None:
        """Ends what was kept: after a failure nobody knows what state it is in."""
        self._kept.remove(process)
        process.__exit__(None, None, None)

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Its processes run alone within: some loops are busy even with nothing to do."""
        for process in self._kept:
            process.resume()
        try:
            yield
        finally:
            for process in self._kept:
                process.pause()


class Family(abc.ABC):
    """Cases that are measured in the same way."""

    name: str  # for the command line, and of the file with its results
    title: str
    about: str
    rounds: int  # how often each candidate is measured
    quick_rounds: int
    # So many rounds do for cases that are not thorough, and for candidates that are far behind by
    # then. 0: everything is measured in all rounds.
    few: int = 0
    participant: type[Participant]
    limits: tuple[str, ...] = ()  # candidates beside the loops: what the machine can do at most

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @property
    @abc.abstractmethod
    def cases(self) -> list[Case]:
        """What there is to measure."""

    @property
    def candidates(self) -> tuple[str, ...]:
        """On what, in the order of the tables."""
        return (*self.bench.settings.loops, *self.limits)

    def lacks(self) -> str | None:
        """What this machine lacks for it, with what to do; such a family is left out, and named."""
        return None

    def prepare(self, known: Mapping[str, float]) -> dict[str, float]:
        """Called before the first round. What it returns is stored with the results.

        `known` is what it returned when this measurement was begun, where it is taken up again.
        """
        return dict(known)

    def notes(self) -> list[str]:
        """Paragraphs that stand below the tables; asked after `prepare`."""
        return []

    def number_of_rounds(self) -> int:
        """How often everything is measured, in this run."""
        return self.bench.settings.rounds(self.rounds, self.quick_rounds)

    @contextlib.contextmanager
    def round(self) -> Iterator[dict[str, Participant]]:
        """A participant for each candidate. They stay side by side until the round ends."""
        with contextlib.ExitStack() as stack:
            yield {name: self.participant(name, self.bench, stack) for name in self.candidates}


def python(
    program: str, *arguments: str | int, core: int | None = None, tool: Sequence[str] = ()
) -> Process:
    """Starts the module `program` of benches.programs with the interpreter of this process.

    `tool` is a command that runs another one, such as valgrind.
    """
    module = f"benches.programs.{program}"
    return Process([*tool, sys.executable, "-m", module, *map(str, arguments)], core)

"""What all families share: cases, candidates, and one participant for each candidate and round."""

import abc
import contextlib
import dataclasses
import sys
from collections.abc import Iterator

from benches.compiler import Binaries
from benches.cores import Cores
from benches.model import Case
from benches.process import Process
from benches.settings import Settings

STARTS_WITHIN = 30.0  # seconds


@dataclasses.dataclass(frozen=True)
class Bench:
    """What a family measures with."""

    settings: Settings
    cores: Cores
    binaries: Binaries


class Participant(abc.ABC):
    """One candidate for one round. Its processes live in `stack`, and end with the round."""

    def __init__(self, candidate: str, bench: Bench, stack: contextlib.ExitStack) -> None:
        self.candidate = candidate
        self.bench = bench
        self.stack = stack

    @abc.abstractmethod
    def measure(self, case: Case) -> list[float]:
        """A sample of each of the case's figures. Raises MeasureError when there is none."""


class Family(abc.ABC):
    """Cases that are measured in the same way."""

    name: str  # for the command line
    title: str
    about: str
    rounds: int  # how often each candidate is measured
    quick_rounds: int
    participant: type[Participant]

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @property
    @abc.abstractmethod
    def cases(self) -> list[Case]:
        """What there is to measure."""

    @property
    def candidates(self) -> tuple[str, ...]:
        """On what, in the order of the tables."""
        return self.bench.settings.loops

    def number_of_rounds(self) -> int:
        """How often everything is measured, in this run."""
        return self.bench.settings.rounds(self.rounds, self.quick_rounds)

    @contextlib.contextmanager
    def round(self) -> Iterator[dict[str, Participant]]:
        """A participant for each candidate. They stay side by side until the round ends."""
        with contextlib.ExitStack() as stack:
            yield {name: self.participant(name, self.bench, stack) for name in self.candidates}


def python(program: str, *arguments: str | int, core: int | None = None) -> Process:
    """Starts the module `program` of benches.programs with the interpreter of this process."""
    module = f"benches.programs.{program}"
    return Process([sys.executable, "-m", module, *map(str, arguments)], core)

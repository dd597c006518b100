"""What is measured: cases with their figures, and the samples that came of them."""

import dataclasses
import enum
import statistics
from collections.abc import Callable, Iterable, Sequence

from benches.target import Target

# A candidate that fails so often at a case is left out of it, and has no figure there.
FAILURES_ALLOWED = 1
HUNG = "hung"  # the word for a candidate that was waited for in vain


class Unit(enum.Enum):
    """What a figure counts. Samples are in the unit's own measure: 1/s, bytes, seconds, 1."""

    RATE = "a second"
    BYTES = "bytes"
    SECONDS = "seconds"
    COUNT = "count"


class Shown(enum.Enum):
    """Which of its samples stands for a figure."""

    LEAST = "least"
    MEDIAN = "median"
    MOST = "most"

    def of(self, samples: Iterable[float]) -> float:
        """The one among `samples`, which are not empty."""
        return _CHOICES[self](samples)


_CHOICES: dict[Shown, Callable[[Iterable[float]], float]] = {
    Shown.LEAST: min,
    Shown.MEDIAN: statistics.median,
    Shown.MOST: max,
}


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of a case, and which of its samples stands for all."""

    name: str
    unit: Unit
    shown: Shown
    more_is_better: bool = False
    compared: bool = True  # whether a ratio says anything


def rate(name: str = "") -> Figure:
    """So many a second, in the middle of all samples."""
    return Figure(name, Unit.RATE, Shown.MEDIAN, more_is_better=True)


def duration(name: str = "", worst: bool = False) -> Figure:
    """Seconds; the shortest counts, or the longest."""
    return Figure(name, Unit.SECONDS, Shown.MOST if worst else Shown.LEAST)


def amount(name: str, unit: Unit, compared: bool = True) -> Figure:
    """So much of something, of which less is better, in the middle of all samples."""
    return Figure(name, unit, Shown.MEDIAN, compared=compared)


def leftover(name: str) -> Figure:
    """What should be nothing: the worst sample counts."""
    return Figure(name, Unit.COUNT, Shown.MOST, compared=False)


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to measure on each candidate."""

    name: str  # unlike that of every other case of its family
    figures: tuple[Figure, ...]
    parameters: tuple[str | int, ...] = ()  # what its family needs to know to measure it
    headline: str = ""  # what the README calls it; it has no row there without
    group: str = ""  # the table it stands in, where its family has several
    label: str = ""  # what its row is called there; without: its name
    target: Target | None = None  # what the subject is to reach in each of its compared figures
    same_as: str = ""  # another case, whose samples it has: it differs in what is said of them
    thorough: bool = False  # measured in all rounds, also where the family's `few` do for others


class MeasureError(Exception):
    """Why there is no sample: `word` stands in the table, the text below it."""

    def __init__(self, reason: object, word: str = "failed") -> None:
        super().__init__(reason)
        self.word = word


@dataclasses.dataclass(frozen=True)
class Failure:
    """What kept a candidate from a sample: a word, the reason, and how often."""

    word: str
    reason: str
    times: int = 1

    @property
    def final(self) -> bool:
        """Whether it happened so often that there is no figure."""
        return self.times > FAILURES_ALLOWED

    @property
    def last(self) -> bool:
        """Whether it will not be tried again: to wait in vain takes as long as many samples."""
        return self.final or self.word == HUNG


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure of a case: for each candidate a sample a round, or None where it failed.

    Who has fewer samples than others was not measured in the last rounds.
    """

    case: Case
    figure: Figure
    samples: dict[str, list[float | None]]

    @property
    def label(self) -> str:
        name = self.case.label or self.case.name
        return ", ".join(part for part in (name, self.figure.name) if part)

    def good(self, candidate: str) -> list[float]:
        """Its samples, without those that failed."""
        return [sample for sample in self.samples[candidate] if sample is not None]

    def value(self, candidate: str) -> float | None:
        """The sample that stands for all; None when too many failed."""
        good = self.good(candidate)
        failed = len(self.samples[candidate]) - len(good)
        return self.figure.shown.of(good) if good and failed <= FAILURES_ALLOWED else None


@dataclasses.dataclass(frozen=True)
class Table:
    """What came of a family of cases."""

    title: str
    about: str
    candidates: Sequence[str]
    rows: list[Row]
    failures: dict[tuple[str, str], Failure]  # by case and candidate
    limits: Sequence[str] = ()  # those candidates that are no event loops
    notes: Sequence[str] = ()  # what else a reader has to know of this run


@dataclasses.dataclass
class Measurement:
    """A table as far as it has come, and what it was measured on."""

    family: str
    table: Table
    facts: dict[str, str]
    quick: bool
    rounds: int  # that were wanted
    done: int = 0  # rounds
    known: dict[str, float] = dataclasses.field(default_factory=dict)  # see Family.prepare

    @property
    def complete(self) -> bool:
        return self.done >= self.rounds

"""What is measured: cases with their figures, and the samples that came of them."""

import dataclasses
import enum
import statistics
from collections.abc import Callable, Iterable, Sequence


class Unit(enum.Enum):
    """What a figure counts. Samples are in the unit's own measure: 1/s, bytes, seconds, 1."""

    RATE = "a second"
    BYTES = "bytes"
    SECONDS = "seconds"
    COUNT = "count"


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of a case, and which of its samples stands for all."""

    name: str
    unit: Unit
    shown: Callable[[Iterable[float]], float]  # max, min or statistics.median of the samples
    more_is_better: bool = False
    compared: bool = True  # whether a ratio says anything


def rate(name: str = "") -> Figure:
    """So many a second: the best one counts, all others were disturbed."""
    return Figure(name, Unit.RATE, max, more_is_better=True)


def duration(name: str = "", worst: bool = False) -> Figure:
    """Seconds; the shortest counts, or the longest."""
    return Figure(name, Unit.SECONDS, max if worst else min)


def amount(name: str, unit: Unit, compared: bool = True) -> Figure:
    """So much of something, in the middle of all samples."""
    return Figure(name, unit, statistics.median, compared=compared)


def leftover(name: str) -> Figure:
    """What should be nothing: the worst sample counts."""
    return Figure(name, Unit.COUNT, max, compared=False)


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to measure on each candidate."""

    name: str
    figures: tuple[Figure, ...]
    parameters: tuple[str | int, ...] = ()  # what its family needs to know to measure it
    headline: str = ""  # what the README calls it; it has no row there without


class MeasureError(Exception):
    """Why there is no sample; the text is for whoever reads the table."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure of a case: for each candidate a sample a round, or None where it failed."""

    case: Case
    figure: Figure
    samples: dict[str, list[float | None]]

    @property
    def label(self) -> str:
        return ", ".join(part for part in (self.case.name, self.figure.name) if part)

    def value(self, candidate: str) -> float | None:
        """The sample that stands for all; None when any failed."""
        samples = self.samples[candidate]
        good = [sample for sample in samples if sample is not None]
        return self.figure.shown(good) if good and len(good) == len(samples) else None


@dataclasses.dataclass(frozen=True)
class Table:
    """What came of a family of cases."""

    title: str
    about: str
    candidates: Sequence[str]
    rows: list[Row]
    failures: dict[tuple[str, str], str]  # case and candidate: why

"""Measures families of cases, candidates interleaved."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from benches.display import Display
from benches.families.base import Family, Participant
from benches.model import (
    FAILURES_ALLOWED,
    Case,
    Failure,
    MeasureError,
    Measurement,
    Row,
    Table,
)
from benches.units import written

Chosen = Sequence[tuple[Family, Sequence[Case]]]
ABSENT = "absent"


def number_of_samples(chosen: Chosen, begun: Mapping[str, Measurement]) -> int:
    """How many a session takes; `begun`: see Circumstances."""
    count = 0
    for family, cases in chosen:
        done = begun[family.name].done if family.name in begun else 0
        count += (family.number_of_rounds() - done) * len(cases) * len(family.candidates)
    return count


@dataclasses.dataclass(frozen=True)
class Circumstances:
    """What a session finds when it begins."""

    facts: dict[str, str] = dataclasses.field(default_factory=dict)
    quick: bool = False
    absent: dict[str, str] = dataclasses.field(default_factory=dict)  # loops, and why
    # What an earlier session had begun, by family: it goes on from there.
    begun: dict[str, Measurement] = dataclasses.field(default_factory=dict)


def begin(family: Family, cases: Sequence[Case], found: Circumstances) -> Measurement:
    """A measurement without samples."""
    rounds = family.number_of_rounds()
    rows = [
        Row(case, figure, {name: [] for name in family.candidates})
        for case in cases
        for figure in case.figures
    ]
    failures = {
        (case.name, name): Failure(ABSENT, reason, rounds + FAILURES_ALLOWED)
        for case in cases
        for name, reason in found.absent.items()
    }
    table = Table(
        family.title,
        family.about,
        family.candidates,
        rows,
        failures,
        family.limits,
        tuple(family.notes()),
    )
    return Measurement(family.name, table, found.facts, found.quick, rounds)


class Session:
    """Takes every sample. `chosen` has each family with those of its cases that are wanted.

    `keep` is called after each round, so that nothing is lost but what the last one had.
    """

    def __init__(
        self,
        chosen: Chosen,
        display: Display,
        found: Circumstances,
        keep: Callable[[Measurement], None],
    ) -> None:
        self._chosen = chosen
        self._display = display
        self._found = found
        self._keep = keep

    def run(self) -> list[Measurement]:
        return [self._measure(family, cases) for family, cases in self._chosen]

    def _measure(self, family: Family, cases: Sequence[Case]) -> Measurement:
        begun = self._found.begun.get(family.name)
        known = family.prepare(begun.known if begun else {})
        measurement = begun or begin(family, cases, self._found)
        measurement.known = known
        table = measurement.table
        rows = {
            case.name: [row for row in table.rows if row.case.name == case.name] for case in cases
        }
        for number in range(measurement.done, measurement.rounds):
            with family.round() as participants:
                for case in cases:
                    # Whoever is always first may find warm caches, or a cool processor.
                    for name in family.candidates[:: -1 if number % 2 else 1]:
                        self._sample(table, rows[case.name], case, participants[name])
            measurement.done = number + 1
            self._keep(measurement)
        return measurement

    def _sample(self, table: Table, rows: list[Row], case: Case, participant: Participant) -> None:
        candidate = participant.candidate
        what = ": ".join(part for part in (table.title, case.name, candidate) if part)
        self._display.begin(what)
        samples: Sequence[float | None] = [None] * len(rows)
        before = table.failures.get((case.name, candidate))
        result = ""
        if before and before.final:
            result = f"left out: {before.reason}"
        else:
            try:
                with participant.awake():
                    samples = participant.measure(case)
            except MeasureError as error:
                result = str(error)
                times = before.times + 1 if before else 1
                table.failures[case.name, candidate] = Failure(error.word, result, times)
        for row, sample in zip(rows, samples, strict=True):
            row.samples[candidate].append(sample)
        self._display.end(what, result or _written(rows, candidate))


def _written(rows: Sequence[Row], candidate: str) -> str:
    """The last samples of a candidate."""
    last = [(row.samples[candidate][-1], row.figure.unit) for row in rows]
    return ", ".join(written(sample, unit) for sample, unit in last if sample is not None)

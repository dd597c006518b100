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
from benches.report import comparison
from benches.units import written

Chosen = Sequence[tuple[Family, Sequence[Case]]]
ABSENT = "absent"
# The part of the best peer's rate below which nobody asks how much less it is.
FAR_BEHIND = 0.5


def number_of_samples(chosen: Chosen, begun: Mapping[str, Measurement]) -> int:
    """How many a session takes; `begun`: see Circumstances."""
    count = 0
    for family, cases in chosen:
        done = begun[family.name].done if family.name in begun else 0
        for case in own(cases):
            left = max(0, rounds_of(family, case) - done)
            count += left * len(family.candidates)
    return count


def own(cases: Sequence[Case]) -> list[Case]:
    """Those that have samples of their own."""
    names = {case.name for case in cases}
    return [case for case in cases if case.same_as not in names]


def rounds_of(family: Family, case: Case) -> int:
    """In how many rounds a case is measured."""
    rounds = family.number_of_rounds()
    return rounds if case.thorough or not family.few else min(rounds, family.few)


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
        measured = own(cases)
        for number in range(measurement.done, measurement.rounds):
            with family.round() as participants:
                for case in measured:
                    if number >= rounds_of(family, case):
                        continue
                    # Whoever is always first may find warm caches, or a cool processor.
                    for name in family.candidates[:: -1 if number % 2 else 1]:
                        if family.few and number >= family.few and is_far_behind(table, case, name):
                            self._leave(table, case, name)
                        else:
                            self._sample(table, rows[case.name], case, participants[name])
            for case in cases:
                if case not in measured:
                    _share(table, rows[case.same_as], rows[case.name])
            measurement.done = number + 1
            self._keep(measurement)
        return measurement

    def _leave(self, table: Table, case: Case, candidate: str) -> None:
        what = _what(table, case, candidate)
        self._display.begin(what)
        self._display.end(what, "far behind: measured often enough")

    def _sample(self, table: Table, rows: list[Row], case: Case, participant: Participant) -> None:
        candidate = participant.candidate
        what = _what(table, case, candidate)
        self._display.begin(what)
        samples: Sequence[float | None] = [None] * len(rows)
        before = table.failures.get((case.name, candidate))
        result = ""
        if before and before.last:
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


def _what(table: Table, case: Case, candidate: str) -> str:
    return ": ".join(part for part in (table.title, case.name, candidate) if part)


def is_far_behind(table: Table, case: Case, candidate: str) -> bool:
    """Whether a peer is so slow at a case that a few samples of it are enough.

    Not one that the subject is to be compared with, in whatever case.
    """
    subject = comparison.subject(comparison.loops(table))
    named = {row.case.target.of for row in table.rows if row.case.target}
    if candidate in {subject, *table.limits, *named}:
        return False
    row = next(row for row in table.rows if row.case.name == case.name)
    mine = row.value(candidate)
    peers = [row.value(name) for name in comparison.loops(table) if name != subject]
    best = max((value for value in peers if value is not None), default=0.0)
    return row.figure.more_is_better and mine is not None and mine < FAR_BEHIND * best


def _share(table: Table, of: Sequence[Row], to: Sequence[Row]) -> None:
    """Gives what was measured in one case to another one."""
    for source, row in zip(of, to, strict=True):
        row.samples.update({name: list(samples) for name, samples in source.samples.items()})
        for name in table.candidates:
            failure = table.failures.get((source.case.name, name))
            if failure:
                table.failures[row.case.name, name] = failure


def _written(rows: Sequence[Row], candidate: str) -> str:
    """The last samples of a candidate."""
    last = [(row.samples[candidate][-1], row.figure.unit) for row in rows]
    return ", ".join(written(sample, unit) for sample, unit in last if sample is not None)

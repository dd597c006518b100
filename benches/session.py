"""Measures families of cases, candidates interleaved."""

from collections.abc import Sequence

from benches.display import Display
from benches.families.base import Family, Participant
from benches.model import Case, MeasureError, Row, Table
from benches.units import written

Chosen = Sequence[tuple[Family, Sequence[Case]]]


def number_of_samples(chosen: Chosen) -> int:
    """How many a session takes."""
    return sum(
        family.number_of_rounds() * len(cases) * len(family.candidates) for family, cases in chosen
    )


class Session:
    """Takes every sample. `chosen` has each family with those of its cases that are wanted."""

    def __init__(self, chosen: Chosen, display: Display) -> None:
        self._chosen = chosen
        self._display = display

    def run(self) -> list[Table]:
        return [self._measure(family, cases) for family, cases in self._chosen]

    def _measure(self, family: Family, cases: Sequence[Case]) -> Table:
        rows = {
            case.name: [
                Row(case, figure, {name: [] for name in family.candidates})
                for figure in case.figures
            ]
            for case in cases
        }
        table = Table(
            family.title,
            family.about,
            family.candidates,
            [row for each in rows.values() for row in each],
            {},
        )
        for number in range(family.number_of_rounds()):
            with family.round() as participants:
                for case in cases:
                    # Whoever is always first may find warm caches, or a cool processor.
                    for name in family.candidates[:: -1 if number % 2 else 1]:
                        self._sample(table, rows[case.name], case, participants[name])
        return table

    def _sample(self, table: Table, rows: list[Row], case: Case, participant: Participant) -> None:
        candidate = participant.candidate
        what = ": ".join(part for part in (table.title, case.name, candidate) if part)
        self._display.begin(what)
        samples: Sequence[float | None] = [None] * len(rows)
        # Who has failed would take the time to fail again, and one failure is enough.
        if (case.name, candidate) not in table.failures:
            try:
                samples = participant.measure(case)
            except MeasureError as error:
                table.failures[case.name, candidate] = str(error)
        result = table.failures.get((case.name, candidate)) or ", ".join(
            written(sample, row.figure.unit)
            for row, sample in zip(rows, samples, strict=True)
            if sample is not None
        )
        for row, sample in zip(rows, samples, strict=True):
            row.samples[candidate].append(sample)
        self._display.end(what, result)

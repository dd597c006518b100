"""The figures of a table of measurements, as text: values and ratios."""

from collections.abc import Iterable, Sequence

from benches.model import Row, Table
from benches.report import markdown
from benches.samples import Ratio, ratio
from benches.units import written

SUBJECT = "rondel"
FAILED = "failed"


def subject(candidates: Sequence[str]) -> str:
    """Whom the others are compared with."""
    return SUBJECT if SUBJECT in candidates else candidates[-1]


def value(row: Row, candidate: str) -> str:
    """The figure of a candidate."""
    found = row.value(candidate)
    return FAILED if found is None else written(found, row.figure.unit)


def spread(found: Ratio | None) -> str:
    """A ratio with its lowest and highest."""
    if found is None:
        return ""
    if found.low == found.high:
        return f"{found.median:.2f}"
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def middle(found: Ratio | None) -> str:
    """A ratio alone."""
    return "" if found is None else f"{found.median:.2f}"


def ratio_to(row: Row, one: str, other: str) -> Ratio | None:
    """None where it says nothing."""
    return ratio(row.samples[one], row.samples[other]) if row.figure.compared else None


def full(table: Table) -> str:
    """All that a table has: each candidate's figure, and the ratios to all others with spread."""
    one = subject(table.candidates)
    others = [name for name in table.candidates if name != one]
    rows = [
        [
            row.label,
            *(value(row, name) for name in table.candidates),
            *(spread(ratio_to(row, one, other)) for other in others),
        ]
        for row in table.rows
    ]
    return markdown.table(["", *table.candidates, *(f"{one} / {other}" for other in others)], rows)


def short(tables: Iterable[Table], loops: Sequence[str]) -> str:
    """The headlines of all tables: the loops, and the ratios to the others of them."""
    one = subject(loops)
    others = [name for name in loops if name != one]
    rows = [
        [
            ", ".join(part for part in (row.case.headline, row.figure.name) if part),
            *(value(row, name) for name in loops),
            *(middle(ratio_to(row, one, other)) for other in others),
        ]
        for table in tables
        for row in table.rows
        if row.case.headline and row.figure.compared
    ]
    return markdown.table(["", *loops, *(f"{one} / {other}" for other in others)], rows)


def failures(table: Table) -> list[str]:
    """A line for each candidate that failed at something, and why."""
    return [
        f"- {FAILED}: {', '.join(part for part in key if part)}: {reason}"
        for key, reason in table.failures.items()
    ]

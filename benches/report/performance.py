"""docs/performance.md: everything that was measured, and on what."""

from collections.abc import Sequence

from benches.model import Measurement
from benches.report import comparison, markdown, provenance
from benches.report.markdown import paragraph
from benches.report.picture import Plot
from benches.target import LEVEL

OPENING = (
    "`make bench` measures all of this on your machine, in about two hours, keeps it in"
    " `benches/results/`, and writes this page of it. No figure was written by hand."
)

HOW = (
    "The candidates of a section are measured in turn: a sample of each, then the next round in the"
    " opposite order. A column named after a candidate has the median of its samples, or what the"
    " section says.",
    "`rondel / best peer` is the median, over the rounds, of the ratio of rondel's sample to that"
    " of the best peer, in brackets the lowest and the highest, and the name of that peer: of all"
    " other loops the one with the best median. Trust this column: what slowed the one sample has"
    " slowed the other too. The figures themselves differ from day to day, and from machine to"
    " machine. A range with 1.00 inside is a draw. More is better where something is counted a"
    f" second, less where it is time or memory. {comparison.BEHIND} marks where rondel is behind by"
    f" more than {1 - LEVEL:.0%}.",
    "`target` is what rondel set out to reach in a row, and whether the median of the ratios does:"
    f" of the best peer, level ({LEVEL} of it) or ahead by the factor that stands there; or of the"
    " loop that is named.",
    "A word in place of a figure: the loop is absent here, refused (it does not have the method),"
    " crashed, hung, or failed otherwise; which, stands below its table. One failure in a section's"
    " rounds is named there, too, and counts no further; after the second, or when it hangs, the"
    " candidate is left out of that row.",
)


def document(measurements: Sequence[Measurement], plots: Sequence[Plot], notes: str) -> str:
    """The page. `notes` is what was written by hand on what was tried."""
    shared = provenance.common(measurements)
    parts = [
        "# Performance",
        paragraph(OPENING),
        "\n".join(f"- {name}: {fact}" for name, fact in shared.items()),
        "## How to read it",
        *map(paragraph, HOW),
        "## Where rondel stands",
        standings(measurements),
    ]
    for measurement in measurements:
        table = measurement.table
        parts += [f"## {table.title}", paragraph(table.about)]
        parts += [plot.markdown() for plot in plots if plot.family == measurement.family]
        parts += [comparison.full(table), *map(paragraph, table.notes)]
        if table.failures:
            parts.append("\n".join(comparison.failures(table)))
        parts.append(paragraph(f"Measured: {provenance.own(measurement, shared)}."))
    if notes:
        parts += ["## What was tried", notes.strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def standings(measurements: Sequence[Measurement]) -> str:
    """How many figures of each section are level with the best peer's, or ahead, and which not."""
    rows = []
    behind_in_all = []
    for measurement in measurements:
        table = measurement.table
        found = [(row, comparison.standing(row, table)) for row in table.rows]
        stood = [(row, standing) for row, standing in found if standing]
        behind = [
            f"- {': '.join(filter(None, (table.title, row.case.name, row.figure.name)))}:"
            f" {standing.ratio.median:.2f} of {standing.peer}"
            for row, standing in stood
            if standing.behind
        ]
        rows.append([table.title, str(len(stood)), str(len(stood) - len(behind))])
        behind_in_all += behind
    rows.append(["all", *(str(sum(int(row[index]) for row in rows)) for index in (1, 2))])
    head = ["", "figures compared", f"at least {LEVEL} x the best peer"]
    parts = [markdown.table(head, rows)]
    if behind_in_all:
        parts += [f"Behind ({comparison.BEHIND}):", "\n".join(behind_in_all)]
    return "\n\n".join(parts)

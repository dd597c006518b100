"""docs/performance.md: everything that was measured, and on what."""

from collections.abc import Mapping, Sequence

from benches.model import Table
from benches.report import comparison
from benches.report.markdown import paragraph

OPENING = (
    "`make bench` measures all of this on your machine, in a few minutes, and writes this page."
    " Every figure comes from one run; none was written by hand."
)

HOW = (
    "The candidates are measured in turn: a sample of each, then the next round in the opposite"
    " order. A column named after a candidate has its best sample, or what the section says. A"
    " column `A / B` has the ratio of A's sample to B's of the same round: the median of all"
    " rounds, and in brackets the lowest and the highest.",
    "Trust the ratios: what slowed the one sample has slowed the other too. The figures themselves"
    " differ from day to day, and from machine to machine. A range with 1.00 inside is a draw. More"
    " is better where something is counted a second, less where it is time or memory.",
)


def document(tables: Sequence[Table], facts: Mapping[str, str]) -> str:
    """The page."""
    parts = [
        "# Performance",
        paragraph(OPENING),
        "\n".join(f"- {name}: {fact}" for name, fact in facts.items()),
        "## How to read it",
        *map(paragraph, HOW),
    ]
    for table in tables:
        parts += [f"## {table.title}", paragraph(table.about), comparison.full(table)]
        if table.failures:
            parts.append("\n".join(comparison.failures(table)))
    return "\n\n".join(parts) + "\n"

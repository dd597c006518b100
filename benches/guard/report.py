"""What the guard says."""

import pathlib
from collections.abc import Iterator, Mapping

from benches.guard.comparison import Comparison
from benches.guard.figures import Figures, Record
from benches.guard.instructions import Function

ACCEPT = "make bench-guard ARGS=--accept"


def table(scenarios: Mapping[str, Figures]) -> Iterator[str]:
    """A line for each: instructions and allocations of rondel and in all, then system calls."""
    head = "of an operation", "instructions", "of all", "allocations", "of all", "system calls"
    rows = [head, *(_row(name, figures) for name, figures in scenarios.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:5], widths[1:5], strict=True)]
        yield "  ".join([*cells, row[5]]).rstrip()


def _row(name: str, figures: Figures) -> tuple[str, ...]:
    by_rondel = figures.allocations["rondel"]
    calls = [
        call if count == 1 else f"{call} {count:g}" for call, count in figures.system_calls.items()
    ]
    return (
        name,
        f"{figures.instructions['rondel']:.0f}",
        f"{figures.instructions['total']:.0f}",
        f"{by_rondel:.2f}",
        f"{by_rondel + figures.allocations['python']:.2f}",
        ", ".join(calls) or "none",
    )


def functions(costs: Mapping[Function, float], most: int) -> Iterator[str]:
    """The functions of the most instructions, with the libraries they are in."""
    ordered = sorted(costs.items(), key=lambda item: -item[1])
    for (library, function), cost in ordered[:most]:
        yield f"  {cost:9.1f}  {pathlib.Path(library).name.partition('.')[0]:22} {function}"


def verdict(comparison: Comparison, old: Record, new: Record) -> Iterator[str]:
    """The differences, and what to do about them."""
    if not comparison.total_compared:
        yield "The instructions of the whole process are not compared, rondel's own are:"
        yield f"  recorded on {old.surroundings}"
        yield f"  this is     {new.surroundings}"
    yield from changes(comparison)
    if comparison.rises or comparison.unknown:
        yield f"If that is meant to be: {ACCEPT}, and commit the figures with their cause."
        if old.compiler != new.compiler:
            yield f"It may be the compiler: recorded with {old.compiler}, now {new.compiler}."
    elif comparison.falls:
        yield f"Nothing rose. To hold what was won: {ACCEPT}"
    else:
        yield "No figure has changed by more than the tolerance."


def changes(comparison: Comparison) -> Iterator[str]:
    """A line for each."""
    for name in comparison.unknown:
        yield f"new: {name}"
    for change in comparison.falls:
        yield f"fell: {change}"
    for change in comparison.rises:
        yield f"ROSE: {change}"

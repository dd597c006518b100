"""One run of the bench: everything from the wish to the report."""

import dataclasses
import pathlib
import sys
import tempfile
from collections.abc import Sequence

from rich.console import Console

from benches import compiler, cores, families, machine, settings
from benches.display import display
from benches.families.base import Bench, Family
from benches.families.startup import PROGRAM
from benches.model import Case, MeasureError, Table
from benches.process import Process
from benches.report import comparison, files, readme
from benches.session import Session, number_of_samples

STARTS_WITHIN = 30.0  # seconds
# Whoever waits for a core disturbs what is measured: more of them than this is worth a warning.
QUIET = 0.5
WARNING = "The load of this machine is {:.1f}: something else runs, and the figures will show it."


class NotReadyError(Exception):
    """The bench can't begin; the text says why, and what to do."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What to measure, and on what."""

    loops: tuple[str, ...]
    quick: bool
    names: list[str]  # of families or cases; none: all


def run(console: Console, wish: Wish, target: files.Files | None) -> int:
    """Measures, shows and writes. Returns the exit code; raises NotReadyError."""
    load = machine.load()
    try:
        if target:
            files.check(target)
    except (OSError, readme.MarksError) as problem:
        raise NotReadyError(f"can't write the report: {problem}") from None
    try:
        with tempfile.TemporaryDirectory(prefix="rondel-bench-") as folder:
            binaries = compiler.build(pathlib.Path(folder))
            limits = settings.choose(wish.loops, wish.quick)
            bench = Bench(limits, cores.choose(), binaries)
            facts = machine.facts(wish.loops, bench.cores, load)
            chosen = choose([family(bench) for family in families.ALL], wish.names)
            for loop in wish.loops:
                _check(loop)
            if load > QUIET:
                console.print(WARNING.format(load), style="yellow", soft_wrap=True)
            with display(console, number_of_samples(chosen)) as shown:
                tables = Session(chosen, shown).run()
    except compiler.CompilerError as problem:
        raise NotReadyError(problem) from None
    _show(console, tables)
    if target:
        files.write(target, tables, wish.loops, facts)
        console.print(f"Written: {target.performance} and {target.readme}", soft_wrap=True)
    return 1 if any(table.failures for table in tables) else 0


def choose(all_families: Sequence[Family], names: Sequence[str]) -> list[tuple[Family, list[Case]]]:
    """The cases whose path, family/case, starts with one of the names; all, where there is none."""
    chosen = []
    for family in all_families:
        cases = [case for case in family.cases if _wanted(f"{family.name}/{case.name}", names)]
        if cases:
            chosen.append((family, cases))
    if not chosen:
        there = ", ".join(family.name for family in all_families)
        raise NotReadyError(f"nothing is named {' or '.join(names)}; there are {there}")
    return chosen


def _wanted(path: str, names: Sequence[str]) -> bool:
    return not names or any(path.startswith(name) for name in names)


def _check(loop: str) -> None:
    """Does an empty program run on it?"""
    try:
        with Process([sys.executable, str(PROGRAM), loop]) as program:
            program.line(STARTS_WITHIN)
    except MeasureError as error:
        raise NotReadyError(
            f"no program runs on {loop} here: {error}\n`make bench` installs rondel and its peers"
        ) from None


def _show(console: Console, tables: Sequence[Table]) -> None:
    for table in tables:
        console.print(f"\n{table.title}", style="bold")
        console.print(comparison.full(table), markup=False, soft_wrap=True)
        for line in comparison.failures(table):
            console.print(line, style="red", markup=False, soft_wrap=True)

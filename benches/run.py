"""One run of the bench: everything from the wish to the report."""

import dataclasses
import sys
from collections.abc import Sequence

from rich.console import Console

from benches import cores, families, loads, machine, settings
from benches.display import display
from benches.families.base import Bench, Family
from benches.families.startup import PROGRAM
from benches.model import Case, MeasureError, Measurement, Table
from benches.process import Process
from benches.report import comparison, files, picture, readme
from benches.session import Chosen, Circumstances, Session, begin, number_of_samples
from benches.store import Store, StoreError, alike

STARTS_WITHIN = 30.0  # seconds
# Whoever waits for a core disturbs what is measured: more of them than this is worth a warning.
QUIET = 0.5
WARNING = "The load of this machine is {:.1f}: something else runs, and the figures will show it."
ORDER = [family.name for family in families.ALL]


class NotReadyError(Exception):
    """The bench can't begin; the text says why, and what to do."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What to measure, and on what."""

    loops: tuple[str, ...]
    optional: frozenset[str]  # those of them without which it goes on
    quick: bool
    names: list[str]  # of families or cases; none: all
    resume: bool


@dataclasses.dataclass(frozen=True)
class Target:
    """Where measurements are kept, and what is rendered of them."""

    store: Store
    files: files.Files


def run(console: Console, wish: Wish, target: Target | None) -> int:
    """Measures, shows and writes. Returns the exit code; raises NotReadyError."""
    load = machine.load()
    _check_target(target)
    absent = _absent(wish)
    on = cores.choose()
    try:
        bench = Bench(settings.choose(wish.loops, wish.quick), on, loads.build(on))
        facts = machine.facts(wish.loops, on, load)
    except loads.BuildError as problem:
        raise NotReadyError(problem) from None
    chosen: Chosen = choose([family(bench) for family in families.ALL], wish.names)
    chosen = _possible(console, chosen)
    found = Circumstances(facts, wish.quick, absent)
    if load > QUIET:
        console.print(WARNING.format(load), style="yellow", soft_wrap=True)
    if wish.resume and target:
        chosen = _what_is_left(console, chosen, found, target.store)
    keep = target.store.keep if target else _nothing
    with display(console, number_of_samples(chosen, found.begun)) as shown:
        measured = Session(chosen, shown, found, keep).run()
    _show(console, measured)
    if target:
        render(console, target)
    return 1 if any(_failed(measurement.table) for measurement in measured) else 0


def render(console: Console, target: Target) -> None:
    """Writes the report of all that was ever measured and kept. Raises NotReadyError."""
    _check_target(target)
    try:
        measurements = target.store.all(ORDER)
        files.write(target.files, measurements)
    except (OSError, StoreError) as problem:
        raise NotReadyError(f"can't write the report: {problem}") from None
    written = f"{target.files.performance} and {target.files.readme}"
    console.print(f"Written: {written}", soft_wrap=True)


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


def _check_target(target: Target | None) -> None:
    """Finds out before minutes are spent that nothing can be written."""
    if not target:
        return
    try:
        files.check(target.files)
        target.store.folder.mkdir(parents=True, exist_ok=True)
    except (OSError, readme.MarksError, picture.NoPlotsError) as problem:
        raise NotReadyError(f"can't write the report: {problem}") from None


def _absent(wish: Wish) -> dict[str, str]:
    """The loops on which not even an empty program runs, and why."""
    absent = {}
    for loop in wish.loops:
        try:
            with Process([sys.executable, str(PROGRAM), loop]) as program:
                program.line(STARTS_WITHIN)
        except MeasureError as error:
            if loop not in wish.optional:
                raise NotReadyError(
                    f"no program runs on {loop} here: {error}\n"
                    "`make bench` installs rondel and its peers"
                ) from None
            absent[loop] = str(error)
    return absent


def _possible(console: Console, chosen: Chosen) -> Chosen:
    """Without the families that lack something on this machine."""
    possible = []
    for family, cases in chosen:
        if problem := family.lacks():
            console.print(f"{family.name} is left out: {problem}", style="yellow", soft_wrap=True)
        else:
            possible.append((family, cases))
    return possible


def _what_is_left(console: Console, chosen: Chosen, found: Circumstances, store: Store) -> Chosen:
    """Without the families that are complete; what is begun of the others goes into `found`."""
    left = []
    for family, cases in chosen:
        fresh = begin(family, cases, found)
        done = store.complete(family.name)
        if done and alike(done, fresh):
            console.print(f"{family.name} is done, at this commit: left as it is", soft_wrap=True)
            continue
        begun = store.begun(family.name)
        if begun and alike(begun, fresh):
            console.print(f"{family.name} goes on after round {begun.done}", soft_wrap=True)
            found.begun[family.name] = begun
        left.append((family, cases))
    return left


def _failed(table: Table) -> bool:
    """Whether the subject, or a limit, failed at something: what a peer can't do is its own."""
    ours = {comparison.subject(comparison.loops(table)), *table.limits}
    return any(candidate in ours for _, candidate in table.failures)


def _nothing(_measurement: Measurement) -> None:
    """Keeps nothing: what is only shown."""


def _show(console: Console, measured: Sequence[Measurement]) -> None:
    for measurement in measured:
        table = measurement.table
        console.print(f"\n{table.title}", style="bold")
        console.print(comparison.full(table), markup=False, soft_wrap=True)
        for line in [*comparison.failures(table), *table.notes]:
            console.print(line, style="red", markup=False, soft_wrap=True)

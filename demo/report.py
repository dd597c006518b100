"""What is seen at the end: the table, and what went wrong."""

import os
import platform

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from demo.catalog import Bound
from demo.child import Usage
from demo.comparison import Comparison

MIB = 1024 * 1024
# Two runs of the same program on the same loop differ by as much on a busy machine.
NOISE = 0.10  # of the time
NOISE_SECONDS = 0.05

WIDTH = 80
# Head, width and side of each column. Together, with the gaps, WIDTH.
COLUMNS: tuple[tuple[str, int, JustifyMethod], ...] = (
    ("\nprogram", 21, "left"),
    ("\nloop", 7, "left"),
    ("time\ns", 5, "right"),
    ("CPU\ns", 5, "right"),
    ("mem.\nMiB", 4, "right"),
    ("\nthreads", 7, "right"),
    ("server\nCPU s", 6, "right"),
    ("server\nMiB", 6, "right"),
    ("", 11, "right"),
)


def show(console: Console, comparisons: list[Comparison], start_up: dict[str, float]) -> int:
    """Prints it all. `start_up` has the seconds of an empty program on each loop, in the order of
    comparison. Returns the exit code."""
    loops = list(start_up)
    heads = True
    # On a terminal that is narrower its own line breaks are better than figures cut short.
    console.width = max(console.width, WIDTH)
    for bound in Bound:
        chosen = [comparison for comparison in comparisons if comparison.example.bound is bound]
        if chosen:
            console.print()
            if heads:
                console.print(_table([], loops, heads=True))
                heads = False
            console.print(Text(bound.value, style="bold"))
            console.print(_table(chosen, loops, heads=False))
    _show_legend(console, comparisons, start_up)
    return _show_outcome(console, comparisons, loops)


def _table(comparisons: list[Comparison], loops: list[str], heads: bool) -> Table:
    result = Table(
        box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=heads, header_style="dim"
    )
    for head, width, side in COLUMNS:
        result.add_column(head, width=width, justify=side, no_wrap=True)
    for comparison in comparisons:
        _add_rows(result, comparison, loops)
    return result


def _add_rows(table: Table, comparison: Comparison, loops: list[str]) -> None:
    """A row for each loop. No figure of an example that failed on any: it would mean nothing."""
    title = comparison.example.title
    if failures := comparison.failures():
        for loop in dict.fromkeys(loop for loop, _ in failures):
            table.add_row(title, loop, *[""] * 6, Text("FAILED", style="bold red"))
            title = ""
        return
    first = comparison.times(loops[0])
    for loop in loops:
        figures = _figures(comparison.program(loop), comparison.server(loop))
        judged = verdict(first, comparison.times(loop)) if loop != loops[0] else Text()
        table.add_row(title, loop, *figures, judged)
        title = ""


def _figures(program: Usage, server: Usage | None) -> list[str]:
    return [
        f"{program.wall:.2f}",
        f"{program.cpu:.2f}",
        f"{program.memory / MIB:.0f}",
        "?" if program.threads is None else str(program.threads),
        f"{server.cpu:.2f}" if server else "",
        f"{server.memory / MIB:.0f}" if server else "",
    ]


def verdict(first: list[float], other: list[float]) -> Text:
    """How the times of another loop compare with those of the first.

    Both have one entry for each round. One is called faster when it clearly was in every round:
    the two of a round ran close together, so what else the machine did has touched both.
    """
    old, new = min(first), min(other)
    if abs(old - new) < max(NOISE * old, NOISE_SECONDS):
        return Text("same", style="dim")
    if len(first) < 2:
        return Text("one run", style="dim")
    slow, fast = (first, other) if new < old else (other, first)
    if any(a < b * (1 + NOISE / 2) for a, b in zip(slow, fast, strict=True)):
        return Text("same", style="dim")
    if new < old:
        return Text(f"{old / new:.1f}x faster", style="bold green")
    return Text(f"{new / old:.1f}x slower", style="bold yellow")


def _show_legend(
    console: Console, comparisons: list[Comparison], start_up: dict[str, float]
) -> None:
    empty = ", ".join(f"{seconds:.2f} s on {loop}" for loop, seconds in start_up.items())
    console.print(
        f"\nPython {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores."
        " Time and CPU are the best of all rounds, memory and threads the peak."
        f" They include starting Python: an empty program takes {empty}."
        " A server runs on the same loop as its program, in a process of its own.",
        style="dim",
    )
    for note in dict.fromkeys(note for each in comparisons for note in each.notes()):
        console.print(note, style="yellow", markup=False)


def _show_outcome(console: Console, comparisons: list[Comparison], loops: list[str]) -> int:
    failed = [comparison for comparison in comparisons if comparison.failures()]
    for comparison in failed:
        for loop, reason in comparison.failures():
            console.print(f"\n{comparison.example.title} on {loop}:", style="bold red")
            console.print(f"  {reason}", markup=False, soft_wrap=True)
    if failed:
        count = f"{len(failed)} of {len(comparisons)}"
        console.print(f"\n{count} programs failed.", style="bold red")
        return 1
    where = " and ".join(loops)
    if len(loops) > 1:
        which = "The program" if len(comparisons) == 1 else f"All {len(comparisons)} programs"
        console.print(f"{which} printed the same on {where}.")
    if "rondel" in loops:
        console.print("Try one of your own: [bold].venv/bin/python -m rondel PROGRAM.py[/bold]")
    return 0

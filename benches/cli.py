"""The command line: what to measure, and where to write it.

Exit code 0: all was measured, but for what peers can't do. 1: rondel failed at something, and that
stands in the tables. 2: the bench could not begin. 128 + N: ended by signal N.
"""

import argparse
import pathlib
import re
import sys

from rich.console import Console

from benches import families, interruption, run, store
from benches.report import files

PEERS = ("uvloop", "rloop", "zloop", "blazio", "talyn", "veloxloop")
LOOPS = ("asyncio", *PEERS, "rondel")


def parser() -> argparse.ArgumentParser:
    names = ", ".join(family.name for family in families.ALL)
    result = argparse.ArgumentParser(
        prog="python -m benches",
        description="Measures event loops side by side. The whole run takes about two hours,"
        " keeps its figures in benches/results/, and writes docs/performance.md and the table"
        " of README.md of them. The same with whole families (--only echo,udp). What you choose"
        " otherwise is only shown, unless you say --output.",
        epilog=f"What there is to measure: {names}.",
    )
    result.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="A,B",
        help="measure only what is named so, such as echo,udp or 'micro/call_soon'",
    )
    result.add_argument(
        "--quick", action="store_true", help="small and short: shows that it works, proves nothing"
    )
    result.add_argument(
        "--loops",
        default=",".join(LOOPS),
        metavar="A,B",
        help=f"measure these ({','.join(LOOPS)}): asyncio, or modules that have a new_event_loop",
    )
    result.add_argument(
        "--output",
        type=pathlib.Path,
        metavar="DIR",
        help="keep the figures in this folder, write performance.md and README.md there, and leave"
        " the project's alone",
    )
    result.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was interrupted: leave out what is complete at this commit",
    )
    result.add_argument(
        "--render", action="store_true", help="measure nothing: write the pages anew"
    )
    return result


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    loops = tuple(dict.fromkeys(name for name in options.loops.split(",") if name))
    if not loops:
        parser().error("--loops needs the name of a loop, such as asyncio")
    # Names of cases have commas too, with a space behind.
    names = [name for each in options.only for name in re.split(",(?! )", each) if name]
    wish = run.Wish(
        loops,
        frozenset(PEERS) if loops == LOOPS else frozenset(),
        options.quick,
        names,
        options.resume,
    )
    console = Console(highlight=False)
    interruption.arm()
    try:
        output = options.output
        if options.render:
            run.render(console, _within(output) if output else _project())
            return 0
        if output:
            return run.run(console, wish, _within(output))
        return run.run(console, wish, _project() if _of_the_project(wish) else None)
    except run.NotReadyError as problem:
        print(problem, file=sys.stderr)
        return 2
    except interruption.EndedBySignalError as signal:
        print(f"ended by {signal}; nothing is left running", file=sys.stderr)
        return signal.exit_code


def _of_the_project(wish: run.Wish) -> bool:
    """Whether it is what the project's own pages show: whole families, on all loops."""
    return not wish.quick and wish.loops == LOOPS and not any("/" in name for name in wish.names)


def _project() -> run.Target:
    return run.Target(store.of_the_project(), files.of_the_project())


def _within(output: pathlib.Path) -> run.Target:
    return run.Target(store.Store(output / "results"), files.within(output))

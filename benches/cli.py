"""The command line: what to measure, and where to write it.

Exit code 0: all was measured. 1: something failed, and stands as such in the tables. 2: the bench
could not begin. 128 + N: ended by signal N.
"""

import argparse
import pathlib
import sys

from rich.console import Console

from benches import families, interruption, run
from benches.report import files

LOOPS = "asyncio,uvloop,rondel"


def parser() -> argparse.ArgumentParser:
    names = ", ".join(family.name for family in families.ALL)
    result = argparse.ArgumentParser(
        prog="python -m benches",
        description="Measures event loops side by side. The whole run takes about five minutes, and"
        " writes docs/performance.md and the table of README.md; what you choose with the options"
        " below is only shown, unless you say --output.",
        epilog=f"What there is to measure: {names}.",
    )
    result.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="measure only what is named so, such as echo or 'micro/call_soon'; may be repeated",
    )
    result.add_argument(
        "--quick", action="store_true", help="small and short: shows that it works, proves nothing"
    )
    result.add_argument(
        "--loops",
        default=LOOPS,
        metavar="A,B",
        help=f"measure these ({LOOPS}): asyncio, or modules that have a new_event_loop",
    )
    result.add_argument(
        "--output",
        type=pathlib.Path,
        metavar="DIR",
        help="write performance.md and README.md into this folder, and leave the project's alone",
    )
    return result


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    loops = tuple(dict.fromkeys(name for name in options.loops.split(",") if name))
    if not loops:
        parser().error("--loops needs the name of a loop, such as asyncio")
    names = [name for name in options.only if name]
    target: files.Files | None
    if options.output:
        target = files.within(options.output)
    else:
        whole = not names and not options.quick and options.loops == LOOPS
        target = files.of_the_project() if whole else None
    console = Console(highlight=False)
    interruption.arm()
    try:
        return run.run(console, run.Wish(loops, options.quick, names), target)
    except run.NotReadyError as problem:
        print(problem, file=sys.stderr)
        return 2
    except interruption.EndedBySignalError as signal:
        print(f"ended by {signal}; nothing is left running", file=sys.stderr)
        return signal.exit_code

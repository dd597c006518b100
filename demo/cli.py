"""The command line: what to run, and the exit code.

0: all examples printed the same on every loop. 1: one failed, or printed something else.
2: the demo could not begin. 128 + N: ended by signal N.
"""

import argparse
import sys

from rich.console import Console

from demo import report
from demo.catalog import CATALOG, Example, choose
from demo.interrupt import EndedBySignalError, Interruption
from demo.preflight import NotReadyError, check_loop
from demo.progress import display
from demo.session import Session


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m demo",
        description="Runs the programs of examples/ on asyncio and on rondel, unmodified,"
        " and compares time, CPU, memory and threads.",
        epilog=f"Examples: {', '.join(example.name for example in CATALOG)}.",
    )
    result.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="run only the examples with NAME in their names; may be repeated",
    )
    result.add_argument("--quick", action="store_true", help="small sizes, once each")
    result.add_argument(
        "--loops",
        default="asyncio,rondel",
        metavar="A,B",
        help="compare these: asyncio, rondel, or any module with a new_event_loop, such as uvloop",
    )
    return result


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    loops = list(dict.fromkeys(name for name in options.loops.split(",") if name))
    if not loops:
        parser().error("--loops needs the name of a loop, such as asyncio")
    try:
        examples = choose(options.only)
    except LookupError as error:
        parser().error(str(error.args[0]))
    console = Console(highlight=False)
    interruption = Interruption()
    try:
        return _run(console, examples, loops, options.quick, interruption)
    except NotReadyError as problem:
        print(problem, file=sys.stderr)
        return 2
    except EndedBySignalError as signal:
        print(f"ended by {signal}; nothing is left running", file=sys.stderr)
        return signal.exit_code


def _run(
    console: Console,
    examples: list[Example],
    loops: list[str],
    quick: bool,
    interruption: Interruption,
) -> int:
    start_up = {loop: check_loop(loop, interruption.check) for loop in loops}
    with display(console, len(examples) * len(loops)) as shown:
        session = Session(examples, loops, quick, shown, interruption.check)
        session.run()
    return report.show(console, session.comparisons, start_up)

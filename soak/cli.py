"""The command line, and the exit code.

0: nothing went wrong and nothing was left. 1: something did. 2: the run could not begin.
128 + N: ended by signal N.
"""

import argparse
import json
import pathlib
import random
import sys
from collections.abc import Callable

from soak import report
from soak.settings import Settings, bearable
from soak.supervisor import supervise


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m soak",
        description="Runs everything that a loop can do, at once and at random; at the end nothing"
        " may be left, and the memory must be flat.",
    )
    result.add_argument("--seconds", type=_positive(float), default=600, help="default: 600")
    result.add_argument("--seed", type=int, help="of an earlier run, to repeat it")
    result.add_argument(
        "--at-once", type=_positive(int), help=f"actors at the same time; here: {bearable()}"
    )
    result.add_argument(
        "--patience",
        type=_positive(float),
        default=60,
        metavar="SECONDS",
        help="what takes longer hangs; default: 60",
    )
    result.add_argument(
        "--loop",
        default="rondel",
        help="rondel, asyncio, or a module that has a new_event_loop",
    )
    result.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="actors with NAME in their names",
    )
    result.add_argument(
        "--actors", action="append", default=[], metavar="MODULE", help="add the actors of MODULE"
    )
    result.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the report there")
    return result


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    def convert(text: str) -> float:
        if not (value := kind(text)) > 0:
            raise argparse.ArgumentTypeError(f"{text}: must be more than 0")
        return value

    return convert


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    settings = Settings(
        seed=random.randrange(1 << 32) if options.seed is None else options.seed,
        seconds=options.seconds,
        at_once=options.at_once or bearable(),
        patience=options.patience,
        loop=options.loop,
        only=tuple(options.only),
        modules=tuple(options.actors),
    )
    print(
        f"soak: seed {settings.seed}, {settings.at_once} at once on {settings.loop},"
        f" {settings.seconds:g} s, Python {sys.version.split()[0]}",
        flush=True,
    )
    ended = supervise(settings)
    if ended.exit_code == 2:
        return 2
    if options.json:
        options.json.write_text(json.dumps(report.as_json(settings, ended), indent=2) + "\n")
    print(report.as_text(settings, ended), flush=True)
    return ended.exit_code

"""The command line of the guard.

Exit code 0: nothing rose. 1: a figure did, or has none to be compared with. 2: nothing could be
counted.
"""

import argparse
import os
import pathlib
import sys
import tempfile

from benches.guard import comparison, machine, native, report, tool
from benches.guard.figures import Record, load, save
from benches.guard.settings import FIGURES


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m benches.guard",
        description="Counts what a message and a callback cost: instructions, allocations, system"
        " calls. Compares it with the figures of the last time, and fails where one rose by more"
        " than 3 %. docs/bench-guard.md says what each of them is.",
    )
    result.add_argument(
        "--accept", action="store_true", help="write down what was counted, instead of comparing"
    )
    result.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="count only the scenarios whose names begin so, such as tcp; may be repeated",
    )
    result.add_argument(
        "--functions",
        type=int,
        default=0,
        metavar="N",
        help="show the N functions of the most instructions, too",
    )
    result.add_argument(
        "--figures",
        type=pathlib.Path,
        metavar="FILE",
        help=f"compare with this file's; else with {FIGURES.name}/{machine.family()}.json",
    )
    return result


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    path = options.figures or FIGURES / f"{machine.family()}.json"
    try:
        old = load(path)
        if old is None and not options.accept:
            print(
                f"no figures for {machine.family()}: {path} is not there; {report.ACCEPT} makes it"
            )
            return 1
        with tempfile.TemporaryDirectory(prefix="rondel-guard-") as folder:
            new = _counted(pathlib.Path(folder), options.only, options.functions)
        if options.accept or old is None:
            return _accept(path, old, new, partly=bool(options.only))
        return _compare(old, new)
    except tool.ToolError as error:
        print(error, file=sys.stderr)
        return 2


def _counted(build: pathlib.Path, only: list[str], most: int) -> Record:
    tool.need("valgrind", "strace", "cc")
    native.build(build)
    # The scenarios need what was built.
    sys.path.append(str(build))
    from benches.guard import count, scenarios

    chosen = [
        scenario
        for name, scenario in scenarios.ALL.items()
        if not only or name.startswith(tuple(only))
    ]
    if not chosen:
        raise tool.ToolError(f"no scenario begins so; there are: {', '.join(scenarios.ALL)}")
    workers = min(2, len(os.sched_getaffinity(0)))
    results = count.count_all(chosen, build, workers, lambda name: print(f"  {name}", flush=True))
    figures = {name: counted for name, (counted, _) in results.items()}
    print("\n".join(["", *report.table(figures), ""]))
    if most:
        for name, (_, functions) in results.items():
            print("\n".join([f"{name}:", *report.functions(functions, most), ""]))
    return Record(machine.compiler(), machine.surroundings(), figures)


def _accept(path: pathlib.Path, old: Record | None, new: Record, partly: bool) -> int:
    if old:
        print("\n".join(report.changes(comparison.compare(old, new))))
    if old and partly:
        if (old.compiler, old.surroundings) != (new.compiler, new.surroundings):
            raise tool.ToolError(
                "the other figures were counted on another machine: accept all, without --only:\n"
                f"  recorded on {old.compiler}, {old.surroundings}\n"
                f"  this is     {new.compiler}, {new.surroundings}"
            )
        new = Record(new.compiler, new.surroundings, old.scenarios | new.scenarios)
    save(path, new)
    print(f"accepted: {path}")
    return 0


def _compare(old: Record, new: Record) -> int:
    found = comparison.compare(old, new)
    print("\n".join(report.verdict(found, old, new)))
    return 1 if found.rises or found.unknown else 0

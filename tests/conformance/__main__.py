"""Runs the suites, checks the registry, writes the page.

usage: python -m conformance [PYTHON...] [--suite SUITE] [--module MODULE...] [--jobs N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

if __package__ in {None, ""}:
    sys.path[0] = str(Path(__file__).parents[1])

from conformance import registry, report, suites, uvloop_source
from conformance.session import Session
from conformance.suites import Interpreter, Module
from conformance.supervisor import Settings

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "conformance"
PAGE = ROOT / "docs" / "conformance.md"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make conformance", description="Runs CPython's and uvloop's suites on rondel."
    )
    parser.add_argument(
        "python", nargs="*", default=[sys.executable], help="interpreters that have rondel"
    )
    parser.add_argument("--suite", choices=suites.SUITES, help="this suite alone")
    parser.add_argument("--module", nargs="+", help="these modules alone")
    parser.add_argument("--jobs", type=int, default=4, help="so many modules at once")
    parser.add_argument("--stall", type=float, default=30, help="seconds after which a test hangs")
    return parser.parse_args(arguments)


def choose(arguments: argparse.Namespace, interpreters: list[Interpreter]) -> list[Module]:
    """The modules to run; says which Pythons have none."""
    modules = []
    for python in interpreters:
        if arguments.suite != suites.UVLOOP:
            if python.tests is None:
                print(f"Python {python.version}: SKIPPED: it came without its tests")
            modules += suites.cpython_modules(python)
        if arguments.suite != suites.CPYTHON:
            modules += suites.uvloop_modules(python, uvloop_source.unpacked(CACHE))
    if arguments.module:
        modules = [module for module in modules if module.name in arguments.module]
    if not modules:
        raise ValueError("nothing to run")
    return modules


def main() -> int:
    """Give 0 if rondel differs only where the registry says so, 1 if not, 2 if it cannot run."""
    arguments = parse()
    try:
        entries = registry.load()
        interpreters = [suites.interpreter(executable) for executable in arguments.python]
        modules = choose(arguments, interpreters)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    settings = Settings(arguments.stall, uvloop_source.folder(CACHE))
    session = Session(settings, arguments.jobs, entries)
    session.run(modules)
    problems = session.problems()
    for line in [*report.totals(session, entries), *problems]:
        print(line)
    if problems:
        print(f"conformance: {len(problems)} problems")
        return 1
    print("conformance: rondel differs as listed, and nowhere else")
    if not arguments.module and not arguments.suite:
        PAGE.write_text(report.page(session, interpreters, entries))
        print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

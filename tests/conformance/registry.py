"""The known differences (differences.toml), and the check of a run against them, both ways."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance import suites

KINDS = {
    "private": "a private attribute of asyncio's or uvloop's own loop",
    "better": "deliberate, and better",
    "platform": "a limit of the platform",
}
PYTHONS = ("3.11", "3.12", "3.13")
FIELDS = {"suite", "tests", "pythons", "kind", "reason"}
FILE = Path(__file__).with_name("differences.toml")


class RegistryError(ValueError):
    """An entry of the registry that says too little, or something wrong."""


@dataclass(frozen=True)
class Entry:
    """A known difference."""

    suite: str
    #: Each is `module.Class.test`, with wildcards as in file names.
    tests: tuple[str, ...]
    kind: str
    reason: str
    pythons: tuple[str, ...] = PYTHONS

    def patterns(self, results: Results) -> list[str]:
        """Those of its patterns that a run says something about."""
        if self.suite != results.suite or results.python not in self.pythons:
            return []
        return [test for test in self.tests if test.split(".")[0] in results.modules]


@dataclass
class Results:
    """What a suite came to on one Python. A test that was skipped is in neither set."""

    suite: str
    #: As "3.13".
    python: str
    #: The modules that ran.
    modules: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    #: Those that fell short on rondel, and not on asyncio's own loop.
    differing: set[str] = field(default_factory=set)


def load(file: Path = FILE) -> list[Entry]:
    """The entries of the file.

    Raises RegistryError for an entry that lacks something, OSError if there is no file.
    """
    try:
        document = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{file}: {error}") from error
    unknown = document.keys() - {"difference"}
    if unknown:
        raise RegistryError(f"{file}: no such table: {', '.join(sorted(unknown))}")
    return [_entry(table, number) for number, table in enumerate(document.get("difference", []), 1)]


def _entry(table: Mapping[str, Any], number: int) -> Entry:
    tests = table.get("tests")
    where = f"difference {number} ({tests})"
    unknown = table.keys() - FIELDS
    if unknown:
        raise RegistryError(f"{where}: unknown: {', '.join(sorted(unknown))}")
    for name in ("suite", "kind", "reason"):
        if not isinstance(table.get(name), str) or not table[name].strip():
            raise RegistryError(f"{where}: needs a {name}")
    if not isinstance(tests, list) or not tests or not all(isinstance(t, str) for t in tests):
        raise RegistryError(f"{where}: needs a list of tests")
    if table["suite"] not in suites.SUITES:
        raise RegistryError(f"{where}: suite is one of {', '.join(suites.SUITES)}")
    if table["kind"] not in KINDS:
        raise RegistryError(f"{where}: kind is one of {', '.join(KINDS)}")
    pythons = table.get("pythons", list(PYTHONS))
    if not isinstance(pythons, list) or not pythons or not set(pythons) <= set(PYTHONS):
        raise RegistryError(f"{where}: pythons is a list of some of {', '.join(PYTHONS)}")
    reason = " ".join(table["reason"].split())
    return Entry(table["suite"], tuple(tests), table["kind"], reason, tuple(pythons))


def check(entries: Iterable[Entry], results: Results) -> list[str]:
    """What is wrong: a difference that is not listed, and a listed one that is none.

    A pattern is held against a run only where the module that it names has run.
    """
    problems = []
    listed = set()
    for pattern in (pattern for entry in entries for pattern in entry.patterns(results)):
        covered = set(fnmatch.filter(results.differing, pattern))
        listed |= covered
        if not covered:
            problems.append(f"listed, but gone: {pattern}")
        problems.extend(
            f"listed, but passes: {test} ({pattern})"
            for test in sorted(fnmatch.filter(results.passed, pattern))
        )
    problems.extend(f"not listed: {test}" for test in sorted(results.differing - listed))
    return problems

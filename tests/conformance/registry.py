"""The known differences (differences.toml), and the check of a run against them, both ways."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance import suites

KINDS = {
    "private": "a private attribute of asyncio's or uvloop's own loop",
    "better": "deliberate, and better",
    "platform": "a limit of the platform",
}
PYTHONS = ("3.11", "3.12", "3.13")
FIELDS = {"suite", "test", "pythons", "kind", "reason"}
FILE = Path(__file__).with_name("differences.toml")


class RegistryError(ValueError):
    """An entry of the registry that says too little, or something wrong."""


@dataclass(frozen=True)
class Entry:
    """A known difference."""

    suite: str
    #: `module.Class.test`, with wildcards as in file names.
    test: str
    kind: str
    reason: str
    pythons: tuple[str, ...] = PYTHONS

    def covers(self, suite: str, python: str, test: str) -> bool:
        """Whether the test is one of those it names."""
        return suite == self.suite and python in self.pythons and fnmatchcase(test, self.test)

    def __str__(self) -> str:
        return f"{self.suite}: {self.test}"


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
    where = f"difference {number} ({table.get('test', 'no test')})"
    unknown = table.keys() - FIELDS
    if unknown:
        raise RegistryError(f"{where}: unknown: {', '.join(sorted(unknown))}")
    for name in ("suite", "test", "kind", "reason"):
        if not isinstance(table.get(name), str) or not table[name].strip():
            raise RegistryError(f"{where}: needs a {name}")
    if table["suite"] not in suites.SUITES:
        raise RegistryError(f"{where}: suite is one of {', '.join(suites.SUITES)}")
    if table["kind"] not in KINDS:
        raise RegistryError(f"{where}: kind is one of {', '.join(KINDS)}")
    pythons = table.get("pythons", list(PYTHONS))
    if not isinstance(pythons, list) or not pythons or not set(pythons) <= set(PYTHONS):
        raise RegistryError(f"{where}: pythons is a list of some of {', '.join(PYTHONS)}")
    reason = " ".join(table["reason"].split())
    return Entry(table["suite"], table["test"], table["kind"], reason, tuple(pythons))


def check(entries: Iterable[Entry], results: Results) -> list[str]:
    """What is wrong: a difference that is not listed, and a listed one that is none.

    An entry is held against a run only where the module that it names has run.
    """
    problems = []
    listed = set()
    for entry in entries:
        if entry.test.split(".")[0] not in results.modules:
            continue
        if entry.suite != results.suite or results.python not in entry.pythons:
            continue
        covered = {test for test in results.differing if _covers(entry, results, test)}
        listed |= covered
        if not covered:
            problems.append(f"listed, but gone: {entry}")
        problems.extend(
            f"listed, but passes: {test} ({entry})"
            for test in sorted(results.passed)
            if _covers(entry, results, test)
        )
    problems.extend(f"not listed: {test}" for test in sorted(results.differing - listed))
    return problems


def _covers(entry: Entry, results: Results, test: str) -> bool:
    return entry.covers(results.suite, results.python, test)

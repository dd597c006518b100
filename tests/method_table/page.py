"""docs/methods.md: written from records of calls, and read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import surface
from .surface import Row

FILE = Path(__file__).parents[2] / "docs" / "methods.md"
PYTHONS = ("3.11", "3.12", "3.13")
#: In the cell of a Python that has no such argument.
ABSENT = "-"

HEAD = """# Methods

Every public method of asyncio's event loop, server and transports, with every argument, as each
Python has them; `make methods` writes this page. A cell names a test that passes this argument,
with another value than its default, to a rondel object: the suite ran with every call written
down, and `tests/test_method_table.py` runs these tests again to see that they still do. A dash
stands where this Python has no such argument.
"""

#: What each section is about.
ABOUT = {
    surface.LOOP: "The loop: `rondel.EventLoop`.",
    surface.SERVER: "What `create_server` and `create_unix_server` give.",
    "Transport": "A connection: TCP, Unix or TLS.",
    "DatagramTransport": "A datagram endpoint: UDP or Unix.",
    "SubprocessTransport": "A child process.",
    "ReadTransport": "The reading end of a pipe.",
    "WriteTransport": "The writing end of a pipe.",
}


@dataclass
class Record:
    """What one Python has, and which tests were seen to use it."""

    python: str
    rows: set[Row] = field(default_factory=set)
    tests: dict[Row, set[str]] = field(default_factory=dict)

    def add(self, data: dict[str, Any]) -> None:
        """Take in what one process wrote."""
        self.rows |= {Row(*row) for row in data["rows"]}
        for *row, test in data["calls"]:
            self.tests.setdefault(Row(*row), set()).add(test)


Table = dict[Row, dict[str, str]]


def choose(record: Record) -> dict[Row, str]:
    """For each row the test that is most about it, or an empty string."""
    breadth = Counter(test for tests in record.tests.values() for test in tests)

    def rank(row: Row, test: str) -> tuple[bool, bool, int, str]:
        words = test.split("::")[1]
        return (
            row.argument.strip("*") not in words,
            row.method not in words,
            breadth[test],
            test,
        )

    return {
        row: min(record.tests.get(row, ()), key=lambda test, row=row: rank(row, test), default="")
        for row in record.rows
    }


def table(records: Iterable[Record]) -> Table:
    """The cells of all Pythons."""
    cells: Table = {}
    for record in records:
        for row, test in choose(record).items():
            cells.setdefault(row, {})[record.python] = test
    return {row: cells[row] for row in _in_order(cells)}


def render(cells: Table) -> str:
    """The page as Markdown."""
    text = HEAD
    for owner in surface.owners():
        text += f"\n## {owner}\n\n{ABOUT[owner]}\n\n"
        text += f"| method | argument | {' | '.join(PYTHONS)} |\n|---|---|{'---|' * len(PYTHONS)}\n"
        for row in (row for row in cells if row.owner == owner):
            columns = [cells[row].get(python, ABSENT) for python in PYTHONS]
            argument = f"`{row.argument}`" if row.argument else ""
            text += f"| `{row.method}` | {argument} | {' | '.join(columns)} |\n"
    return text


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """As asyncio has them: its methods by name, their arguments in the order of the signature."""
    place = {row: number for number, row in enumerate(surface.rows())}
    return sorted(rows, key=lambda row: (row.method, place.get(row, len(place)), row.argument))


def read(text: str) -> Table:
    """The cells of the page."""
    cells: Table = {}
    owner = ""
    for line in text.splitlines():
        if heading := re.match(r"## (\w+)", line):
            owner = heading[1]
        elif line.startswith("| `"):
            method, argument, *columns = (part.strip(" `") for part in line.strip("|").split("|"))
            cells[Row(owner, method, argument)] = {
                python: test
                for python, test in zip(PYTHONS, columns, strict=True)
                if test != ABSENT
            }
    return cells

"""docs/conformance.md, out of a run."""

from __future__ import annotations

from collections.abc import Iterable

from conformance import suites, uvloop_source
from conformance.registry import KINDS, Entry
from conformance.session import ModuleRun, Session
from conformance.suites import Interpreter

TITLES = {
    suites.CPYTHON: "CPython's test_asyncio",
    suites.UVLOOP: f"uvloop {uvloop_source.VERSION}",
}

HEAD = """# Conformance

`make conformance` runs the suites of others on rondel, and writes this page. It fails on a test
that falls short and is not listed below, and on one that is listed and does not.

- **CPython's own `test_asyncio`**, as it comes with each Python. Where it asks for asyncio's
  default loop, or for `asyncio.SelectorEventLoop` by name, it gets `rondel.EventLoop`.
- **uvloop's tests**, out of its source distribution. A module named `uvloop` stands in for it and
  gives out rondel's loops. Its tests come in pairs, one with uvloop's expectations and one with
  asyncio's: both run on rondel.

Every module runs in a process of its own; a test that hangs or crashes is named, and the others
go on. What falls short and is not listed runs once more by itself, and, for CPython's suite, on
asyncio's own loop: what fails there too is the machine's, and is counted apart.

## Counts

| suite | Python | passed | skipped | listed below | fails on asyncio too |
|---|---|---:|---:|---:|---:|
"""


def page(session: Session, interpreters: Iterable[Interpreter], entries: list[Entry]) -> str:
    """The page as Markdown."""
    text = HEAD
    for row in _rows(session):
        text += f"| {' | '.join(row)} |\n"
    for python in interpreters:
        if python.tests is None:
            text += f"\nPython {python.version} came without its tests here.\n"
    text += "\nA test is skipped by its suite, for the system or the version of Python at hand.\n"
    text += f"\n## Known differences\n\n{_differences(entries)}\n## Left out\n\n"
    text += "Tests of asyncio's or uvloop's own parts, which no other loop has:\n\n"
    for name, reason in _left_out().items():
        text += f"- `{name}`: {reason}.\n"
    for module, classes in suites.CPYTHON_CLASSES.items():
        text += f"- `{module}`, but for {_listing(classes)}: asyncio's own parts, on mocks.\n"
    return text


def _left_out() -> dict[str, str]:
    modules = suites.CPYTHON_WITHOUT | suites.CPYTHON_WITHOUT_CLASSES
    return modules | {f"uvloop: {name}": reason for name, reason in suites.UVLOOP_WITHOUT.items()}


def _listing(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _differences(entries: list[Entry]) -> str:
    if not entries:
        return "None.\n"
    text = ""
    for kind, meaning in KINDS.items():
        if any(entry.kind == kind for entry in entries):
            text += f"- *{kind}*: {meaning}.\n"
    text += "\n| suite | tests | Pythons | kind | reason |\n|---|---|---|---|---|\n"
    for entry in entries:
        tests = "<br>".join(f"`{test}`" for test in entry.tests)
        text += f"| {entry.suite} | {tests} | {', '.join(entry.pythons)} | {entry.kind} |"
        text += f" {entry.reason} |\n"
    return text


def _rows(session: Session) -> list[list[str]]:
    groups: dict[tuple[str, str], list[ModuleRun]] = {}
    for this in session.runs:
        groups.setdefault((this.module.suite, this.module.python.version), []).append(this)
    rows = []
    for (suite, version), runs in sorted(groups.items()):
        outcomes = [outcome.what for this in runs for outcome in this.outcomes.values()]
        numbers = [
            outcomes.count("passed"),
            outcomes.count("skipped"),
            sum(len(this.differing()) for this in runs),
            sum(len(this.shared) for this in runs),
        ]
        rows.append([TITLES[suite], version, *(f"{number:,}" for number in numbers)])
    return rows


def totals(session: Session, entries: list[Entry]) -> list[str]:
    """The counts, for the terminal."""
    lines = [""]
    for suite, version, passed, skipped, short, shared in _rows(session):
        lines.append(
            f"{suite} on Python {version}: {passed} passed, {skipped} skipped, {short} fall short"
            f", {shared} fail on asyncio too"
        )
    unsteady = sum(len(this.unsteady) for this in session.runs)
    lines.append(
        f"{unsteady} passed only at the second try; {len(entries)} known differences; "
        f"{session.seconds:.0f} s"
    )
    return lines

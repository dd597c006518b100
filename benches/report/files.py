"""Where the report goes."""

import dataclasses
import errno
import os
import pathlib
from collections.abc import Mapping, Sequence

from benches.model import Table
from benches.report import comparison, performance, readme
from benches.report.markdown import paragraph
from benches.settings import ROOT


@dataclasses.dataclass(frozen=True)
class Files:
    performance: pathlib.Path
    readme: pathlib.Path


def of_the_project() -> Files:
    return Files(ROOT / "docs" / "performance.md", ROOT / "README.md")


def within(folder: pathlib.Path) -> Files:
    return Files(folder / "performance.md", folder / "README.md")


def check(files: Files) -> None:
    """Finds out before minutes are spent: raises OSError or MarksError if it can't write."""
    readme.with_table((ROOT / "README.md").read_text(), "")
    for path in (files.performance, files.readme):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def write(
    files: Files, tables: Sequence[Table], loops: Sequence[str], facts: Mapping[str, str]
) -> None:
    """Writes the page of all figures, and the project's README with its table renewed."""
    table = f"{comparison.short(tables, loops)}\n\n{caption(facts)}"
    text = readme.with_table((ROOT / "README.md").read_text(), table)
    files.performance.write_text(performance.document(tables, facts))
    files.readme.write_text(text)


def caption(facts: Mapping[str, str]) -> str:
    """What the table of the README was measured on."""
    text = (
        f"{facts['Loops']}, on {facts['System']}; {facts['Processor']}. Measured"
        f" {facts['Measured']}: the best of several rounds, and the medians of the ratios of"
        " samples taken in turn. More is better, but for memory."
    )
    more = "All figures, and how they came about: [docs/performance.md](docs/performance.md)."
    return f"{paragraph(text)}\n\n{more}"

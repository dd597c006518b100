"""Where the report goes."""

import dataclasses
import errno
import os
import pathlib
from collections.abc import Sequence

from benches.model import Measurement
from benches.report import comparison, performance, picture, plots, provenance, readme
from benches.report.markdown import paragraph
from benches.settings import ROOT

NOTES = ROOT / "docs" / "performance-notes.md"


@dataclasses.dataclass(frozen=True)
class Files:
    performance: pathlib.Path
    readme: pathlib.Path
    plots: pathlib.Path  # a folder
    plots_needed: bool  # else it goes without, where they can't be drawn


def of_the_project() -> Files:
    docs = ROOT / "docs"
    return Files(docs / "performance.md", ROOT / "README.md", docs / "plots", plots_needed=True)


def within(folder: pathlib.Path) -> Files:
    return Files(
        folder / "performance.md", folder / "README.md", folder / "plots", plots_needed=False
    )


def check(files: Files) -> None:
    """Finds out before minutes are spent: raises OSError, MarksError or NoPlotsError."""
    readme.with_table((ROOT / "README.md").read_text(), "")
    if files.plots_needed:
        picture.check()
    for path in (files.performance, files.readme):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def write(files: Files, measurements: Sequence[Measurement]) -> None:
    """Writes the page of all figures with its plots, and the README with its table renewed."""
    drawn = []
    if files.plots_needed or picture.possible():
        drawn = plots.draw(measurements, files.plots)
    table = comparison.short(measurement.table for measurement in measurements)
    shown = [plot.markdown("docs/plots") for plot in drawn if plot.file == plots.README]
    text = "\n\n".join([*shown, table, caption(measurements)])
    renewed = readme.with_table((ROOT / "README.md").read_text(), text)
    notes = NOTES.read_text() if NOTES.exists() else ""
    files.performance.write_text(performance.document(measurements, drawn, notes))
    files.readme.write_text(renewed)


def caption(measurements: Sequence[Measurement]) -> str:
    """What the table of the README was measured on."""
    facts = provenance.common(measurements)
    said = [facts[name] for name in ("Loops", "Processor", "System") if name in facts]
    dates = provenance.span(measurements, "Measured")
    text = (
        f"{'; '.join([*said, f'measured {dates}'])}. The best peer is the fastest of all other"
        " loops that the bench knows, or of all other HTTP clients, of which aiohttp on asyncio and"
        " on uvloop stands in the columns of these; the last column is the median of the ratios of"
        f" samples taken in turn, and {comparison.BEHIND} marks where rondel is behind. More is"
        " better, but for memory and for time."
    )
    more = "All figures, and how they came about: [docs/performance.md](docs/performance.md)."
    return f"{paragraph(text)}\n\n{more}"

"""How the pictures of the report look, on light and dark pages; equal figures give equal bytes."""

import contextlib
import dataclasses
import importlib.util
import pathlib
from collections.abc import Iterator
from typing import Any

from benches.report.comparison import SUBJECT

# Colours of a middle lightness, which stand out from white and from black.
GREY = "#808890"
COLOURS = {
    SUBJECT: "#e5532d",
    "asyncio": "#9a9a9a",
    "uvloop": "#3b82f6",
    "rloop": "#a06cf0",
    "zloop": "#2fa866",
    "blazio": "#c99a1c",
    "talyn": "#d65ca0",
    "veloxloop": "#2aa5b8",
}
STYLE = {
    "svg.hashsalt": "rondel",
    "svg.fonttype": "none",  # text stays text: small, and sharp
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}


class NoPlotsError(Exception):
    """What draws them is missing."""


@dataclasses.dataclass(frozen=True)
class Plot:
    """One picture, in the section of its family."""

    family: str
    file: str
    text: str  # what it shows, for those who do not see it

    def markdown(self, folder: str = "plots") -> str:
        return f"![{self.text}]({folder}/{self.file})"


def possible() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def check() -> None:
    if not possible():
        raise NoPlotsError("matplotlib is missing, which draws the plots: `make bench` installs it")


@contextlib.contextmanager
def picture(path: pathlib.Path, width: float, height: float, rows: int = 1) -> Iterator[list[Any]]:
    """Yields the axes, one above the other, of a figure (in inches) that is saved at the end."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
        yield list(axes)
        figure.savefig(
            path, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )


def colour(candidate: str) -> str:
    return COLOURS.get(candidate, GREY)


def marks(candidate: str) -> dict[str, Any]:
    """How the marks of a candidate look: the subject's lie above all others."""
    ours = candidate == SUBJECT
    return {
        "color": colour(candidate),
        "marker": "D" if ours else "o" if candidate in COLOURS else "x",
        "markersize": 5 if ours else 4.5,
        "alpha": 1 if ours else 0.85,
        "zorder": 4 if ours else 3,
        "clip_on": False,
        "linestyle": "none",
        "label": candidate,
    }


def logarithmic(axes: Any) -> None:
    """A horizontal axis whose numbers are written as people write them: 0.5, 1, 2, 5, 10."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def legend(axes: Any) -> None:
    """Above all, in one line; says what the marks of these axes mean."""
    axes.figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=9,
        handletextpad=0.2,
        columnspacing=1,
    )

"""The plots of the report, by matplotlib: SVG whose bytes depend on the figures alone."""

import dataclasses
import importlib.util
import pathlib
from collections.abc import Callable, Sequence

from benches.model import Measurement

# What is drawn of each family.
DRAWN: dict[str, tuple[Callable[[Measurement, pathlib.Path], "Plot"], ...]] = {}


class NoPlotsError(Exception):
    """What draws them is missing."""


@dataclasses.dataclass(frozen=True)
class Plot:
    """One picture, in the section of its family."""

    family: str
    file: str
    text: str  # what it shows, for those who do not see it

    def markdown(self) -> str:
        return f"![{self.text}](plots/{self.file})"


def possible() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def check() -> None:
    if not possible():
        raise NoPlotsError("matplotlib is missing, which draws the plots: `make bench` installs it")


def draw(measurements: Sequence[Measurement], folder: pathlib.Path) -> list[Plot]:
    """Draws what there are figures for into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        draw_one(measurement, folder)
        for measurement in measurements
        for draw_one in DRAWN.get(measurement.family, ())
    ]

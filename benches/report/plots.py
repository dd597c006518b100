"""The plots of the report, by matplotlib: which there are, and what each shows."""

import math
import pathlib
from collections.abc import Callable, Sequence

from benches.model import Measurement, Row, Unit
from benches.report import comparison
from benches.report.picture import GREY, Plot, colour, legend, logarithmic, marks, picture

WIDTH = 9.0  # inches
PER_ROW = 0.28  # inches that a row of marks takes
README = "readme.svg"
SHOWN_IN_README = "protocol, 1 KB, 10 connections", "streams, 1 KB, 10 connections"

Draw = Callable[[Measurement, pathlib.Path], Plot | None]


def draw(measurements: Sequence[Measurement], folder: pathlib.Path) -> list[Plot]:
    """Draws into `folder` what there are figures for."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = (
        draw_one(measurement, folder)
        for measurement in measurements
        for draw_one in DRAWN.get(measurement.family, ())
    )
    return [plot for plot in drawn if plot]


def bars(measurement: Measurement, folder: pathlib.Path) -> Plot | None:
    """For the README: two rows of TCP echo, a bar a candidate."""
    table = measurement.table
    rows = [row for row in table.rows if row.case.name in SHOWN_IN_README]
    if not rows:
        return None
    with picture(folder / README, 7.0, 2.3 * len(rows), len(rows)) as all_axes:
        for axes, row in zip(all_axes, rows, strict=True):
            names = [name for name in reversed(table.candidates) if row.value(name) is not None]
            values = [row.value(name) or 0 for name in names]
            axes.barh(names, values, color=[colour(name) for name in names], height=0.7)
            for name, value in zip(names, values, strict=True):
                text = f" {comparison.value(row, name, table)}"
                axes.text(value, name, text, va="center", fontsize=8)
            axes.set_title(f"TCP echo, {row.case.name}", loc="left")
            axes.xaxis.set_major_formatter(_thousands)
            axes.margins(x=0.08)
        all_axes[-1].set_xlabel("round trips a second (more is better)")
    return Plot("", README, "TCP echo of 1 KB over 10 connections, round trips a second by loop")


def share_of_limit(measurement: Measurement, folder: pathlib.Path) -> Plot | None:
    """A panel a group of TCP echo, a column a row of its table; all relative to the limit."""
    table = measurement.table
    limit = table.limits[0]
    rows = [row for row in table.rows if row.value(limit)]
    groups = list(dict.fromkeys(row.case.group for row in rows))
    if not groups:
        return None
    file = f"{measurement.family}.svg"
    with picture(folder / file, WIDTH, 2.1 * len(groups) + 1, len(groups)) as all_axes:
        for axes, group in zip(all_axes, groups, strict=True):
            shown = [row for row in rows if row.case.group == group]
            for name in comparison.loops(table):
                values = [_relative(row, name, limit) for row in shown]
                axes.plot(range(len(shown)), values, **marks(name))
            axes.axhline(1, color=GREY, linewidth=1, linestyle="--")
            axes.set_title(group, loc="left")
            axes.set_ylim(bottom=0)
            axes.grid(axis="y")
            last = axes is all_axes[-1]
            axes.set_xticks(range(len(shown)), [_label(row) * last for row in shown])
            axes.set_ylabel("share of the limit")
        legend(all_axes[0])
        all_axes[-1].set_xlabel("size of a message, and connections (more is better)")
    text = "TCP echo: each loop's round trips a second as a share of the limit's; more is better"
    return Plot(measurement.family, file, text)


def relative(measurement: Measurement, folder: pathlib.Path, to: str = "asyncio") -> Plot | None:
    """A line a row: each loop's figure over that of `to`, on a logarithmic axis."""
    table = measurement.table
    rows = [row for row in table.rows if row.figure.more_is_better and row.value(to)]
    if not rows:
        return None
    file = f"{measurement.family}.svg"
    with picture(folder / file, WIDTH, PER_ROW * len(rows) + 1.2) as [axes]:
        for name in comparison.loops(table):
            axes.plot([_relative(row, name, to) for row in rows], range(len(rows)), **marks(name))
        logarithmic(axes)
        axes.set_yticks(range(len(rows)), [row.case.name for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="both")
        axes.set_xlabel(f"times as many a second as {to} (more is better)")
        legend(axes)
    text = f"{table.title}: each loop's rate over that of {to}; more is better"
    return Plot(measurement.family, file, text)


def durations(measurement: Measurement, folder: pathlib.Path) -> Plot | None:
    """A line a row of durations, in milliseconds on a logarithmic axis."""
    table = measurement.table
    rows = [row for row in table.rows if row.figure.unit is Unit.SECONDS]
    rows = [row for row in rows if any(row.value(name) for name in table.candidates)]
    if not rows:
        return None
    file = f"{measurement.family}.svg"
    with picture(folder / file, WIDTH, PER_ROW * len(rows) + 1.2) as [axes]:
        for name in table.candidates:
            values = [(row.value(name) or math.nan) * 1000 for row in rows]
            axes.plot(values, range(len(rows)), **marks(name))
        logarithmic(axes)
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="both")
        axes.set_xlabel("milliseconds (less is better)")
        legend(axes)
    return Plot(measurement.family, file, f"{table.title}, in milliseconds; less is better")


def _relative(row: Row, name: str, to: str) -> float:
    mine, theirs = row.value(name), row.value(to)
    return mine / theirs if mine and theirs else math.nan


def _label(row: Row) -> str:
    """Size and connections, one below the other."""
    return row.case.label.removesuffix("s").removesuffix(" connection").replace(", ", "\n", 1)


def _thousands(value: float, _position: int) -> str:
    return f"{value / 1000:g}k" if value else "0"


DRAWN: dict[str, tuple[Draw, ...]] = {
    "echo": (bars, share_of_limit),
    "tail": (durations,),
    "micro": (relative,),
    "servers": (relative,),
}

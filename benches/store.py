"""What was measured, kept in files, one a family: a run that is cut short loses nothing.

A measurement that is under way stands in `begun/`, and moves beside the others when its last round
is done. The report is rendered from these files alone.
"""

import dataclasses
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from benches.model import Case, Failure, Figure, Measurement, Row, Shown, Table, Unit
from benches.settings import ROOT
from benches.target import Target

FORMAT = 1
# Facts that may differ between the two parts of a measurement that was interrupted.
OF_THE_MOMENT = ("Measured", "Load before")


class StoreError(Exception):
    """A file has something else than a measurement in it."""


class Store:
    """The measurements in `folder`."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def keep(self, measurement: Measurement) -> None:
        """Writes it as far as it is; replaces an older complete one only by a complete one."""
        begun = self._path(measurement.family, begun=True)
        path = self._path(measurement.family) if measurement.complete else begun
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(_encoded(measurement))
        os.replace(new, path)
        if measurement.complete:
            begun.unlink(missing_ok=True)

    def begun(self, family: str) -> Measurement | None:
        """What an earlier run had not finished."""
        return self._read(self._path(family, begun=True))

    def complete(self, family: str) -> Measurement | None:
        return self._read(self._path(family))

    def all(self, order: Sequence[str]) -> list[Measurement]:
        """All that are complete: the families of `order` first."""
        names = sorted(path.stem for path in self.folder.glob("*.json"))
        names.sort(key=lambda name: order.index(name) if name in order else len(order))
        found = (self.complete(name) for name in names)
        return [measurement for measurement in found if measurement]

    def _path(self, family: str, begun: bool = False) -> pathlib.Path:
        return self.folder / ("begun" if begun else "") / f"{family}.json"

    def _read(self, path: pathlib.Path) -> Measurement | None:
        try:
            text = path.read_text()
        except FileNotFoundError:
            return None
        try:
            return _decoded(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{path} is no measurement of this bench ({error!r}): remove it, measure again"
            ) from None


def of_the_project() -> Store:
    return Store(ROOT / "benches" / "results")


def alike(one: Measurement, other: Measurement) -> bool:
    """Whether the same was measured of the same sources on the same machine, at another time."""
    return _identity(one) == _identity(other)


def _identity(measurement: Measurement) -> tuple[object, ...]:
    facts = {name: fact for name, fact in measurement.facts.items() if name not in OF_THE_MOMENT}
    cases = [row.case for row in measurement.table.rows]
    candidates = list(measurement.table.candidates)
    return facts, measurement.quick, measurement.rounds, candidates, cases


def _encoded(measurement: Measurement) -> str:
    table = measurement.table
    data = {
        "format": FORMAT,
        "family": measurement.family,
        "facts": measurement.facts,
        "quick": measurement.quick,
        "rounds": measurement.rounds,
        "done": measurement.done,
        "known": measurement.known,
        "title": table.title,
        "about": table.about,
        "candidates": list(table.candidates),
        "limits": list(table.limits),
        "notes": list(table.notes),
        "cases": [_encoded_case(case, table) for case in _cases(table)],
        "failures": [
            {"case": case, "candidate": candidate, **dataclasses.asdict(failure)}
            for (case, candidate), failure in table.failures.items()
        ],
    }
    return json.dumps(data, indent=1) + "\n"


def _cases(table: Table) -> list[Case]:
    return list({row.case.name: row.case for row in table.rows}.values())


def _encoded_case(case: Case, table: Table) -> dict[str, Any]:
    rows = [row for row in table.rows if row.case.name == case.name]
    return {
        "name": case.name,
        "parameters": list(case.parameters),
        "headline": case.headline,
        "group": case.group,
        "label": case.label,
        **({"target": dataclasses.asdict(case.target)} if case.target else {}),
        **({"same_as": case.same_as} if case.same_as else {}),
        **({"thorough": True} if case.thorough else {}),
        "figures": [
            {
                "name": row.figure.name,
                "unit": row.figure.unit.name,
                "shown": row.figure.shown.value,
                "more_is_better": row.figure.more_is_better,
                "compared": row.figure.compared,
                "samples": {name: _line(samples) for name, samples in row.samples.items()},
            }
            for row in rows
        ],
    }


def _line(samples: Sequence[float | None]) -> str:
    """Samples on one line, so that a change is easy to see."""
    return " ".join("-" if each is None else f"{each:.6g}" for each in samples)


def _samples(line: str) -> list[float | None]:
    return [None if each == "-" else float(each) for each in line.split()]


def _decoded(data: dict[str, Any]) -> Measurement:
    if data["format"] != FORMAT:
        raise ValueError(f"its format is {data['format']}, not {FORMAT}")
    table = Table(
        data["title"],
        data["about"],
        tuple(data["candidates"]),
        [row for case in data["cases"] for row in _decoded_rows(case)],
        {
            (each["case"], each["candidate"]): Failure(each["word"], each["reason"], each["times"])
            for each in data["failures"]
        },
        tuple(data["limits"]),
        tuple(data["notes"]),
    )
    return Measurement(
        data["family"],
        table,
        data["facts"],
        data["quick"],
        data["rounds"],
        data["done"],
        data["known"],
    )


def _decoded_rows(data: dict[str, Any]) -> list[Row]:
    figures = [
        Figure(
            each["name"],
            Unit[each["unit"]],
            Shown(each["shown"]),
            each["more_is_better"],
            each["compared"],
        )
        for each in data["figures"]
    ]
    case = Case(
        data["name"],
        tuple(figures),
        tuple(data["parameters"]),
        data["headline"],
        data["group"],
        data["label"],
        Target(**data["target"]) if "target" in data else None,
        data.get("same_as", ""),
        data.get("thorough", False),
    )
    return [
        Row(case, figure, {name: _samples(line) for name, line in each["samples"].items()})
        for figure, each in zip(figures, data["figures"], strict=True)
    ]

"""The figures, and the files in which they are kept: one for each version of Python and machine."""

import dataclasses
import json
import pathlib
from typing import Any

from benches.guard.tool import ToolError


@dataclasses.dataclass(frozen=True)
class Figures:
    """What one operation of a scenario costs."""

    instructions: dict[str, float]  # "rondel": in its library; "total": in the whole process
    allocations: dict[
        str, float
    ]  # "rondel": that its library asks malloc for; "python": all others
    system_calls: dict[str, float]  # by name

    def rounded(self) -> "Figures":
        """As they are written down."""
        return Figures(
            {name: round(value, 1) for name, value in self.instructions.items()},
            {name: round(value, 2) for name, value in self.allocations.items()},
            {name: round(value, 3) for name, value in sorted(self.system_calls.items())},
        )


@dataclasses.dataclass(frozen=True)
class Record:
    """A set of figures, with what they were counted on: see machine.py."""

    compiler: str
    surroundings: str
    scenarios: dict[str, Figures]


def load(path: pathlib.Path) -> Record | None:
    """None where there is no such file."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        scenarios = {name: Figures(**figures) for name, figures in document["scenarios"].items()}
        return Record(document["compiler"], document["surroundings"], scenarios)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(
            f"{path} is no file of figures: {error!r}: restore it, or remove it and write it anew"
            " by `make bench-guard ARGS=--accept`"
        ) from None


def save(path: pathlib.Path, record: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(record), indent=1) + "\n")

"""What has risen, and what has fallen."""

import dataclasses
from collections.abc import Iterator

from benches.guard.figures import Figures, Record
from benches.guard.settings import TOLERANCE

# A figure is a quotient: so much of a rise is no whole call, allocation or instruction.
SLACK = {"instructions": 0.5, "allocations": 0.02, "system calls": 0.01}


@dataclasses.dataclass(frozen=True)
class Change:
    """One figure that is not what it was, by more than the tolerance."""

    scenario: str
    figure: str
    was: float
    now: float

    @property
    def rose(self) -> bool:
        return self.now > self.was

    def __str__(self) -> str:
        if not self.was:
            return f"{self.scenario}: {self.figure}: none before, now {self.now:g}"
        percent = (self.now / self.was - 1) * 100
        values = f"{self.was:g} before, now {self.now:g} ({percent:+.1f} %)"
        return f"{self.scenario}: {self.figure}: {values}"


@dataclasses.dataclass(frozen=True)
class Comparison:
    rises: list[Change]
    falls: list[Change]
    unknown: list[str]  # scenarios that the record does not have
    total_compared: bool


def compare(old: Record, new: Record) -> Comparison:
    """What changed in the scenarios of `new`.

    The whole process's instructions count only where the surroundings are those of the record: the
    interpreter and the C library have theirs, which are not rondel's to answer for.
    """
    with_total = old.surroundings == new.surroundings
    changes = [
        change
        for name, figures in new.scenarios.items()
        if name in old.scenarios
        for change in _changes(name, old.scenarios[name], figures, with_total)
    ]
    return Comparison(
        [change for change in changes if change.rose],
        [change for change in changes if not change.rose],
        [name for name in new.scenarios if name not in old.scenarios],
        with_total,
    )


def _changes(name: str, old: Figures, new: Figures, with_total: bool) -> Iterator[Change]:
    for kind, was, now in (
        ("instructions", old.instructions, new.instructions),
        ("allocations", old.allocations, new.allocations),
        ("system calls", old.system_calls, new.system_calls),
    ):
        for what in sorted(was.keys() | now.keys()):
            if what == "total" and not with_total:
                continue
            before, after = was.get(what, 0), now.get(what, 0)
            if abs(after - before) > before * TOLERANCE + SLACK[kind]:
                yield Change(name, f"{kind}, {what}", before, after)

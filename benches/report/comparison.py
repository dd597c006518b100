"""The figures of a table of measurements, as text: values, and how the subject stands."""

import dataclasses
import statistics
from collections.abc import Iterable, Sequence

from benches.model import Row, Table
from benches.report import markdown
from benches.samples import Ratio, ratio
from benches.target import LEVEL
from benches.units import written

SUBJECT = "rondel"
# Stands beside the subject in the README, where not all have room.
SHORT = ("asyncio", "uvloop")
BEHIND = "▼"


@dataclasses.dataclass(frozen=True)
class Standing:
    """How the subject compares with the best of its peers."""

    peer: str
    ratio: Ratio
    behind: bool


def subject(candidates: Sequence[str]) -> str:
    """Whom the others are compared with."""
    return SUBJECT if SUBJECT in candidates else candidates[-1]


def loops(table: Table) -> list[str]:
    """The candidates, without those that are limits of the machine."""
    return [name for name in table.candidates if name not in table.limits]


def value(row: Row, candidate: str, table: Table) -> str:
    """The figure of a candidate, or the word for what kept it from having one."""
    found = row.value(candidate)
    if found is not None:
        return written(found, row.figure.unit)
    failure = table.failures.get((row.case.name, candidate))
    return failure.word if failure else ""


def standing(row: Row, table: Table) -> Standing | None:
    """None where no peer has a figure, or the comparison says nothing."""
    one = subject(loops(table))
    peers = [name for name in loops(table) if name != one and row.value(name) is not None]
    if not (peers and row.figure.compared and row.value(one) is not None):
        return None
    choose = max if row.figure.more_is_better else min
    best = choose(peers, key=lambda name: statistics.median(row.good(name)))
    found = ratio(row.samples[one], row.samples[best])
    if found is None:
        return None
    behind = found.median < LEVEL if row.figure.more_is_better else found.median > 1 / LEVEL
    return Standing(best, found, behind)


def target(row: Row, table: Table) -> str:
    """What the row's subject is to reach, and whether it does."""
    wanted = row.case.target
    if wanted is None or not row.figure.compared or not row.figure.more_is_better:
        return ""
    if wanted.of:
        theirs = row.samples.get(wanted.of)
        found = theirs and ratio(row.samples[subject(loops(table))], theirs)
    else:
        best = standing(row, table)
        found = best.ratio if best else None
    if not found:
        return f"{wanted}: not measured"
    if wanted.met(found.median):
        return f"{wanted}: met" if not wanted.of else f"{wanted}: met, {found.median:.2f}"
    return f"{BEHIND} {wanted}: not met, {found.median:.2f}"


def spread(found: Ratio | None) -> str:
    """A ratio with its lowest and highest."""
    if found is None:
        return ""
    if found.low == found.high:
        return f"{found.median:.2f}"
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def full(table: Table) -> str:
    """All that a table has, in as many as it has groups; each under the name of its group."""
    groups = dict.fromkeys(row.case.group for row in table.rows)
    parts = []
    for group in groups:
        if group:
            parts.append(f"**{group}**")
        parts.append(_table(table, [row for row in table.rows if row.case.group == group]))
    return "\n\n".join(parts)


def _table(table: Table, rows: Sequence[Row]) -> str:
    one = subject(loops(table))
    targets = any(row.case.target for row in rows)
    body = [
        [
            row.label,
            *(value(row, name, table) for name in table.candidates),
            _stands(standing(row, table)),
            *([target(row, table)] if targets else []),
            *(_to_limit(row, one, limit) for limit in table.limits),
        ]
        for row in rows
    ]
    head = ["", *table.candidates, f"{one} / best peer", *(["target"] if targets else [])]
    return markdown.table([*head, *(f"{one} / {limit}" for limit in table.limits)], body)


def _to_limit(row: Row, one: str, limit: str) -> str:
    found = ratio(row.samples[one], row.samples[limit]) if row.figure.compared else None
    return f"{found.median:.2f}" if found else ""


def _stands(found: Standing | None) -> str:
    if found is None:
        return ""
    return f"{BEHIND} " * found.behind + f"{spread(found.ratio)} {found.peer}"


def short(tables: Iterable[Table]) -> str:
    """The headlines of all tables: a few loops, and how the subject stands to the best peer."""
    rows = []
    for table in tables:
        one = subject(loops(table))
        for row in table.rows:
            found = standing(row, table)
            if not (row.case.headline and found):
                continue
            name = ", ".join(part for part in (row.case.headline, row.figure.name) if part)
            shown = [_on(loop, row) for loop in SHORT]
            values = [value(row, each, table) if each else "" for each in shown]
            best = f"{value(row, found.peer, table)} {found.peer}"
            mark = f"{BEHIND} " * found.behind
            rows.append(
                [name, *values, best, value(row, one, table), f"{mark}{found.ratio.median:.2f}"]
            )
    return markdown.table(["", *SHORT, "best peer", SUBJECT, f"{SUBJECT} / best peer"], rows)


def _on(loop: str, row: Row) -> str | None:
    """The candidate that is this loop, or runs on it, as `aiohttp, uvloop` does."""
    return next((each for each in row.samples if loop in each.split(", ")), None)


def failures(table: Table) -> list[str]:
    """A line for each way in which a candidate failed, with the cases it failed at."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for (case, candidate), failure in table.failures.items():
        word = failure.word if failure.final else f"{failure.word} once"
        found.setdefault((word, candidate, failure.reason), []).append(case)
    cases = {row.case.name for row in table.rows}
    return [
        f"- {word}: {_where(failed, len(cases))}{candidate}: {_line(reason)}"
        for (word, candidate, reason), failed in found.items()
    ]


def _line(reason: str) -> str:
    """The first line of a reason, which may be all that a server has answered, as Markdown."""
    return reason.strip().partition("\n")[0].replace("<", "\\<")


def _where(failed: Sequence[str], of: int) -> str:
    return "" if len(failed) == of else f"{'; '.join(failed)}: "

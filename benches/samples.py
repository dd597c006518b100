"""Ratios of interleaved samples: what is left when the machine's mood is taken out."""

import dataclasses
import statistics
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Ratio:
    """The ratios of all pairs: the middle one, the lowest and the highest."""

    median: float
    low: float
    high: float


def ratio(subject: Sequence[float | None], other: Sequence[float | None]) -> Ratio | None:
    """How the samples of `subject` compare with those that `other` gave in the same rounds.

    Each pair ran close together, so what slowed the one has slowed the other. Rounds in which one
    failed, or gave 0, don't count, nor do the last ones, if one was not measured in them; None when
    no round is left.
    """
    pairs = zip(subject, other, strict=False)
    ratios = [mine / theirs for mine, theirs in pairs if mine is not None and theirs]
    if not ratios:
        return None
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))

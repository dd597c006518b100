"""From what was counted in each section to what an operation costs."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from benches.guard.settings import SECTIONS

Name = TypeVar("Name", bound=Hashable)


def per_operation(counts: Sequence[int], operations: int) -> float:
    """Of one figure, counted in each section: its share in each operation."""
    short, long = min(SECTIONS), max(SECTIONS)
    lowest = {
        length: min(count for count, of in zip(counts, SECTIONS, strict=True) if of == length)
        for length in (short, long)
    }
    return (lowest[long] - lowest[short]) / ((long - short) * operations)


def each_per_operation(
    sections: Sequence[Mapping[Name, int]], operations: int
) -> dict[Name, float]:
    """The same of several figures by name; what is missing in a section was 0 there."""
    names = dict.fromkeys(name for section in sections for name in section)
    return {
        name: per_operation([section.get(name, 0) for section in sections], operations)
        for name in names
    }

"""Allocations, counted by a library that is loaded before all others: by who asks for them.

Python's own allocator is set to ask malloc for each object, so that none is missed.
"""

import itertools
import pathlib

from benches.guard import native, tool
from benches.guard.sections import each_per_operation
from benches.guard.settings import SECTIONS
from benches.guard.tool import ToolError


def count(scenario: str, operations: int, build: pathlib.Path) -> dict[str, float]:
    """Of one operation: those of rondel's library, and all others."""
    environment = {"PYTHONMALLOC": "malloc", "LD_PRELOAD": str(build / native.COUNTER)}
    noted = tool.run(scenario, build, environment=environment)["allocations"]
    if not isinstance(noted, list) or len(noted) != len(SECTIONS) + 1:
        raise ToolError(f"{scenario}: no allocations were counted: {noted}")
    sections = [
        {"rondel": after[0] - before[0], "python": after[1] - before[1]}
        for before, after in itertools.pairwise(noted)
    ]
    return each_per_operation(sections, operations)

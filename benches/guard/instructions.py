"""Instructions, counted by valgrind's callgrind: by the library and the function they are of."""

import dataclasses
import pathlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterable

from benches.guard import tool
from benches.guard.sections import each_per_operation, per_operation
from benches.guard.settings import SECTIONS

CALLGRIND = (
    "valgrind",
    "--tool=callgrind",
    # Nothing is counted until the first mark.
    "--instr-atstart=no",
    "--compress-strings=no",
    "--compress-pos=no",
    "--dump-line=no",
)
# Where costs stand, the line begins with its number; of a call's costs, the callee has its own.
COST = re.compile(r"^\d+ (\d+)$")

# How long malloc looks for room depends on all that was allocated before, so that it differs from
# run to run, by a few percent of a message. How often it is called is counted by allocations.py.
ALLOCATOR = re.compile(
    r"(_int_|__libc_|c)?(malloc|calloc|realloc|free|memalign)\b|_int_free|malloc_|unlink_chunk"
    r"|sysmalloc|systrim|sysmunmap|tcache_|ptmalloc|arena_get|checked_request"
)

Function = tuple[str, str]  # the path of its library, its name


@dataclasses.dataclass(frozen=True)
class Instructions:
    """Of one operation."""

    rondel: float
    total: float  # without the allocator's
    functions: dict[Function, float]


def count(scenario: str, operations: int, build: pathlib.Path) -> Instructions:
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "counts"
        answer = tool.run(scenario, build, (*CALLGRIND, f"--callgrind-out-file={output}"))
        # Each mark but the first has made a file; what came after the last one is in none of them.
        texts = [
            (output.parent / f"{output.name}.{number}").read_text()
            for number in range(1, len(SECTIONS) + 1)
        ]
    sections = [costs(text.splitlines()) for text in texts]
    library = answer["library"]
    by_rondel = [
        sum(cost for function, cost in section.items() if function[0] == library)
        for section in sections
    ]
    return Instructions(
        per_operation(by_rondel, operations),
        per_operation([total(section) for section in sections], operations),
        each_per_operation(sections, operations),
    )


def total(section: Counter[Function]) -> int:
    """The cost of all functions but those of the C library's allocator."""
    return sum(
        cost
        for (library, function), cost in section.items()
        if not (pathlib.Path(library).name.startswith("libc.") and ALLOCATOR.match(function))
    )


def costs(lines: Iterable[str]) -> Counter[Function]:
    """What a file of callgrind says that each function has cost itself."""
    result: Counter[Function] = Counter()
    library = function = ""
    of_call = False
    for line in lines:
        if line.startswith("ob="):
            library = line[3:]
        elif line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            of_call = True
        elif cost := COST.match(line):
            if not of_call:
                result[library, function] += int(cost[1])
            of_call = False
    return result

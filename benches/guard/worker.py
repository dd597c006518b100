"""Runs one scenario. usage: python -m benches.guard.worker NAME

Prints one line of JSON: where rondel's library is, and what the preloaded counter has seen at each
mark. What the tools outside count, they tell themselves.
"""

import asyncio
import json
import os
import pathlib
import sys
import traceback

import rondel_guard

import rondel
from benches.guard import scenarios
from benches.guard.settings import SECTIONS
from rondel import _rondel


def in_memory(library: str) -> tuple[int, int]:
    """From where to where a library lies in the address space of this process."""
    maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
    ranges = [line.split()[0].split("-") for line in maps if line.endswith(library)]
    return min(int(low, 16) for low, _ in ranges), max(int(high, 16) for _, high in ranges)


def fail(_loop: object, context: dict[str, object]) -> None:
    """What a callback raised: the scenario would wait for ever."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        traceback.print_exception(error)
    print(context["message"], file=sys.stderr, flush=True)
    os._exit(1)


async def measure(scenario: scenarios.Scenario) -> None:
    asyncio.get_running_loop().set_exception_handler(fail)
    async with scenario.prepare() as run:
        for length in SECTIONS:  # nobody counts these
            await run(length * scenario.operations)
        rondel_guard.mark()
        for length in SECTIONS:
            await run(length * scenario.operations)
            rondel_guard.mark()


def main(name: str) -> None:
    library = os.path.realpath(_rondel.__file__)
    counted = rondel_guard.watch(*in_memory(library))
    rondel.run(measure(scenarios.ALL[name]))
    notes = rondel_guard.allocations() if counted else []
    print(json.dumps({"library": library, "allocations": notes}))


if __name__ == "__main__":
    main(*sys.argv[1:])

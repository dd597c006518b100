"""Counts all of a scenario's figures: three runs, each under one tool."""

import pathlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from benches.guard import allocations, instructions, system_calls, tool
from benches.guard.figures import Figures
from benches.guard.instructions import Function
from benches.guard.scenarios import Scenario

Counted = tuple[Figures, dict[Function, float]]


def count_all(
    scenarios: Iterable[Scenario],
    build: pathlib.Path,
    workers: int,
    counted: Callable[[str], None],
) -> dict[str, Counted]:
    """By the scenarios' names; `counted` is told each when it is done.

    `build` is the folder that native.build has filled.
    """
    tool.need("valgrind", "strace")
    with ThreadPoolExecutor(workers) as pool:
        futures = {each.name: pool.submit(_count, each, build) for each in scenarios}
        try:
            results = {}
            for name, future in futures.items():
                results[name] = future.result()
                counted(name)
            return results
        finally:
            pool.shutdown(cancel_futures=True)


def _count(scenario: Scenario, build: pathlib.Path) -> Counted:
    name, operations = scenario.name, scenario.operations
    executed = instructions.count(name, operations, build)
    figures = Figures(
        {"rondel": executed.rondel, "total": executed.total},
        allocations.count(name, operations, build),
        system_calls.count(name, operations, build, scenario.threads),
    )
    return figures.rounded(), executed.functions

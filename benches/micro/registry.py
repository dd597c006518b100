"""How a micro-benchmark is made known."""

import dataclasses
from collections.abc import Awaitable, Callable
from types import ModuleType

from benches.target import BEST, Target

# Takes the number of operations, returns the seconds that they took.
Run = Callable[[int], Awaitable[float]]


@dataclasses.dataclass(frozen=True)
class Benchmark:
    name: str
    operations: int
    run: Run
    headline: bool
    target: Target


_made: list[Benchmark] = []


def benchmark(
    name: str, operations: int, headline: bool = False, target: Target = BEST
) -> Callable[[Run], Run]:
    """Registers the coroutine function below it. `headline` puts it into the README too."""

    def register(run: Run) -> Run:
        _made.append(Benchmark(name, operations, run, headline, target))
        return run

    return register


def of_module(module: ModuleType) -> list[Benchmark]:
    """Those that a module has, in their order."""
    return [each for each in _made if each.run.__module__ == module.__name__]

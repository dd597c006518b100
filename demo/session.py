"""Runs the chosen examples, one round after another, loops interleaved."""

import time
from collections.abc import Callable

from demo import trial
from demo.catalog import Bound, Example
from demo.comparison import Comparison
from demo.progress import Display

NEED = (Bound.LOOP, Bound.ELSEWHERE, Bound.WAITING)
ROUNDS = 3
# Seconds that the first round and all that follow it may take together, so that the demo stays
# under a minute.
BUDGET = 45.0


class Session:
    """The comparisons, as they grow. `check` is called often, and may raise to end it all."""

    def __init__(
        self,
        examples: list[Example],
        loops: list[str],
        quick: bool,
        display: Display,
        check: Callable[[], None],
    ) -> None:
        self.comparisons = [Comparison(e, {loop: [] for loop in loops}) for e in examples]
        self._loops = loops
        self._quick = quick
        self._display = display
        self._check = check
        self._seconds: dict[str, float] = {}  # that a round of an example takes

    def run(self) -> None:
        began = time.monotonic()
        for comparison in self.comparisons:
            self._round(comparison, reverse=False)
        if self._quick:
            return
        plan = self._more_rounds(BUDGET - (time.monotonic() - began))
        self._display.extend(len(plan) * len(self._loops))
        for number, comparison in enumerate(plan):
            self._round(comparison, reverse=number % 2 == 0)

    def _more_rounds(self, seconds: float) -> list[Comparison]:
        """What to repeat in the time that is left: first that where the loop matters."""
        by_need = sorted(self.comparisons, key=lambda each: NEED.index(each.example.bound))
        plan = []
        for _ in range(1, ROUNDS):
            for comparison in by_need:
                cost = self._seconds[comparison.example.name]
                if cost <= seconds and not comparison.failures():
                    plan.append(comparison)
                    seconds -= cost
        return plan

    def _round(self, comparison: Comparison, reverse: bool) -> None:
        """One trial on each loop. `reverse` lets the last begin: the first may find warm caches
        or a cool processor, and nobody should always have that."""
        example = comparison.example
        size = example.quick if self._quick else example.full
        began = time.monotonic()
        for loop in reversed(self._loops) if reverse else self._loops:
            what = f"{example.title} on {loop}"
            self._display.begin(what)
            result = trial.run(example, size, loop, self._check)
            comparison.trials[loop].append(result)
            wall = f"{result.program.wall:.2f} s" if result.program else "FAILED"
            self._display.end(what, wall)
        self._seconds[example.name] = time.monotonic() - began

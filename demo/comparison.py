"""An example on each loop, several times: the figures, and whether all printed the same."""

import dataclasses
import difflib

from demo.catalog import Example
from demo.child import Usage
from demo.trial import Trial


def best(usages: list[Usage]) -> Usage:
    """The smallest times, the largest memory and thread count.

    Other work on the machine only ever adds to a time, so the smallest is the least disturbed.
    """
    threads = [usage.threads for usage in usages if usage.threads is not None]
    return Usage(
        wall=min(usage.wall for usage in usages),
        cpu=min(usage.cpu for usage in usages),
        memory=max(usage.memory for usage in usages),
        threads=max(threads, default=None),
    )


@dataclasses.dataclass
class Comparison:
    """All trials of one example, by loop in the order they are compared."""

    example: Example
    trials: dict[str, list[Trial]]

    def failures(self) -> list[tuple[str, str]]:
        """The loop and the reason of each trial that failed or printed something else."""
        found = []
        expected: str | None = None
        for loop, trials in self.trials.items():
            for trial in trials:
                if trial.failure:
                    found.append((loop, trial.failure))
                elif expected is None:
                    expected = trial.output
                elif trial.output != expected:
                    found.append((loop, _difference(expected, trial.output, loop)))
        return found

    def program(self, loop: str) -> Usage:
        return best([trial.program for trial in self.trials[loop] if trial.program])

    def times(self, loop: str) -> list[float]:
        """Seconds of each run of the program."""
        return [trial.program.wall for trial in self.trials[loop] if trial.program]

    def server(self, loop: str) -> Usage | None:
        usages = [trial.server for trial in self.trials[loop] if trial.server]
        return best(usages) if usages else None

    def notes(self) -> list[str]:
        """What the programs want the reader to know, each once."""
        trials = (trial for trials in self.trials.values() for trial in trials)
        return list(dict.fromkeys(note for trial in trials for note in trial.notes))


def _difference(expected: str, got: str, loop: str) -> str:
    lines = difflib.unified_diff(
        expected.splitlines(), got.splitlines(), "expected", loop, lineterm="", n=0
    )
    return "\n  ".join(["it did not print the same:", *list(lines)[:20]])

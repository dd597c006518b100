"""Micro-benchmarks: one property of the loop each, in one process."""

import json

from benches import micro
from benches.families import base
from benches.model import Case, MeasureError, rate
from benches.process import REFUSAL, Process

PATIENCE = 10.0  # seconds that one sample may take


class _Micro(base.Participant):
    """One process runs all benchmarks of the round, each on a loop of its own."""

    _worker: Process | None = None

    def measure(self, case: Case) -> list[float]:
        if self._worker is None:
            self._worker = self.keep(base.python("micro_worker", self.candidate))
        seconds = self.bench.settings.micro_seconds
        try:
            self._worker.say(json.dumps({"benchmark": case.name, "seconds": seconds}))
            answer = json.loads(self._worker.line(PATIENCE))
        except MeasureError:
            self.drop(self._worker)
            self._worker = None  # the next benchmark gets a new one
            raise
        if "error" in answer:
            refused = answer["error"].startswith(REFUSAL)
            raise MeasureError(answer["error"], "refused" if refused else "failed")
        return [answer["rate"]]


class Micro(base.Family):
    name = "micro"
    title = "Micro-benchmarks"
    about = "Operations a second, in one process that may use every core."
    rounds = 7
    quick_rounds = 2
    participant = _Micro

    @property
    def cases(self) -> list[Case]:
        return [
            Case(
                each.name,
                (rate(),),
                headline=each.name if each.headline else "",
                target=each.target,
            )
            for each in micro.ALL.values()
        ]

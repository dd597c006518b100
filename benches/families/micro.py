"""Micro-benchmarks: one property of the loop each, in one process."""

from benches import micro
from benches.families import base
from benches.families.worker import WorkerParticipant
from benches.model import Case, rate


class _Micro(WorkerParticipant):
    program = "micro_worker"
    patience = 10.0

    def measure(self, case: Case) -> list[float]:
        seconds = self.bench.settings.micro_seconds
        return [self.ask({"benchmark": case.name, "seconds": seconds})]


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

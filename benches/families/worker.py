"""Participants that have a process measure on request."""

import json
from typing import Any

from benches.families import base
from benches.model import MeasureError
from benches.process import REFUSAL, Process


class WorkerParticipant(base.Participant):
    """One process takes all samples of the round, each on a loop of its own."""

    program: str  # a module of benches.programs, made with its `worker`
    core: int | None = None  # any
    patience: float  # seconds that one sample may take
    _worker: Process | None = None

    def ask(self, request: dict[str, Any]) -> float:
        """Operations a second."""
        if self._worker is None:
            self._worker = self.keep(base.python(self.program, self.candidate, core=self.core))
        try:
            self._worker.say(json.dumps(request))
            answer = json.loads(self._worker.line(self.patience))
        except MeasureError:
            self.drop(self._worker)
            self._worker = None  # the next sample gets a new one
            raise
        if "error" in answer:
            refused = answer["error"].startswith(REFUSAL)
            word = answer.get("word", "refused" if refused else "failed")
            raise MeasureError(answer["error"], word)
        return float(answer["rate"])

"""Start-up: what a program pays before its first line runs."""

import sys

from benches.families import base
from benches.model import Case, duration
from benches.process import Process
from benches.settings import ROOT

PROGRAM = ROOT / "benches" / "programs" / "startup.py"


class _Startup(base.Participant):
    def measure(self, case: Case) -> list[float]:
        # By its path: `-m` would import parts of what is measured.
        command = [sys.executable, str(PROGRAM), self.candidate]
        with Process(command, self.bench.cores.server) as program:
            return [float(each) for each in program.line(base.STARTS_WITHIN).split()]


class Startup(base.Family):
    name = "startup"
    title = "Start-up"
    about = (
        "In a fresh interpreter whose files are in the system's cache: how long the import takes,"
        " and how long it is until an empty coroutine has run and its loop is closed. All but"
        " asyncio import asyncio too, which is a part of theirs."
    )
    rounds = 15
    quick_rounds = 3
    participant = _Startup

    @property
    def cases(self) -> list[Case]:
        return [Case("", (duration("import"), duration("import, and run nothing")))]

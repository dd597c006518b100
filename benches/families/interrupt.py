"""Ctrl-C on a busy server: how long until it has ended."""

import time

from benches.families import base
from benches.model import Case, MeasureError, duration

CONNECTIONS = 100
SIZE = 1024
LOAD_SECONDS = 60.0  # longer than anybody waits
ENDS_WITHIN = 20.0


class _Interrupt(base.Participant):
    def measure(self, case: Case) -> list[float]:
        (mode,) = case.parameters
        cores = self.bench.cores
        with base.python("echo_server", self.candidate, mode, "tcp", core=cores.server) as server:
            address = server.line(base.STARTS_WITHIN)
            with self.bench.load.closed(address, CONNECTIONS, SIZE, LOAD_SECONDS) as client:
                client.line(base.STARTS_WITHIN)
                began = time.perf_counter()
                server.interrupt()
                if not server.ends(ENDS_WITHIN):
                    raise MeasureError(f"still runs {ENDS_WITHIN:.0f} s after SIGINT")
                took = time.perf_counter() - began
            if code := server.exit_code():
                raise MeasureError(f"ended with code {code}: {server.last_error()}")
            if server.errors():
                raise MeasureError(f"ended with complaints: {server.last_error()}")
        return [took]


class Interrupt(base.Family):
    name = "interrupt"
    title = "Ctrl-C on a busy server"
    about = (
        f"An echo server under load on {CONNECTIONS} connections gets SIGINT, as from Ctrl-C or"
        " `kill -INT`: how long until its process has ended, with exit code 0 and nothing on its"
        " standard error. The end of the interpreter, which tidies up, is a part of it."
        " The longest of all rounds is shown."
    )
    rounds = 5
    quick_rounds = 1
    participant = _Interrupt

    @property
    def cases(self) -> list[Case]:
        return [
            Case(f"{mode} server", (duration(worst=True),), (mode,))
            for mode in ("protocol", "streams")
        ]

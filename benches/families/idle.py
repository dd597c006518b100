"""Idle connections: what a server pays to hold them, and what is left when they are gone."""

import contextlib
import json
import socket

from benches.families import base
from benches.model import Case, MeasureError, Unit, amount, leftover
from benches.process import Process

# So many are made before the server has to have accepted them: fewer than its backlog.
STEP = 500
ANSWERS_WITHIN = 20.0  # seconds

FIGURES = (
    amount("memory a connection", Unit.BYTES),
    amount("resident, all open", Unit.BYTES, compared=False),
    amount("resident, all closed", Unit.BYTES, compared=False),
    leftover("descriptors left"),
    leftover("objects left"),
)


class _Idle(base.Participant):
    def measure(self, case: Case) -> list[float]:
        (mode,) = case.parameters
        count = self.bench.settings.idle_connections
        arguments = (self.candidate, mode, count, STEP)
        with base.python("idle_server", *arguments, core=self.bench.cores.server) as server:
            with contextlib.ExitStack() as connections:
                _connect(server, count, connections)
                held = _heard(server)
            left = _heard(server)
        return [
            held["memory"] / count,
            held["resident"],
            left["resident"],
            left["descriptors"],
            left["objects"],
        ]


def _connect(server: Process, count: int, connections: contextlib.ExitStack) -> None:
    address = "127.0.0.1", _heard(server)["port"]
    try:
        for made in range(1, count + 1):
            connections.enter_context(socket.create_connection(address, ANSWERS_WITHIN))
            if made % STEP == 0 and made < count:
                _heard(server)
    except OSError as error:
        raise MeasureError(f"connection {made} of {count}: {error}") from None


def _heard(server: Process) -> dict[str, int]:
    figures: dict[str, int] = json.loads(server.line(ANSWERS_WITHIN))
    return figures


class Idle(base.Family):
    name = "idle"
    title = "Idle connections"
    about = (
        "One server process holds {connections:,} connections on which nothing happens. Memory a"
        " connection is what the resident memory of that process grew by, divided by their number:"
        " transport, protocol (with streams also reader, writer and task), and all that the loop"
        " keeps beside them, but not what the kernel holds. It is the median of all rounds."
        " Then the client closes them all. Descriptors and objects left are those that the server"
        " still has after a garbage collection, the most of all rounds; what counts as objects are"
        " the transports, protocols, readers and writers."
    )
    rounds = 3
    quick_rounds = 1
    participant = _Idle

    def __init__(self, bench: base.Bench) -> None:
        super().__init__(bench)
        self.about = self.about.format(connections=bench.settings.idle_connections)

    @property
    def cases(self) -> list[Case]:
        modes = "protocol", "streams"
        return [Case(mode, FIGURES, (mode,), f"an idle connection, {mode}") for mode in modes]

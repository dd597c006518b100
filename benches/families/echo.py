"""TCP echo: server on one core, load on another."""

import contextlib

from benches.families import base
from benches.model import Case, MeasureError, rate
from benches.process import Process

CONNECTIONS = 10
SIZES = {"1 KB": 1024, "10 KB": 10 * 1024, "100 KB": 100 * 1024}
LIMIT = "C, epoll"
# What a load may take beside the time it was told to.
PATIENCE = 3.0


class _Echo(base.Participant):
    def __init__(self, candidate: str, bench: base.Bench, stack: contextlib.ExitStack) -> None:
        super().__init__(candidate, bench, stack)
        self._servers: dict[str, tuple[Process, int]] = {}

    def measure(self, case: Case) -> list[float]:
        mode, size = str(case.parameters[0]), int(case.parameters[1])
        port = self._port(mode)
        try:
            return [self._load(port, size)]
        except MeasureError as error:
            raise self._without(mode, error) from None

    def _port(self, mode: str) -> int:
        """Where the server of this mode listens. It is started when it is first needed."""
        kind = "" if self.candidate == LIMIT else mode
        if kind not in self._servers:
            core = self.bench.cores.server
            if self.candidate == LIMIT:
                server = Process([self.bench.binaries.echo_server], core)
            else:
                server = base.python("echo_server", self.candidate, mode, core=core)
            self.keep(server)
            self._servers[kind] = server, int(server.line(base.STARTS_WITHIN))
        return self._servers[kind][1]

    def _load(self, port: int, size: int) -> float:
        """Round trips a second."""
        seconds = self.bench.settings.echo_seconds
        with load(self.bench, port, CONNECTIONS, size, seconds) as client:
            client.line(PATIENCE)
            messages, took = client.line(seconds + PATIENCE).split()
            client.ends(PATIENCE)  # its last messages would disturb whoever is next
        return int(messages) / float(took)

    def _without(self, mode: str, error: MeasureError) -> MeasureError:
        """Lets go of the server, so that the next case gets a new one; tells how it ended."""
        server, _ = self._servers.pop("" if self.candidate == LIMIT else mode)
        end = server.how_it_ended() if server.ends(0) else None
        self.drop(server)
        return MeasureError(f"{error}; the server {end}", end.word) if end else error


class Echo(base.Family):
    name = "echo"
    title = "TCP echo"
    about = (
        f"Round trips a second over {CONNECTIONS} connections of 127.0.0.1, one message under way"
        " on each. `protocol` is an `asyncio.Protocol`, `streams` the StreamReader and"
        " StreamWriter of `asyncio.start_server`. The load is a C program. `C, epoll` is a bare"
        " echo server in C, the limit of what this machine can do with one thread: the same one"
        " stands beside both kinds of server."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Echo
    limits = (LIMIT,)

    @property
    def cases(self) -> list[Case]:
        return [
            Case(
                f"{mode}, {name}", (rate(),), (mode, size), f"TCP echo, {mode}, {name}", mode, name
            )
            for mode in ("protocol", "streams")
            for name, size in SIZES.items()
        ]


def load(bench: base.Bench, port: int, connections: int, size: int, seconds: float) -> Process:
    """Load on the server at `port`; prints a line when it is under way, one with its result."""
    numbers = map(str, (port, connections, size, seconds))
    return Process([bench.binaries.echo_load, *numbers], bench.cores.client)

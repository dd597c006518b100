"""HTTP servers of others: server on one core, wrk on another."""

import re
import shutil

from benches.families import base
from benches.model import Case, MeasureError, Unit, amount, rate
from benches.process import Process
from benches.target import Target

CONNECTIONS = {
    "uvicorn, httptools": (10, 50, 200),
    "uvicorn, h11": (50,),
    "aiohttp": (10, 50, 200),
    "bare protocol": (10,),
}
PATIENCE = 5.0  # what wrk may take beside its time
SCALE = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class _Server(base.Participant):
    """Has one server at a time: the cases come server by server."""

    _running: tuple[str, Process, int] | None = None

    def measure(self, case: Case) -> list[float]:
        name, connections = str(case.parameters[0]), int(case.parameters[1])
        port = self._port(name)
        try:
            return wrk(self.bench, port, connections)
        except MeasureError:
            self._stop()
            raise

    def _port(self, name: str) -> int:
        if self._running and self._running[0] != name:
            self._stop()
        if not self._running:
            core = self.bench.cores.server
            process = self.keep(base.python("http_server", self.candidate, name, core=core))
            self._running = name, process, int(process.line(base.STARTS_WITHIN))
        return self._running[2]

    def _stop(self) -> None:
        if self._running:
            self.drop(self._running[1])
            self._running = None


def wrk(bench: base.Bench, port: int, connections: int) -> list[float]:
    """Requests a second, and the 99th percentile of the seconds that they took."""
    seconds = max(1, round(bench.settings.echo_seconds))
    options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s"]
    command = ["wrk", *options, "--latency", f"http://127.0.0.1:{port}/"]
    said = ""
    with Process(command, bench.cores.client) as process:
        # Its last line.
        while "Transfer/sec:" not in said:
            said += process.line(seconds + PATIENCE) + "\n"
    return read(said)


def read(said: str) -> list[float]:
    """What wrk has measured. MeasureError when a request failed."""
    if complaint := re.search(r"^ *(Socket errors:|Non-2xx).*", said, re.MULTILINE):
        raise MeasureError(f"wrk: {complaint[0].strip()}")
    requests = re.search(r"^Requests/sec: +([\d.]+)", said, re.MULTILINE)
    tail = re.search(r"^ *99% +([\d.]+)(us|ms|s|m)$", said, re.MULTILINE)
    if not requests or not tail or not float(requests[1]):
        raise MeasureError("wrk: no request was answered")
    return [float(requests[1]), float(tail[1]) * SCALE[tail[2]]]


class Servers(base.Family):
    name = "servers"
    title = "HTTP servers"
    about = (
        "Requests a second for a JSON document of 28 bytes, by wrk with so many connections kept"
        " alive: uvicorn with a bare ASGI application, aiohttp's server, and an `asyncio.Protocol`"
        " that knows as little of HTTP as it can. p99 is what wrk saw of the time to an answer with"
        " all connections busy; the median of all rounds."
    )
    rounds = 7
    quick_rounds = 1
    participant = _Server

    def lacks(self) -> str | None:
        if shutil.which("wrk"):
            return None
        return "wrk is missing, which makes the load: install it (Debian, Ubuntu: apt install wrk)"

    @property
    def cases(self) -> list[Case]:
        return [
            Case(
                f"{name}, {connections} connections",
                (rate(), amount("p99", Unit.SECONDS)),
                (name, connections),
                f"{name}, {connections} connections" if connections == 50 else "",
                name,
                f"{connections} connections",
                None if name == "bare protocol" else Target(1.1, "uvloop"),
            )
            for name, each in CONNECTIONS.items()
            for connections in each
        ]

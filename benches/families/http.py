"""HTTP clients: nginx on one core, the client on another."""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from typing import Any

from benches import cores, machine
from benches.families import base, servers
from benches.families.worker import WorkerParticipant
from benches.model import Case, MeasureError, rate
from benches.process import Process
from benches.programs import http_client
from benches.settings import ROOT
from benches.target import BEST, Target, by

WRK = "wrk"
HTTP1, HTTP2 = "HTTP/1.1", http_client.HTTP2
SIZES = {"1 KB": "1k", "100 KB": "100k"}  # names of the server's files
STREAMED = "100m"
CONNECTIONS = (1, 10, 50, 500)
PLAIN, TLS = "GET", "GET over TLS"
AIOHTTP = Target(2.5, "aiohttp, uvloop")
# Behind the bench's own modules: only what no package here is named like is found there.
TESTS = str(ROOT / "tests")


class _Client(WorkerParticipant):
    program = "http_client"
    server: Any  # an `http_nginx.Nginx`

    def measure(self, case: Case) -> list[float]:
        name, port, tasks = str(case.parameters[0]), str(case.parameters[1]), case.parameters[2]
        if self.candidate == WRK:
            return [self._wrk(name, port, int(tasks))]
        seconds = self.bench.settings.echo_seconds
        self.core = self.bench.cores.client
        # A slow one may take its time for the last of what it has begun.
        self.patience = 2 * seconds + base.STARTS_WITHIN
        request = {
            "url": self.server.url(f"/{name}", port),
            "size": self.server.size(name),
            "stream": name == STREAMED,
            "protocol": HTTP2 if port == "tls" else HTTP1,
            "said_by": self.server.url("/protocol", port),
            "tasks": tasks,
            "seconds": seconds,
        }
        return [self.ask(request)]

    def _wrk(self, name: str, port: str, connections: int) -> float:
        seconds = max(1, round(self.bench.settings.echo_seconds))
        options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s"]
        command = [WRK, *options, "--latency", self.server.url(f"/{name}", port)]
        said = ""
        with Process(command, self.bench.cores.client) as process:
            while "Transfer/sec:" not in said:  # its last line
                said += process.line(seconds + servers.PATIENCE) + "\n"
        found = servers.read(said)[0]
        return found * float(self.server.size(name)) / 1e6 if name == STREAMED else found


class Http(base.Family):
    name = "http"
    title = "HTTP clients"
    about = (
        "Requests a second for a file of nginx, which has one core, by so many tasks at once, each"
        " with a connection that is kept alive; the client has another core. Each body is read to"
        " its end. Streams: MB a second of a file of 100 MB that is read in pieces of 64 KB."
        " Certificates are not verified; handshakes are over before it counts. aiohttp is on the"
        " loop that stands behind it, rondel is `rondel.http` on rondel, the others are on uvloop;"
        " wrk, in C, is the limit. Streams and rows with 50 at once are measured in all rounds, but"
        " for clients that after three of them are less than half as fast as the fastest peer; all"
        " other rows are measured in three rounds."
    )
    rounds = 7
    quick_rounds = 1
    few = 3
    participant = _Client
    limits: tuple[str, ...] = (WRK,)

    @property
    def candidates(self) -> tuple[str, ...]:
        return (*http_client.candidates(self.bench.settings.loops), *self.limits)

    def lacks(self) -> str | None:
        if not nginx().find():
            missing: str = nginx().MISSING
            return missing
        if WRK in self.limits and not shutil.which(WRK):
            return "wrk is missing, the limit: install it (Debian, Ubuntu: apt install wrk)"
        return None

    def notes(self) -> list[str]:
        ours = {*self.limits, http_client.SUBJECT}
        packages = dict.fromkeys(
            each.partition(",")[0] for each in self.candidates if each not in ours
        )
        return [f"{', '.join(machine.release(package) for package in packages)}."]

    @contextlib.contextmanager
    def round(self) -> Iterator[dict[str, base.Participant]]:
        with contextlib.ExitStack() as stack:
            program = nginx().find()
            if program is None:
                raise MeasureError(nginx().MISSING)
            with cores.pinned(self.bench.cores.server):
                server = stack.enter_context(nginx().running(program))
            participants = stack.enter_context(super().round())
            for participant in participants.values():
                assert isinstance(participant, _Client)
                participant.server = server
            yield participants

    @property
    def cases(self) -> list[Case]:
        return [
            *(
                case(PLAIN, "plain", size, connections)
                for size in SIZES
                for connections in CONNECTIONS
            ),
            # The same samples, to be compared with another one than the best.
            case(PLAIN, "plain", "1 KB", 50, AIOHTTP),
            case(TLS, "tls1", "1 KB", 50),
            case(TLS, "tls1", "100 KB", 50),
            *(
                Case(
                    f"stream of 100 MB{over}",
                    (rate(),),
                    (STREAMED, port, 1),
                    f"HTTP client, a stream, MB a second{over}",
                    "Streams, MB a second",
                    f"100 MB{over}",
                    BEST,
                    thorough=True,
                )
                for port, over in (("plain", ""), ("tls1", " over TLS"))
            ),
        ]


def nginx() -> Any:
    """The tests' way to start one; of a module that is not theirs alone."""
    if TESTS not in sys.path:
        sys.path.append(TESTS)
    from support import http_nginx

    return http_nginx


def case(group: str, port: str, size: str, connections: int, target: Target | None = None) -> Case:
    """So many tasks that fetch a file of this size."""
    small = size == "1 KB" and connections == 50
    usual = by(1.3) if small and port == "plain" else BEST
    again = f", to {target.of}" if target else ""
    where = f"{size}, {connections} at once"
    label = f"{where}{again}"
    return Case(
        f"{group}, {label}",
        (rate(),),
        (SIZES[size], port, connections),
        f"HTTP client, {group}, {label}" if connections == 50 and not target else "",
        group,
        label,
        target or usual,
        f"{group}, {where}" if target else "",
        thorough=connections == 50,
    )

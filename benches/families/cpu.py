"""What a message costs its server: seconds of user CPU, and instructions."""

import contextlib
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator, Mapping

from benches.families import base
from benches.families.echoing import LIMIT, PATIENCE, rate_of
from benches.model import Case, MeasureError, Unit, amount
from benches.process import Process

CONNECTIONS = 10
SIZE = 1024
SECONDS, QUICK_SECONDS = 20.0, 1.0
CPU = "user CPU"
INSTRUCTIONS = "instructions"
# Of one server, and of another: what both have done before and after does not count.
MESSAGES = 1_000, 4_000
VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
UNDER_VALGRIND = 60.0  # seconds that a server may take to start, or to end
COLLECTED = re.compile(r"Collected : (\d+)")


class _Cpu(base.Participant):
    def __init__(
        self,
        candidate: str,
        bench: base.Bench,
        stack: contextlib.ExitStack,
        of_the_limit: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(candidate, bench, stack)
        self._of_the_limit = of_the_limit or {}

    def measure(self, case: Case) -> list[float]:
        what = str(case.parameters[0])
        if what not in self._of_the_limit:
            raise MeasureError("the limit has none to compare with", "no limit")
        limit = self._of_the_limit[what]
        # The limit is what all are compared with: it has but one figure.
        found = limit if self.candidate == LIMIT else self.cost(what)
        return [found, found - limit]

    def cost(self, what: str) -> float:
        """Of a message."""
        if what == CPU:
            return self._user_seconds()
        few, many = (self._instructions(messages) for messages in MESSAGES)
        return (many - few) / (MESSAGES[1] - MESSAGES[0])

    def _user_seconds(self) -> float:
        seconds = QUICK_SECONDS if self.bench.settings.quick else SECONDS
        with self._server() as server:
            address = server.line(base.STARTS_WITHIN)
            with self.bench.load.closed(address, CONNECTIONS, SIZE, seconds) as client:
                client.line(PATIENCE)
                began, used = time.perf_counter(), server.user_seconds()
                result = json.loads(client.line(1.2 * seconds + PATIENCE))
                share = (server.user_seconds() - used) / (time.perf_counter() - began)
        return share / rate_of(result)

    def _instructions(self, messages: int) -> float:
        with self._server(VALGRIND) as server:
            address = server.line(UNDER_VALGRIND)
            _, host, port = address.split(":")
            _echo((host, int(port)), messages)
            server.interrupt()
            if not server.ends(UNDER_VALGRIND):
                raise MeasureError("under valgrind, it does not end by SIGINT", "hung")
            if found := COLLECTED.search(server.errors()):
                return float(found[1])
            raise server.how_it_ended()

    def _server(self, tool: tuple[str, ...] = ()) -> Process:
        core = self.bench.cores.server
        if self.candidate == LIMIT:
            return self.bench.load.limit("tcp", tool)
        return base.python("echo_server", self.candidate, "protocol", "tcp", core=core, tool=tool)


def _echo(address: tuple[str, int], messages: int) -> None:
    """Exactly so many messages, one under way on each connection."""
    message = bytes(SIZE)
    with contextlib.ExitStack() as stack:
        try:
            connections = [
                stack.enter_context(socket.create_connection(address, UNDER_VALGRIND))
                for _ in range(CONNECTIONS)
            ]
            for _ in range(messages // CONNECTIONS):
                for connection in connections:
                    connection.sendall(message)
                for connection in connections:
                    left = SIZE
                    while left:
                        if not (data := connection.recv(left)):
                            raise MeasureError("under valgrind, it closed a connection")
                        left -= len(data)
        except OSError as error:
            raise MeasureError(f"under valgrind: {error}") from None


class Cpu(base.Family):
    name = "cpu"
    title = "CPU a message"
    about = (
        f"TCP echo of 1 KB by an `asyncio.Protocol` over {CONNECTIONS} connections: what a message"
        f" costs its server outside of the kernel. User CPU is that of its process in"
        f" {SECONDS:.0f} s under load, of all its threads; instructions are callgrind's, the"
        f" difference between a server of {MESSAGES[1]:,} messages and one of {MESSAGES[0]:,}."
        " `above the limit` is what a loop adds to the bare server in Rust."
    )
    rounds = 1
    quick_rounds = 1
    participant = _Cpu
    limits = (LIMIT,)

    def __init__(self, bench: base.Bench) -> None:
        super().__init__(bench)
        self._of_the_limit: dict[str, float] = {}

    @property
    def cases(self) -> list[Case]:
        units = {CPU: Unit.SECONDS, INSTRUCTIONS: Unit.COUNT}
        return [
            Case(
                what,
                (amount("", unit), amount("above the limit", unit)),
                (what,),
                f"{what} a message" if what == CPU else "",
            )
            for what, unit in units.items()
        ]

    def lacks(self) -> str | None:
        if shutil.which("valgrind"):
            return None
        return "valgrind is missing: install it (Debian, Ubuntu: apt install valgrind)"

    def prepare(self, known: Mapping[str, float]) -> dict[str, float]:
        """What a message costs the limit."""
        self._of_the_limit = dict(known)
        if not known:
            with contextlib.ExitStack() as stack:
                limit = _Cpu(LIMIT, self.bench, stack)
                for what in (CPU, INSTRUCTIONS):
                    with contextlib.suppress(MeasureError):  # and named where it is missed
                        self._of_the_limit[what] = limit.cost(what)
        return self._of_the_limit

    @contextlib.contextmanager
    def round(self) -> Iterator[dict[str, base.Participant]]:
        with contextlib.ExitStack() as stack:
            yield {
                name: _Cpu(name, self.bench, stack, self._of_the_limit) for name in self.candidates
            }

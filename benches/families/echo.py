"""TCP echo: server on one core, load on another."""

import contextlib
import itertools

from benches.families import base
from benches.families.echoing import LIMIT, SIZES, Echoing, rate_of
from benches.model import Case, rate

KINDS = "protocol", "buffered", "streams", "sock"
CONNECTIONS = 1, 10, 100, 1000
# What the README shows: by size and connections.
SHOWN = ("1 KB", 10), ("10 KB", 10), ("100 KB", 10), ("1 KB", 1000)


class _Echo(Echoing):
    def __init__(self, candidate: str, bench: base.Bench, stack: contextlib.ExitStack) -> None:
        super().__init__(candidate, bench, stack)
        self._of_the_limit: dict[tuple[int, int], float] = {}

    def measure(self, case: Case) -> list[float]:
        kind, size, connections = str(case.parameters[0]), *map(int, case.parameters[1:])
        if self.candidate != LIMIT:
            return [self._sample(kind, size, connections)]
        # It has but one kind of server, which is measured once a round.
        if (size, connections) not in self._of_the_limit:
            self._of_the_limit[size, connections] = self._sample("", size, connections)
        return [self._of_the_limit[size, connections]]

    def _sample(self, kind: str, size: int, connections: int) -> float:
        seconds = self.bench.settings.echo_seconds
        closed = self.bench.load.closed
        return rate_of(self.load_on(kind, "tcp", lambda at: closed(at, connections, size, seconds)))


class Echo(base.Family):
    name = "echo"
    title = "TCP echo"
    about = (
        "Round trips a second over connections of 127.0.0.1, one message under way on each."
        " `protocol` is an `asyncio.Protocol`, `buffered` an `asyncio.BufferedProtocol`, `streams`"
        " the StreamReader and StreamWriter of `asyncio.start_server`, `sock` the loop's `sock_*`"
        " methods. One process serves all sizes and numbers of connections of a round. `limit` is a"
        " bare epoll server in Rust, what this machine can do with one thread: the same one stands"
        " beside all kinds of servers, measured next to `protocol`."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Echo
    limits = (LIMIT,)

    @property
    def cases(self) -> list[Case]:
        return [_case(*parameters) for parameters in itertools.product(KINDS, SIZES, CONNECTIONS)]


def _case(kind: str, size: str, connections: int) -> Case:
    label = f"{size}, {connections:,} connection{'s' * (connections > 1)}"
    shown = (size, connections) in SHOWN and kind in ("protocol", "streams")
    return Case(
        f"{kind}, {label}",
        (rate(),),
        (kind, SIZES[size], connections),
        headline=f"TCP echo, {kind}, {label}" if shown else "",
        group=kind,
        label=label,
    )

"""Echo over Unix sockets."""

import itertools

from benches.families import base
from benches.families.echoing import LIMIT, SIZES, Echoing, rate_of
from benches.model import Case, rate

CONNECTIONS = 10


class _Unix(Echoing):
    def measure(self, case: Case) -> list[float]:
        kind, size = str(case.parameters[0]), int(case.parameters[1])
        seconds = self.bench.settings.echo_seconds
        closed = self.bench.load.closed
        result = self.load_on(kind, "unix", lambda at: closed(at, CONNECTIONS, size, seconds))
        return [rate_of(result)]


class Unix(base.Family):
    name = "unix"
    title = "Unix echo"
    about = (
        f"Round trips a second over {CONNECTIONS} connections of a Unix socket; all else as in TCP"
        " echo."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Unix
    limits = (LIMIT,)

    @property
    def cases(self) -> list[Case]:
        return [
            Case(
                f"{kind}, {size}",
                (rate(),),
                (kind, SIZES[size]),
                headline=f"Unix echo, {kind}, {size}" if size == "1 KB" else "",
            )
            for kind, size in itertools.product(("protocol", "streams"), SIZES)
        ]

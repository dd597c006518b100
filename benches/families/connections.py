"""Connections a second: accepted, served once, and gone."""

from benches.families import base
from benches.families.echoing import LIMIT, Echoing, rate_of
from benches.model import Case, rate

AT_ONCE = 4
SIZE = 64  # bytes


class _Connections(Echoing):
    def measure(self, case: Case) -> list[float]:
        (kind,) = case.parameters
        seconds = self.bench.settings.echo_seconds
        churn = self.bench.load.churn
        result = self.load_on(str(kind), "tcp", lambda at: churn(at, AT_ONCE, SIZE, seconds))
        return [rate_of(result)]


class Connections(base.Family):
    name = "connections"
    title = "Connections a second"
    about = (
        f"A client on the other core connects over TCP, sends {SIZE} bytes, reads them back, and"
        f" ends the connection by a reset; {AT_ONCE} at once."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Connections
    limits = (LIMIT,)

    @property
    def cases(self) -> list[Case]:
        return [
            Case(kind, (rate(),), (kind,), f"connections a second, {kind}")
            for kind in ("protocol", "streams")
        ]

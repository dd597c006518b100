"""TLS: echo, and handshakes."""

from benches.families import base
from benches.families.echoing import SIZES, Echoing, rate_of
from benches.model import Case, rate

CONNECTIONS = 10
AT_ONCE = 4  # handshakes
SMALL = 64  # bytes that show that a handshake is done on both sides
HANDSHAKES = "handshakes"


class _Tls(Echoing):
    def measure(self, case: Case) -> list[float]:
        what = case.parameters[0]
        seconds = self.bench.settings.echo_seconds
        load = self.bench.load
        if what == HANDSHAKES:
            result = self.load_on(
                "protocol", "tls", lambda at: load.churn(at, AT_ONCE, SMALL, seconds)
            )
        else:
            result = self.load_on(
                "protocol", "tls", lambda at: load.closed(at, CONNECTIONS, int(what), seconds)
            )
        return [rate_of(result)]


class Tls(base.Family):
    name = "tls"
    title = "TLS"
    about = (
        f"Echo: round trips a second over {CONNECTIONS} connections to an `asyncio.Protocol` with"
        " an `ssl.SSLContext`. Handshakes: connections a second, each with a full TLS 1.3 handshake"
        f" (ECDSA, P-256), {SMALL} bytes there and back, and an end by a reset; {AT_ONCE} at once."
        " The client is rustls, on the other core."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Tls

    @property
    def cases(self) -> list[Case]:
        echo = [
            Case(f"echo, {size}", (rate(),), (SIZES[size],), f"TLS echo, {size}")
            for size in ("1 KB", "100 KB")
        ]
        return [*echo, Case(HANDSHAKES, (rate(),), (HANDSHAKES,), "TLS handshakes")]

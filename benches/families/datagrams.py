"""UDP echo."""

from benches.families import base
from benches.families.echoing import LIMIT, SIZES, Echoing, rate_of
from benches.model import Case, rate

CASES = ("1 KB", 1), ("1 KB", 10), ("1 KB", 50), ("10 KB", 10)


class _Datagrams(Echoing):
    def measure(self, case: Case) -> list[float]:
        size, sockets = map(int, case.parameters)
        seconds = self.bench.settings.echo_seconds
        closed = self.bench.load.closed
        result = self.load_on("protocol", "udp", lambda at: closed(at, sockets, size, seconds))
        return [rate_of(result)]


class Datagrams(base.Family):
    name = "udp"
    title = "UDP echo"
    about = (
        "Round trips a second of datagrams to one `asyncio.DatagramProtocol`, from several sockets"
        " of one client with one datagram under way each. `limit` is a loop of recvfrom and sendto"
        " in Rust."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Datagrams
    limits = (LIMIT,)

    @property
    def cases(self) -> list[Case]:
        return [
            Case(
                name := f"{size}, {sockets} socket{'s' * (sockets > 1)}",
                (rate(),),
                (SIZES[size], sockets),
                headline=f"UDP echo, {name}" if (size, sockets) == ("1 KB", 10) else "",
            )
            for size, sockets in CASES
        ]

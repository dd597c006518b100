"""What the demo runs: the programs of examples/, with their sizes."""

import dataclasses
import enum
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"

# Stands for what the server printed as its address.
ADDRESS = "{address}"


class Bound(enum.Enum):
    """What a program spends its time on, and so whether another event loop can shorten it."""

    LOOP = "Bound by sockets, tasks and timers: the loop is the work"
    WAITING = "Bound by waiting: no loop can shorten it"
    ELSEWHERE = "Bound by parsing, threads and processes: the loop is a small part"


@dataclasses.dataclass(frozen=True)
class Size:
    """Arguments of the program and, where there is one, of its server."""

    program: tuple[str, ...]
    server: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Example:
    """A program of examples/, and the server it talks to, both run on the same loop."""

    name: str
    title: str
    bound: Bound
    program: str
    full: Size
    quick: Size
    server: str | None = None

    def command(self, size: Size, address: str | None) -> list[str]:
        """Path and arguments of the program, for a server that listens at `address`."""
        arguments = [part.replace(ADDRESS, address or "") for part in size.program]
        return [str(EXAMPLES / self.program), *arguments]

    def server_command(self, size: Size) -> list[str] | None:
        """Path and arguments of the server; it chooses a free port and prints its address."""
        if self.server is None:
            return None
        return [str(EXAMPLES / self.server), "--port", "0", *size.server]


CATALOG = (
    Example(
        "scraper",
        "semaphore scraper",
        Bound.LOOP,
        "scraper.py",
        full=Size(("--site", ADDRESS, "--pages", "5000")),
        quick=Size(("--site", ADDRESS, "--pages", "300")),
        server="site.py",
    ),
    Example(
        "batching",
        "batching",
        Bound.LOOP,
        "batching.py",
        full=Size(("--workers", "1000", "--lookups", "250")),
        quick=Size(("--workers", "200", "--lookups", "50")),
    ),
    Example(
        "weather-5000",
        "weather, 5000 clients",
        Bound.LOOP,
        "weather_client.py",
        full=Size(
            ("--connect", ADDRESS, "--clients", "5000", "--questions", "6"),
            server=("--measuring", "0.1"),
        ),
        quick=Size(
            ("--connect", ADDRESS, "--clients", "5000", "--questions", "1"),
            server=("--measuring", "0.1"),
        ),
        server="weather_service.py",
    ),
    Example(
        "fetch",
        "fetch with retries",
        Bound.WAITING,
        "fetch_with_retries.py",
        full=Size(("--site", ADDRESS)),
        quick=Size(("--site", ADDRESS, "--urls", "20", "--timeout", "0.5", "--pause", "0.02")),
        server="site.py",
    ),
    Example(
        "rate-limit",
        "rate limit by time",
        Bound.WAITING,
        "rate_limit.py",
        full=Size(("--calls", "20", "--window", "0.4", "--total", "60")),
        quick=Size(("--calls", "20", "--window", "0.1", "--total", "60")),
    ),
    Example(
        "weather-5",
        "weather, 5 clients",
        Bound.WAITING,
        "weather_client.py",
        full=Size(("--connect", ADDRESS, "--clients", "5")),
        quick=Size(("--connect", ADDRESS, "--clients", "5"), server=("--measuring", "0.1")),
        server="weather_service.py",
    ),
    Example(
        "crawler",
        "depth crawler",
        Bound.ELSEWHERE,
        "crawler.py",
        full=Size((ADDRESS, "--depth", "5")),
        quick=Size((ADDRESS, "--depth", "3")),
        server="site.py",
    ),
    Example(
        "files",
        "file reading",
        Bound.ELSEWHERE,
        "file_reading.py",
        full=Size(("--files", "1500")),
        quick=Size(("--files", "200")),
    ),
    Example(
        "offload",
        "CPU offload",
        Bound.ELSEWHERE,
        "cpu_offload.py",
        full=Size(("--passwords", "6")),
        quick=Size(("--passwords", "4")),
    ),
    Example(
        "pool",
        "process pool",
        Bound.ELSEWHERE,
        "process_pool.py",
        full=Size(("--below", "80000000", "--pieces", "40")),
        quick=Size(("--below", "2000000")),
    ),
)


def choose(names: list[str]) -> list[Example]:
    """The examples whose names contain one of `names`; all when there are none.

    Raises LookupError for a name that fits no example.
    """
    for name in names:
        if not any(name in example.name for example in CATALOG):
            known = ", ".join(example.name for example in CATALOG)
            raise LookupError(f"no example is called {name!r}; there are {known}")
    return [e for e in CATALOG if not names or any(name in e.name for name in names)]

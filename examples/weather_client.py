"""Many clients of the weather service at once, each with its own connection.

    python examples/weather_service.py &
    python examples/weather_client.py --clients 5000 --questions 8

First all connect, a few hundred at a time. The service greets each when it has accepted it; a
client that waits for that before the next one knocks never overflows the backlog, which would cost
a second a time (the kernel drops the SYN, and TCP sends it again). Then all ask at once, one
question after the other, and check what they are told. The two parts are timed apart.
"""

import argparse
import asyncio
import collections
import dataclasses
import json
import resource
import time
from typing import Any

KNOCKING = 200  # connections under way at a time
SPARE = 64  # descriptors that the interpreter and the loop need for themselves
PATIENCE = 30  # seconds for one line


@dataclasses.dataclass(frozen=True)
class Connection:
    """What a client has after the greeting: its two streams, and the cities it may ask for."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    cities: list[str]


def raise_descriptor_limit(clients: int) -> int:
    """Makes room for `clients` connections. Returns how many of them fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = clients + SPARE
    if hard != resource.RLIM_INFINITY and hard < need:
        clients = max(1, hard - SPARE)
        print(
            f"note: only {clients} clients fit, this process may have {hard} open files; to allow"
            f" more, run `ulimit -n {need}` first, as root or after raising the hard limit in"
            " /etc/security/limits.conf"
        )
        need = hard
    if soft != resource.RLIM_INFINITY and soft < need:
        resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))
    return clients


async def receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        line = await reader.readline()
    if not line:
        raise ConnectionError("the service closed the connection")
    answer: dict[str, Any] = json.loads(line)
    return answer


async def connect(host: str, port: int, slots: asyncio.Semaphore) -> Connection:
    async with slots:
        reader, writer = await asyncio.open_connection(host, port)
        greeting = await receive(reader)
    return Connection(reader, writer, greeting["stations"])


async def ask(connection: Connection, questions: int, first: int) -> list[tuple[str, int, str]]:
    """Asks for one city after the other, beginning with number `first` of the list."""
    answers = []
    for number in range(first, first + questions):
        city = connection.cities[number % len(connection.cities)]
        connection.writer.write(json.dumps({"city": city}).encode() + b"\n")
        await connection.writer.drain()
        answer = await receive(connection.reader)
        if answer.get("city") != city:
            raise RuntimeError(f"asked for {city}, was told {answer}")
        answers.append((city, answer["celsius"], answer["sky"]))
    connection.writer.close()
    await connection.writer.wait_closed()
    return answers


async def main(args: argparse.Namespace) -> None:
    host, _, port = args.connect.rpartition(":")
    clients = raise_descriptor_limit(args.clients)

    started = time.perf_counter()
    slots = asyncio.Semaphore(KNOCKING)
    try:
        connections = await asyncio.gather(
            *(connect(host, int(port), slots) for _ in range(clients))
        )
    except ConnectionRefusedError:
        raise SystemExit(
            f"nobody listens at {args.connect}; start examples/weather_service.py first"
        ) from None
    print(f"{clients} clients connected in {time.perf_counter() - started:.2f} s")

    started = time.perf_counter()
    answers = await asyncio.gather(
        *(ask(connection, args.questions, first) for first, connection in enumerate(connections))
    )
    took = time.perf_counter() - started
    weather = collections.Counter(answer for client in answers for answer in client)
    for (city, celsius, sky), times in sorted(weather.items()):
        print(f"  {city}: {celsius} degrees, {sky}; told {times} times")
    print(f"{weather.total()} answers in {took:.2f} s, {weather.total() / took:.0f} per second")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connect", default="127.0.0.1:8014", help="HOST:PORT (127.0.0.1:8014)")
    parser.add_argument("--clients", type=int, default=5, help="how many at once (5)")
    parser.add_argument("--questions", type=int, default=1, help="that each asks (1)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

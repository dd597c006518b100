"""Many clients of the weather service at once, each with its own connection.

    python examples/weather_service.py &
    python examples/weather_client.py --clients 5000 --questions 8

First all connect, a few hundred at a time, so that the service's backlog does not overflow. Then
all ask at once, one question after the other, and check what they are told. The two parts are
timed apart.
"""

import argparse
import asyncio
import collections
import json
import resource
import time

KNOCKING = 200  # connections under way at a time
SPARE = 64  # descriptors that the interpreter and the loop need for themselves
PATIENCE = 30  # seconds for one answer
CITIES = ["Oslo", "Lima", "Tokyo", "Rome", "Cairo"]

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def raise_descriptor_limit(clients: int) -> int:
    """Makes room for `clients` connections. Returns how many of them fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = clients + SPARE
    if hard != resource.RLIM_INFINITY and hard < need:
        clients = max(1, hard - SPARE)
        print(
            f"note: only {clients} clients fit, the system allows this process {hard} open files;"
            f" `ulimit -n {need}` allows more"
        )
        need = hard
    if soft < need:
        resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))
    return clients


async def connect(host: str, port: int, slots: asyncio.Semaphore) -> Connection:
    async with slots:
        return await asyncio.open_connection(host, port)


async def ask(connection: Connection, questions: int, first: int) -> list[tuple[str, int, str]]:
    """Asks for one city after the other, beginning with number `first` of the list."""
    reader, writer = connection
    answers = []
    for number in range(first, first + questions):
        city = CITIES[number % len(CITIES)]
        writer.write(json.dumps({"city": city}).encode() + b"\n")
        await writer.drain()
        async with asyncio.timeout(PATIENCE):
            answer = json.loads(await reader.readline())
        if answer.get("city") != city:
            raise RuntimeError(f"asked for {city}, was told {answer}")
        answers.append((city, answer["celsius"], answer["sky"]))
    writer.close()
    await writer.wait_closed()
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

"""A weather service: one JSON object a line, over TCP.

    python examples/weather_service.py --port 8014

The service begins with {"stations": ["Berlin", "Cairo", ...]}. A client then sends {"city": "Oslo"}
and gets {"city": "Oslo", "celsius": 11, "sky": "rain"}, as often as it likes over one connection.
What cannot be answered gets {"error": "..."}.

A measurement takes half a second. Whoever asks for a city while it is being measured waits for the
same measurement, and its result stays good for a while: so five clients wait half a second
together, and five thousand do too. Who says nothing for a minute is let go.

It prints its address, serves until Ctrl-C or SIGTERM, and then says how much it served.
"""

import argparse
import asyncio
import json
import resource
import signal
import zlib

LONGEST_LINE = 1024  # bytes
DESCRIPTORS = 10_240  # the most that macOS allows (OPEN_MAX)
BACKLOG = 1024  # connections that may wait to be accepted
SKIES = ["sun", "cloud", "rain", "snow", "fog"]
CITIES = ["Berlin", "Cairo", "Delhi", "Lima", "London", "Oslo", "Paris", "Quito", "Rome", "Tokyo"]


class BadRequestError(Exception):
    """What the client sent cannot be answered; the text says why."""


class Stations:
    """Measures the weather of cities, each city at most once at a time. Times are in seconds."""

    def __init__(self, measuring: float, good_for: float) -> None:
        self.measuring = measuring
        self.good_for = good_for
        self._readings: dict[str, tuple[float, asyncio.Task[bytes]]] = {}

    async def weather(self, city: str) -> bytes:
        """The answer for `city`, as a line."""
        now = asyncio.get_running_loop().time()
        asked, reading = self._readings.get(city, (0.0, None))
        if reading is None or now > asked + self.measuring + self.good_for:
            reading = asyncio.create_task(self._measure(city))
            self._readings[city] = (now, reading)
        if reading.done():
            return reading.result()
        # Shielded: a client that leaves must not take the others' measurement with it.
        return await asyncio.shield(reading)

    async def _measure(self, city: str) -> bytes:
        await asyncio.sleep(self.measuring)
        chance = zlib.crc32(city.encode())  # the same weather at every run
        return line(city=city, celsius=chance % 45 - 10, sky=SKIES[chance % len(SKIES)])


def line(**answer: object) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def city_of(request: bytes) -> str:
    try:
        city = json.loads(request)["city"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadRequestError('not a request: send {"city": "NAME"}') from None
    if not isinstance(city, str) or city not in CITIES:
        raise BadRequestError(f"no station there; there are some in {', '.join(CITIES)}")
    return city


class Service:
    """Answers clients, and keeps count."""

    def __init__(self, stations: Stations, patience: float) -> None:
        self.stations = stations
        self.patience = patience
        self.clients = 0
        self.answers = 0
        self._talks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, from the first line to the last."""
        task = asyncio.current_task()
        self._talks.add(task)
        self.clients += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, TimeoutError):
            pass  # gone, or silent for too long: nobody is left to be told
        except asyncio.CancelledError:
            pass  # let go by close(); streams of Python 3.12 would report it as an error
        finally:
            self._talks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line(stations=CITIES))
        while True:
            try:
                async with asyncio.timeout(self.patience):
                    request = await reader.readline()
            except ValueError:  # longer than the limit; what follows it is not a request either
                writer.write(line(error=f"a request has at most {LONGEST_LINE} bytes"))
                return
            if not request:
                return
            try:
                answer = await self.stations.weather(city_of(request))
            except BadRequestError as problem:
                answer = line(error=str(problem))
            writer.write(answer)
            await writer.drain()
            self.answers += 1

    async def close(self) -> None:
        """Lets those go that are still there."""
        talks = [task for task in self._talks if task]
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def main(args: argparse.Namespace) -> None:
    # A client costs a descriptor, and most systems start programs with a limit of 1024 or less.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    service = Service(Stations(args.measuring, good_for=60), patience=60)
    try:
        server = await asyncio.start_server(
            service.serve, "127.0.0.1", args.port, limit=LONGEST_LINE, backlog=BACKLOG
        )
    except OSError as error:
        raise SystemExit(f"cannot serve: {error.strerror}") from error
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()
    await service.close()
    await server.wait_closed()
    print(f"{service.answers} answers to {service.clients} clients")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8014, help="0 takes a free one (8014)")
    parser.add_argument(
        "--measuring", type=float, default=0.5, help="seconds a measurement takes (0.5)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

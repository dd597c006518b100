"""Fetches many URLs at once from a site that is not always well, and never hangs.

    python examples/site.py &
    python examples/fetch_with_retries.py --site http://127.0.0.1:8010

Every attempt has a timeout. What may pass (a timeout, a refused connection, 503) is tried again
after a pause that doubles; what will not pass (404) is not. The pauses carry some jitter, so that
a thousand clients that failed together do not come back together.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import random
import socket
import time
from collections.abc import Iterator

import aiohttp

WORTH_A_RETRY = {429, 502, 503, 504}


@dataclasses.dataclass(frozen=True)
class Policy:
    """How long to wait, and how often to try. Times are in seconds."""

    attempts: int
    timeout: float
    pause: float


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one URL, after `attempts` attempts."""

    label: str
    result: str
    attempts: int


async def attempt(session: aiohttp.ClientSession, url: str, seconds: float) -> tuple[str, bool]:
    """One request of at most `seconds`. Returns what happened, and whether to try again."""
    try:
        limit = aiohttp.ClientTimeout(total=seconds)
        async with session.get(url, timeout=limit) as response:
            body = await response.read()
    except TimeoutError:
        return "timed out", True
    except aiohttp.ClientConnectorError:
        return "connection refused", True
    except aiohttp.ClientError as error:
        return f"broken: {type(error).__name__}", True
    if response.status == 200:
        return f"200, {len(body)} bytes", False
    return f"{response.status}", response.status in WORTH_A_RETRY


async def fetch(session: aiohttp.ClientSession, label: str, url: str, policy: Policy) -> Outcome:
    pause = policy.pause
    for number in range(1, policy.attempts + 1):
        result, again = await attempt(session, url, policy.timeout)
        if not again:
            return Outcome(label, result, number)
        if number < policy.attempts:
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause *= 2
    return Outcome(label, f"gave up: {result}", policy.attempts)


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections: it is bound, so nobody else takes it, but nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


async def main(args: argparse.Namespace) -> None:
    policy = Policy(attempts=3, timeout=args.timeout, pause=args.pause)
    too_slow = int(args.timeout * 10_000)  # milliseconds: ten times what we are ready to wait
    paths = [f"/page/{number}" for number in range(args.urls)]
    paths += [f"/flaky/{number}" for number in range(args.urls // 4)]
    paths += [f"/slow/{too_slow}", "/nowhere"]

    started = time.perf_counter()
    with closed_port() as port:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(fetch(session, path, args.site + path, policy)) for path in paths
            ]
            down = f"http://127.0.0.1:{port}/"
            tasks.append(group.create_task(fetch(session, "a server that is down", down, policy)))
    took = time.perf_counter() - started

    outcomes = [task.result() for task in tasks]
    good = [outcome for outcome in outcomes if outcome.result.startswith("200")]
    retried = "yes" if any(outcome.attempts > 1 for outcome in good) else "no"
    print(f"{len(good)} of {len(outcomes)} URLs fetched, some by a retry: {retried}")
    for outcome in outcomes:
        if outcome not in good:
            print(f"  {outcome.label}: {outcome.result} (attempts: {outcome.attempts})")
    print(f"in {took:.2f} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--site", default="http://127.0.0.1:8010", help="where site.py serves")
    parser.add_argument("--urls", type=int, default=40, help="how many pages to fetch (40)")
    parser.add_argument("--timeout", type=float, default=0.3, help="seconds an attempt (0.3)")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds before a retry (0.1)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

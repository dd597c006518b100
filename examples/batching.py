"""Turns many small look-ups into few large ones.

    python examples/batching.py --workers 500 --lookups 100

Each worker asks for one key at a time, as handlers of a service do. The batcher gathers the keys
of all of them, sends one query when a batch is full or its oldest key has waited long enough, and
hands every worker its own answer.
"""

import argparse
import asyncio
import time


class Store:
    """A data base that is paid by the query, not by the key."""

    def __init__(self) -> None:
        self.queries = 0

    async def get_many(self, keys: list[int]) -> dict[int, int]:
        self.queries += 1
        await asyncio.sleep(0.001)  # one round trip
        return {key: key * key % 1_000_003 for key in keys}


class Batcher:
    """Gathers look-ups into queries of up to `size` keys; no key waits longer than `delay` s."""

    def __init__(self, store: Store, size: int, delay: float) -> None:
        self.store = store
        self.size = size
        self.delay = delay
        self._waiting: list[tuple[int, asyncio.Future[int]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._queries: set[asyncio.Task[None]] = set()  # the loop itself holds tasks only weakly

    async def get(self, key: int) -> int:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        self._waiting.append((key, answer))
        if len(self._waiting) >= self.size:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(self.delay, self._send)
        return await answer

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting = self._waiting, []
        query = asyncio.create_task(self._answer(batch))
        self._queries.add(query)
        query.add_done_callback(self._queries.discard)

    async def _answer(self, batch: list[tuple[int, asyncio.Future[int]]]) -> None:
        try:
            found = await self.store.get_many([key for key, _ in batch])
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for key, answer in batch:
            if not answer.done():  # a worker may have been cancelled meanwhile
                answer.set_result(found[key])


async def worker(batcher: Batcher, first: int, lookups: int) -> int:
    return sum([await batcher.get(key) for key in range(first, first + lookups)])


async def main(args: argparse.Namespace) -> None:
    store = Store()
    batcher = Batcher(store, args.size, delay=0.005)
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(worker(batcher, number * args.lookups, args.lookups))
            for number in range(args.workers)
        ]
    took = time.perf_counter() - started

    total = args.workers * args.lookups
    print(f"{total} look-ups, sum of the answers {sum(task.result() for task in tasks)}")
    print(f"fewer queries than one for 5 look-ups: {'yes' if store.queries * 5 < total else 'no'}")
    print(f"in {took:.2f} s, {total / took:.0f} per second")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=500, help="how many ask at once (500)")
    parser.add_argument("--lookups", type=int, default=100, help="keys each asks for (100)")
    parser.add_argument("--size", type=int, default=50, help="keys in a full batch (50)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

"""Calls an API that allows so many calls a second, as fast as it allows and no faster.

    python examples/rate_limit.py --calls 20 --window 0.5 --total 60

A semaphore limits how many calls run at once; this limits how many start within a time. The
limiter remembers when the last `calls` calls started: the next may start when the oldest of them
has left the window. Those who wait are served in the order they came.
"""

import argparse
import asyncio
import collections
import random
import time


class RateLimiter:
    """At most `calls` entries in any `window` seconds.

    `async with limiter as entered:` gives the time of the entry, on the loop's clock.
    """

    def __init__(self, calls: int, window: float) -> None:
        self.window = window
        self._entries: collections.deque[float] = collections.deque(maxlen=calls)
        self._queue = asyncio.Lock()  # asyncio's locks wake their waiters first come, first served

    async def __aenter__(self) -> float:
        clock = asyncio.get_running_loop().time
        async with self._queue:
            entered = clock()
            if len(self._entries) == self._entries.maxlen:
                opens = self._entries[0] + self.window
                while entered < opens:
                    await asyncio.sleep(opens - entered)
                    entered = clock()
            self._entries.append(entered)
        return entered

    async def __aexit__(self, *_: object) -> None:
        pass


async def call_api(limiter: RateLimiter, starts: list[float]) -> None:
    async with limiter as started:
        starts.append(started)
        await asyncio.sleep(random.uniform(0.01, 0.05))  # the answer's way through the network


async def main(args: argparse.Namespace) -> None:
    limiter = RateLimiter(args.calls, args.window)
    starts: list[float] = []
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(args.total):
            group.create_task(call_api(limiter, starts))
    took = time.perf_counter() - began

    # Call i + calls may start one window after call i, no sooner. The sum of two floats is rounded,
    # so a nanosecond is forgiven.
    gaps = [late - early for early, late in zip(starts, starts[args.calls :], strict=False)]
    kept = all(gap > args.window - 1e-9 for gap in gaps)
    print(f"{len(starts)} calls, at most {args.calls} in any {args.window} s: ", end="")
    print("kept" if kept else "BROKEN")
    print(f"in {took:.2f} s; the limit alone asks for {(args.total - 1) // args.calls} windows")
    if not kept:
        raise SystemExit(f"two calls {args.calls} apart started within {min(gaps):.4f} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=20, help="allowed in a window (20)")
    parser.add_argument("--window", type=float, default=0.5, help="its length in seconds (0.5)")
    parser.add_argument("--total", type=int, default=60, help="calls to make (60)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

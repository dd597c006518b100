"""Spreads a long computation over the cores while the loop stays free.

    python examples/process_pool.py --below 2000000

Threads share one interpreter lock, so computing in pure Python needs processes. The range is cut
into more pieces than there are workers: whoever is done early takes the next one.
"""

import argparse
import asyncio
import concurrent.futures
import multiprocessing
import os
import time


def count_primes(first: int, last: int) -> int:
    """How many primes are in [first, last), by a sieve over just that range."""
    sieve = bytearray([1]) * (last - first)
    for factor in range(2, int(last**0.5) + 1):
        multiple = max(factor * factor, -(-first // factor) * factor)
        sieve[multiple - first :: factor] = bytes(len(range(multiple, last, factor)))
    return sum(sieve) - sum(first <= number < last for number in (0, 1))


async def main(args: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    step = max(1, -(-args.below // args.pieces))
    pieces = [(first, min(first + step, args.below)) for first in range(0, args.below, step)]
    context = multiprocessing.get_context(args.start_method)
    started = time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(args.workers, mp_context=context) as pool:
        jobs = [loop.run_in_executor(pool, count_primes, *piece) for piece in pieces]
        done = 0
        for job in asyncio.as_completed(jobs):
            done += await job
    took = time.perf_counter() - started
    print(f"{done} primes below {args.below}, counted in {len(pieces)} pieces")
    print(f"in {took:.2f} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--below", type=int, default=2_000_000, help="count up to here (2000000)")
    parser.add_argument("--pieces", type=int, default=20, help="cut the range into (20)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (the cores)")
    parser.add_argument(
        "--start-method",
        choices=multiprocessing.get_all_start_methods(),
        help="how workers begin (what Python prefers here)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

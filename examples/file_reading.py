"""Counts the words of many files without holding up the loop.

    python examples/file_reading.py --files 500

Reading a file blocks, and no event loop changes that: aiofiles lends each call to a thread. That
costs more than a plain read of a small file, and buys that everything else goes on meanwhile; a
ticker beside it shows that it does.
"""

import argparse
import asyncio
import collections
import pathlib
import tempfile
import time

import aiofiles

LINE = "the loop waits for sockets and timers while threads wait for the disk"


def make_files(folder: pathlib.Path, count: int) -> list[pathlib.Path]:
    words = LINE.split()
    paths = [folder / f"{number:05}.txt" for number in range(count)]
    for number, path in enumerate(paths):
        lines = (" ".join(words[line % 4 :: 2 + number % 3]) for line in range(40))
        path.write_text("\n".join(lines))
    return paths


async def count_words(path: pathlib.Path, slots: asyncio.Semaphore) -> collections.Counter[str]:
    async with slots, aiofiles.open(path) as file:  # open files are limited too
        text = await file.read()
    return collections.Counter(text.split())


async def tick(ticks: list[float]) -> None:
    while True:
        ticks.append(time.perf_counter())
        await asyncio.sleep(0.01)


async def main(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        paths = make_files(pathlib.Path(name), args.files)
        slots = asyncio.Semaphore(args.limit)
        ticks: list[float] = []
        ticker = asyncio.create_task(tick(ticks))
        started = time.perf_counter()
        counts = await asyncio.gather(*(count_words(path, slots) for path in paths))
        took = time.perf_counter() - started
        ticker.cancel()

    total = sum(counts, collections.Counter[str]())
    print(f"{len(counts)} files, {total.total()} words, {len(total)} of them different")
    for word, times in sorted(total.items(), key=lambda entry: (-entry[1], entry[0]))[:3]:
        print(f"  {word}: {times} times")
    print(f"the ticker went on: {'yes' if len(ticks) > 1 else 'no'}")
    print(f"in {took:.2f} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=500, help="how many to make and read (500)")
    parser.add_argument("--limit", type=int, default=32, help="how many open at a time (32)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

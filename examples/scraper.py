"""Scrapes many pages at once, but never more than a few at a time.

    python examples/site.py &
    python examples/scraper.py --site http://127.0.0.1:8010 --pages 500 --limit 50

A semaphore is the simplest polite limit: every task may exist at once, only `--limit` of them hold
a connection. Each page is read as soon as it arrives, so only its figures stay in memory.
"""

import argparse
import asyncio
import dataclasses
import re
import time

import aiohttp

ITEM = re.compile(r'data-id="(\d+)".*?class="price">([\d.]+)<')


@dataclasses.dataclass(frozen=True, order=True)
class Item:
    price: float
    number: int


class Scraper:
    """Fetches pages over one session. Errors of a page are counted, they do not end the run."""

    def __init__(self, session: aiohttp.ClientSession, limit: int) -> None:
        self.session = session
        self.slots = asyncio.Semaphore(limit)
        self.errors = 0
        self.bytes = 0

    async def scrape(self, url: str) -> list[Item]:
        async with self.slots:
            try:
                async with self.session.get(url) as response:
                    response.raise_for_status()
                    text = await response.text()
            except aiohttp.ClientError:
                self.errors += 1
                return []
        self.bytes += len(text)
        return [Item(float(price), int(number)) for number, price in ITEM.findall(text)]


async def main(args: argparse.Namespace) -> None:
    urls = [f"{args.site}/page/{n % args.distinct}" for n in range(args.pages)]
    started = time.perf_counter()
    connector = aiohttp.TCPConnector(limit=args.limit)
    async with aiohttp.ClientSession(connector=connector) as session:
        scraper = Scraper(session, args.limit)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(scraper.scrape(url)) for url in urls]
    took = time.perf_counter() - started

    items = [item for task in tasks for item in task.result()]
    print(f"{len(urls)} pages, {scraper.bytes} characters, {scraper.errors} errors")
    if items:
        cheapest, dearest = min(items), max(items)
        print(f"{len(items)} items, from {cheapest.price:.2f} (item {cheapest.number})", end=" ")
        print(f"to {dearest.price:.2f} (item {dearest.number})")
    print(f"in {took:.2f} s, {len(urls) / took:.0f} per second")
    if scraper.errors:
        raise SystemExit(f"{scraper.errors} pages failed; does site.py serve at {args.site}?")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--site", default="http://127.0.0.1:8010", help="where site.py serves")
    parser.add_argument("--pages", type=int, default=500, help="how many to fetch (500)")
    parser.add_argument("--distinct", type=int, default=1000, help="then start again (1000)")
    parser.add_argument("--limit", type=int, default=50, help="how many at a time (50)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

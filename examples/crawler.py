"""Follows the links of a site, level by level, down to a depth.

    python examples/site.py &
    python examples/crawler.py http://127.0.0.1:8010 --depth 4

All pages of one level are fetched together; their links, less those already seen, are the next
level. So every page is visited once, at its smallest depth, whatever order the answers come in.
Links to other sites are not followed.
"""

import argparse
import asyncio
import dataclasses
import time
from urllib.parse import urldefrag, urljoin, urlsplit

import aiohttp
from bs4 import BeautifulSoup


@dataclasses.dataclass(frozen=True)
class Page:
    title: str
    items: int
    links: list[str]


def parse(url: str, html: str) -> Page:
    soup = BeautifulSoup(html, "html.parser")
    links = [urldefrag(urljoin(url, str(a["href"]))).url for a in soup.find_all("a", href=True)]
    title = soup.title.get_text() if soup.title else "untitled"
    return Page(title, len(soup.select("li.item")), links)


class Crawler:
    """Fetches and parses the pages of one host, at most `limit` at a time."""

    def __init__(self, session: aiohttp.ClientSession, start: str, limit: int) -> None:
        self.session = session
        self.host = urlsplit(start).netloc
        self.seen = {start}
        self.slots = asyncio.Semaphore(limit)
        self.broken: list[str] = []

    async def fetch(self, url: str) -> Page | None:
        async with self.slots:
            try:
                async with self.session.get(url) as response:
                    response.raise_for_status()
                    html = await response.text()
            except aiohttp.ClientResponseError as error:
                self.broken.append(f"{urlsplit(url).path} ({error.status})")
                return None
        return parse(url, html)

    async def level(self, urls: list[str]) -> list[Page]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.fetch(url)) for url in urls]
        return [page for task in tasks if (page := task.result())]

    def new_links(self, pages: list[Page]) -> list[str]:
        found = []
        for link in (link for page in pages for link in page.links):
            if link not in self.seen and urlsplit(link).netloc == self.host:
                self.seen.add(link)
                found.append(link)
        return found


async def main(args: argparse.Namespace) -> None:
    started = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        crawler = Crawler(session, args.start, args.limit)
        urls = [args.start]
        for depth in range(args.depth + 1):
            try:
                pages = await crawler.level(urls)
            except* aiohttp.ClientConnectionError as errors:
                raise SystemExit(f"cannot reach the site: {errors.exceptions[0]}") from None
            items = sum(page.items for page in pages)
            print(f"depth {depth}: {len(pages)} pages, {items} items")
            if pages:
                print(f"  from {pages[0].title!r} to {pages[-1].title!r}")
            urls = crawler.new_links(pages)
            if not urls:
                break
    print(f"broken links: {', '.join(sorted(crawler.broken)) or 'none'}")
    print(f"in {time.perf_counter() - started:.2f} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("start", help="the URL to start from")
    parser.add_argument("--depth", type=int, default=4, help="how many links away (4)")
    parser.add_argument("--limit", type=int, default=20, help="how many at a time (20)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

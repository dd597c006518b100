"""A small shop on 127.0.0.1, for the other examples to fetch from.

    python examples/site.py --port 8010

    /            the same as /page/0
    /page/N      an HTML page: ten items, and links to other pages (a few of them broken)
    /flaky/N     503 at the first request, JSON at the second, and so on in turn
    /slow/MS     answers after MS milliseconds

It prints its address, serves until Ctrl-C or SIGTERM, and then ends cleanly.
"""

import argparse
import asyncio
import collections
import signal

from aiohttp import web

ITEMS_PER_PAGE = 10
LINKS_PER_PAGE = 3
LONGEST_DELAY_MS = 60_000


def item_line(number: int) -> str:
    price = 100 + number * 7919 % 9900  # cents; a prime step spreads the prices
    return (
        f'<li class="item" data-id="{number}"><b>Item {number}</b>'
        f' <span class="price">{price / 100:.2f}</span>'
        f"<p>Made of parts {number * 3} and {number * 5}, sold since {1950 + number % 70}.</p></li>"
    )


def page_html(number: int, pages: int) -> str:
    """Page `number` of a tree of `pages` pages: links down to its children and up to its parent."""
    first_child = number * LINKS_PER_PAGE + 1
    children = range(first_child, min(first_child + LINKS_PER_PAGE, pages))
    links = [f'<a href="/page/{child}">page {child}</a>' for child in children]
    links.append(f'<a href="/page/{(number - 1) // LINKS_PER_PAGE if number else 0}">up</a>')
    links.append('<a href="https://example.org/">elsewhere</a>')
    if number % 25 == 10:
        links.append(f'<a href="/page/{pages + number}">gone</a>')
    first_item = number * ITEMS_PER_PAGE
    items = "\n".join(item_line(first_item + i) for i in range(ITEMS_PER_PAGE))
    return (
        f"<!doctype html><html><head><title>Page {number}</title></head><body>"
        f"<nav>{' '.join(links)}</nav>\n<ul>\n{items}\n</ul></body></html>"
    )


class Site:
    """The request handlers, and what they remember between requests."""

    def __init__(self, pages: int) -> None:
        self.pages = [page_html(number, pages).encode() for number in range(pages)]
        self.tries: collections.Counter[str] = collections.Counter()

    async def page(self, request: web.Request) -> web.Response:
        number = int(request.match_info.get("number", "0"))
        if number >= len(self.pages):
            raise web.HTTPNotFound(text=f"there is no page {number}\n")
        return web.Response(body=self.pages[number], content_type="text/html", charset="utf-8")

    async def flaky(self, request: web.Request) -> web.Response:
        self.tries[request.path] += 1
        if self.tries[request.path] % 2:
            raise web.HTTPServiceUnavailable(text="try again\n")
        return web.json_response({"path": request.path, "ok": True})

    async def slow(self, request: web.Request) -> web.Response:
        delay = min(int(request.match_info["ms"]), LONGEST_DELAY_MS)
        await asyncio.sleep(delay / 1000)
        return web.json_response({"waited_ms": delay})

    def app(self) -> web.Application:
        # A number of more digits than Python converts would be an error of ours, so the route
        # does not match it and the client gets its 404.
        app = web.Application()
        app.router.add_get("/", self.page)
        app.router.add_get(r"/page/{number:\d{1,9}}", self.page)
        app.router.add_get(r"/flaky/{number:\d{1,9}}", self.flaky)
        app.router.add_get(r"/slow/{ms:\d{1,9}}", self.slow)
        return app


async def main(args: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    runner = web.AppRunner(Site(args.pages).app(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", args.port, shutdown_timeout=0.1)
        try:
            await site.start()
        except OSError as error:
            raise SystemExit(f"cannot serve: {error.strerror}") from error
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one (8010)")
    parser.add_argument("--pages", type=int, default=1000, help="how many there are (1000)")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))

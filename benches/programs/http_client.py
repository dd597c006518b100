"""A client of HTTP. usage: python -m benches.programs.http_client CANDIDATE, one of `candidates`

A request (see `worker`) has `url`, of a file of so many bytes as `size` says, `stream`, whether it
is read piece by piece, `protocol`, what a file that says it is to say (`HTTP/1.1`, `HTTP/2.0`), its
URL as `said_by`, `tasks`, how many fetch at once, and `seconds`, how long.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from benches.model import MeasureError
from benches.programs import worker

SUBJECT = "rondel"
# Each on uvloop: no other loop makes it faster.
OTHERS = ("httpx", "niquests", "primp", "pyreqwest", "wreq")
HTTP2 = "HTTP/2.0"
CHUNK = 64 * 1024  # bytes that are asked for at a time
WARM_UP = 2  # requests of each task before it counts


def candidates(loops: Sequence[str]) -> tuple[str, ...]:
    """aiohttp on each of these loops, the others, and the subject."""
    return (*(f"aiohttp, {loop}" for loop in loops), *OTHERS, SUBJECT)


class Sized(Protocol):
    """A body, or a piece of one: bytes, a view, or what a client has in their place."""

    def __len__(self) -> int: ...


class Client(NamedTuple):
    """The two ways to fetch a URL."""

    get: Callable[[str], Awaitable[Sized]]
    stream: Callable[[str], AsyncIterator[Sized]]


class Wish(NamedTuple):
    """What a client is to be made for."""

    connections: int
    http2: bool


Opens = Callable[[Wish], contextlib.AbstractAsyncContextManager[Client]]


@contextlib.asynccontextmanager
async def as_aiohttp(module: Any, connector: Any) -> AsyncIterator[Client]:
    """aiohttp, and whoever has its interface."""
    async with module.ClientSession(connector=connector) as session:

        async def get(url: str) -> Sized:
            async with session.get(url) as response:
                body: bytes = await response.read()
                return body

        async def stream(url: str) -> AsyncIterator[Sized]:
            async with session.get(url) as response:
                async for piece in response.content.iter_chunked(CHUNK):
                    yield piece

        yield Client(get, stream)


def aiohttp(wish: Wish) -> contextlib.AbstractAsyncContextManager[Client]:
    import aiohttp

    return as_aiohttp(aiohttp, aiohttp.TCPConnector(limit=wish.connections, ssl=False))


def rondel(wish: Wish) -> contextlib.AbstractAsyncContextManager[Client]:
    from rondel import http

    return as_aiohttp(http, http.TCPConnector(limit=wish.connections, ssl=False, http2=wish.http2))


@contextlib.asynccontextmanager
async def httpx(wish: Wish) -> AsyncIterator[Client]:
    import httpx

    limits = httpx.Limits(
        max_connections=wish.connections, max_keepalive_connections=wish.connections
    )
    async with httpx.AsyncClient(limits=limits, verify=False, http2=wish.http2) as client:

        async def get(url: str) -> Sized:
            body: bytes = (await client.get(url)).content
            return body

        async def stream(url: str) -> AsyncIterator[Sized]:
            async with client.stream("GET", url) as response:
                async for piece in response.aiter_bytes(CHUNK):
                    yield piece

        yield Client(get, stream)


@contextlib.asynccontextmanager
async def niquests(wish: Wish) -> AsyncIterator[Client]:
    import niquests

    async with niquests.AsyncSession(
        pool_maxsize=wish.connections, disable_http2=not wish.http2, disable_http3=True
    ) as session:
        session.verify = False
        session.trust_env = False

        async def get(url: str) -> Sized:
            body: bytes = (await session.get(url)).content
            return body

        async def stream(url: str) -> AsyncIterator[Sized]:
            response = await session.get(url, stream=True)
            async for piece in await response.iter_content(CHUNK):
                yield piece

        yield Client(get, stream)


@contextlib.asynccontextmanager
async def primp(wish: Wish) -> AsyncIterator[Client]:
    import primp

    async with primp.AsyncClient(verify=False, http2_only=wish.http2) as client:

        async def get(url: str) -> Sized:
            body: bytes = (await client.get(url)).content
            return body

        async def stream(url: str) -> AsyncIterator[Sized]:
            async with await client.get(url, stream=True) as response:
                async for piece in response.aiter_bytes(CHUNK):
                    yield piece

        yield Client(get, stream)


@contextlib.asynccontextmanager
async def pyreqwest(wish: Wish) -> AsyncIterator[Client]:
    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().danger_accept_invalid_certs(True).http2(wish.http2)
    async with builder.max_connections(wish.connections).build() as client:

        async def get(url: str) -> Sized:
            response = await client.get(url).build().send()
            body: Sized = await response.bytes()
            return body

        async def stream(url: str) -> AsyncIterator[Sized]:
            async with client.get(url).build_streamed() as response:
                while piece := await response.body_reader.read(CHUNK):
                    yield piece

        yield Client(get, stream)


@contextlib.asynccontextmanager
async def wreq(wish: Wish) -> AsyncIterator[Client]:
    import wreq

    protocol = {"http2_only": True} if wish.http2 else {"http1_only": True}
    client = wreq.Client(tls_verify=False, **protocol)

    async def get(url: str) -> Sized:
        response = await client.get(url)
        body: Sized = await response.bytes()
        return body

    async def stream(url: str) -> AsyncIterator[Sized]:
        response = await client.get(url)
        async with response.stream() as pieces:
            async for piece in pieces:
                yield piece

    yield Client(get, stream)


CLIENTS: dict[str, Opens] = {
    "aiohttp": aiohttp,
    "httpx": httpx,
    "niquests": niquests,
    "primp": primp,
    "pyreqwest": pyreqwest,
    "rondel": rondel,
    "wreq": wreq,
}


async def measure(opens: Opens, request: dict[str, Any]) -> float:
    """Requests a second of all tasks together, or MB a second of their streams."""
    wish = Wish(request["tasks"], request["protocol"] == HTTP2)
    url, size = request["url"], request["size"]
    async with opens(wish) as client:
        await check(client, request["said_by"], request["protocol"])

        async def whole() -> None:
            found = len(await client.get(url))
            if found != size:
                raise MeasureError(f"{found} bytes came, not {size}")

        async def streamed() -> None:
            found = 0
            async for piece in client.stream(url):
                found += len(piece)
            if found != size:
                raise MeasureError(f"{found} bytes came, not {size}")

        fetch = streamed if request["stream"] else whole
        if not request["stream"]:
            await asyncio.gather(*(times(fetch, WARM_UP) for _ in range(wish.connections)))
        began = perf_counter()
        until = began + request["seconds"]
        counts = await asyncio.gather(*(repeat(fetch, until) for _ in range(wish.connections)))
        rate = sum(counts) / (perf_counter() - began)
    return rate * size / 1e6 if request["stream"] else rate


async def check(client: Client, url: str, protocol: str) -> None:
    """The server must see the protocol that is to be measured."""
    said = bytes(await client.get(url)).decode()  # type: ignore[call-overload]  # each gives a buffer
    if said != protocol:
        saw = f"saw {said}" if said.startswith("HTTP/") else "took it for something else"
        raise MeasureError(f"the server {saw}", f"no {protocol}")


async def times(fetch: Callable[[], Awaitable[None]], count: int) -> None:
    for _ in range(count):
        await fetch()


async def repeat(fetch: Callable[[], Awaitable[None]], until: float) -> int:
    """At least once."""
    count = 0
    while not count or perf_counter() < until:
        await fetch()
        count += 1
    return count


def main(candidate: str) -> None:
    name, _, loop = candidate.partition(", ")
    opens = CLIENTS[name]
    loop = loop or (SUBJECT if name == SUBJECT else "uvloop")
    worker.serve(loop, lambda request: measure(opens, request))


if __name__ == "__main__":
    main(sys.argv[1])

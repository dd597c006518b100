"""Requests that are cancelled at random, thousands of them, on servers that are well or reset.

RONDEL_STORM_REQUESTS=100000 is the storm in full, some minutes of it.
"""

import asyncio
import collections
import os
import random

import pytest

from support import http_peer
from support.descriptors import open_sockets
from support.turns import until

pytestmark = [
    pytest.mark.rondel_only("what is promised of the pool is rondel's"),
    pytest.mark.timeout(1800),
]

REQUESTS = int(os.environ.get("RONDEL_STORM_REQUESTS", "4000"))
CONNECTIONS = 100
TASKS = 200


@pytest.fixture(params=["answer", "reset"])
def mode(request):
    return request.param


@pytest.fixture
def url(mode):
    with http_peer.running(mode) as url:
        yield url


class Storm:
    """Makes requests of all kinds, and cancels most of them before they are done."""

    def __init__(self, client, session, url, seed):
        self.client, self.session, self.url = client, session, url
        self.rng = random.Random(seed)
        self.left = REQUESTS
        self.ends = collections.Counter()

    async def read(self):
        async with self.session.get(self.url) as got:
            body = await got.read()
            assert body == b"x" * int(got.headers["Content-Length"])

    async def stream(self):
        got = await self.session.get(self.url)
        async for _ in got.content.iter_chunked(10_000):
            if self.rng.random() < 0.2:
                break
        self.rng.choice([got.release, got.close])()

    async def post(self):
        data = b"y" * self.rng.choice([0, 10, 200_000])
        async with self.session.post(self.url, data=data) as got:
            await got.read()

    async def forget(self):
        # Neither read nor released; it is dropped with the coroutine.
        got = await self.session.get(self.url)
        assert got.status == 200

    async def one(self):
        """A request, to whichever end."""
        kinds = (self.read, self.stream, self.post, self.forget)
        task = asyncio.ensure_future(self.rng.choice(kinds)())
        how = self.rng.random()
        if how < 0.35:
            for _ in range(self.rng.randrange(12)):
                await asyncio.sleep(0)
            task.cancel()
        elif how < 0.8:
            await asyncio.wait([task], timeout=self.rng.random() ** 3 * 0.02)
            task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            self.ends["cancelled"] += 1
        except self.client.ClientError as error:
            self.ends[type(error).__name__] += 1
        else:
            self.ends["done"] += 1

    async def worker(self):
        while self.left > 0:
            self.left -= 1
            await self.one()

    async def run(self):
        await asyncio.gather(*(self.worker() for _ in range(TASKS)))


async def persistent(client, session, url):
    """A request that is made until the server does not reset it."""
    for _ in range(50):
        try:
            async with session.get(url) as got:
                return await got.read()
        except client.ClientError:
            continue
    raise AssertionError("nothing comes through any more")


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")
async def test_storm(loop, client, url, mode):
    http_peer.allow_descriptors()
    before = open_sockets()
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    connector = client.TCPConnector(limit=CONNECTIONS)
    async with client.ClientSession(connector=connector) as session:
        storm = Storm(client, session, url, seed)
        await storm.run()
        # None lost: each has ended, in one way.
        assert storm.ends.total() == REQUESTS, storm.ends
        assert storm.ends["done"] > REQUESTS // 20
        assert storm.ends["cancelled"] > REQUESTS // 20
        if mode == "answer":
            assert set(storm.ends) == {"done", "cancelled"}
        # Never more connections than were allowed, whatever was dropped on the way.
        assert len(open_sockets() - before) <= CONNECTIONS
        # All slots are there: as many requests at once as there are, and as many again behind.
        found = await asyncio.gather(
            *(persistent(client, session, url) for _ in range(2 * CONNECTIONS))
        )
        assert all(set(body) <= {ord("x")} for body in found)
    await until(lambda: open_sockets() <= before)


async def test_every_slot_is_there_at_once(loop, client, mode):
    """After a storm, as many requests can wait for the server at the same moment as before it."""
    http_peer.allow_descriptors()
    connector = client.TCPConnector(limit=CONNECTIONS)
    with (
        http_peer.running(mode) as stormy,
        http_peer.running("together", CONNECTIONS) as together,
    ):
        async with client.ClientSession(connector=connector) as session:
            storm = Storm(client, session, stormy, 7)
            storm.left = 500
            await storm.run()

            async def fetch():
                async with session.get(together) as got:
                    return await got.read()

            # It answers nobody until all wait: one slot fewer, and this would not end.
            found = await asyncio.gather(*(fetch() for _ in range(CONNECTIONS)))
            assert found == [b"x" * 1024] * CONNECTIONS

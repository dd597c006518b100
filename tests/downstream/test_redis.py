"""redis-py's asyncio client against a real Redis.

Real: the server (started here, empty), its protocol, the pool, and the streams of asyncio below it.
"""

import asyncio
import contextlib

import pytest
import redis.asyncio as redis
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

# By default a lost connection is tried again for seconds.
NO_RETRY = {"retry": Retry(NoBackoff(), 0)}


@pytest.fixture(params=["tcp", "unix"])
def options(request, redis_at):
    """The arguments of Redis(): each way to reach the server."""
    if request.param == "unix":
        return {"unix_socket_path": str(redis_at.path)}
    return {"host": "127.0.0.1", "port": redis_at.port}


@contextlib.asynccontextmanager
async def client_of(options, **more):
    async with redis.Redis(**options, **more) as client:
        await client.flushall()
        yield client


async def waiting_clients(client):
    """The clients that the server knows to wait in BLPOP."""
    return [c for c in await client.client_list() if c["cmd"] == "blpop" and "b" in c["flags"]]


async def test_get_and_set(loop, problems, options):
    """Real: commands and answers, one of them of five megabytes."""
    async with client_of(options) as client:
        assert await client.ping()
        assert await client.set("name", "välue")
        assert await client.get("name") == "välue".encode()
        assert await client.get("nothing") is None
        big = bytes(range(256)) * 20_000
        await client.set("big", big)
        assert await client.get("big") == big
        assert await client.incrby("count", 41) + 1 == 42
        with pytest.raises(exceptions.ResponseError):
            await client.lpush("name", "not a list")


async def test_pipeline(loop, problems, options):
    """Real: ten thousand commands in one write, and a transaction that another client disturbs."""
    async with client_of(options) as client:
        pipeline = client.pipeline(transaction=False)
        for n in range(10_000):
            pipeline.rpush("list", n)
        assert await pipeline.execute() == list(range(1, 10_001))
        assert await client.llen("list") == 10_000

        await client.set("watched", 1)
        async with client.pipeline() as transaction:
            await transaction.watch("watched")
            await client.set("watched", 2)
            transaction.multi()
            transaction.set("watched", 3)
            with pytest.raises(exceptions.WatchError):
                await transaction.execute()
        assert await client.get("watched") == b"2"


async def test_publish_and_subscribe(loop, problems, options):
    """Real: messages that the server pushes to two subscribers."""

    async def listen(pubsub):
        heard = []
        messages = pubsub.listen()
        while len(heard) < 100:
            message = await anext(messages)
            if message["type"] == "message":
                heard.append(message["data"])
        return heard

    async with client_of(options) as client, client.pubsub() as one, client.pubsub() as other:
        await one.subscribe("news")
        await other.subscribe("news")
        while (await client.pubsub_numsub("news"))[0][1] < 2:
            await asyncio.sleep(0.01)
        listening = [asyncio.create_task(listen(pubsub)) for pubsub in (one, other)]
        for n in range(100):
            assert await client.publish("news", n) == 2
        expected = [b"%d" % n for n in range(100)]
        assert await asyncio.gather(*listening) == [expected, expected]


async def test_pool(loop, problems, options):
    """Real: many tasks on few connections, each of which the server knows."""
    path = options.get("unix_socket_path")
    how = {"connection_class": redis.UnixDomainSocketConnection, "path": path} if path else options
    pool = redis.BlockingConnectionPool(**how, max_connections=5, timeout=30)
    async with client_of({}, connection_pool=pool) as client:
        await asyncio.gather(*(client.incr("count") for _ in range(500)))
        assert await client.get("count") == b"500"
        assert 1 < len(await client.client_list()) <= 5
    await pool.aclose()


async def test_a_cancelled_command(loop, problems, options):
    """Real: a command that blocks in the server; the next one gets an answer of its own."""
    async with client_of(options) as client, client_of(options) as other:
        for n in range(5):
            command = asyncio.create_task(client.blpop("queue"))
            while not await waiting_clients(other):
                await asyncio.sleep(0.01)
            command.cancel()
            with pytest.raises(asyncio.CancelledError):
                await command
            assert await client.echo(f"{n}") == b"%d" % n
            while await waiting_clients(other):
                await asyncio.sleep(0.01)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.blpop("queue")


async def test_a_lost_connection(loop, problems, options):
    """Real: the server closes a connection in the middle of a command."""
    async with client_of(options, **NO_RETRY) as client, client_of(options) as killer:
        command = asyncio.create_task(client.blpop("queue"))
        while not await waiting_clients(killer):
            await asyncio.sleep(0.01)
        assert await killer.client_kill_filter(skipme=True) == 1
        with pytest.raises(exceptions.ConnectionError):
            await command
        assert await client.ping()


async def test_refused(loop, problems):
    """Real: the kernel's refusal, where nobody listens."""
    async with redis.Redis(host="127.0.0.1", port=1, **NO_RETRY) as client:
        with pytest.raises(exceptions.ConnectionError):
            await client.ping()

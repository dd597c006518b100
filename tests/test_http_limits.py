"""How many connections there are at once, and who waits for the next."""

import asyncio
import contextlib
import threading

import pytest

from support.http_raw import OK, response
from support.turns import turns


class Counting:
    """A script that answers when the gate opens, and knows how many requests were open at once."""

    def __init__(self, wait=False):
        self.wait = wait
        self.lock = threading.Lock()
        self.now = self.most = 0

    def __call__(self, connection):
        while connection.request():
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            if self.wait:
                connection.server.gate.wait(30)
            with self.lock:
                self.now -= 1
            connection.send(OK)


async def fetch(session, server, path="/"):
    async with session.get(server.url(path)) as got:
        return await got.read()


def holding(connection):
    """Answers `/held` only in part until the gate opens, which it shuts again."""
    while request := connection.request():
        if request.target == "/held":
            connection.send(OK[:-1])
            connection.server.gate.wait(30)
            connection.server.gate.clear()
            connection.send(OK[-1:])
        else:
            connection.send(OK)


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_limit(loop, client, raw_server, limit):
    counting = Counting()
    server = raw_server(counting)
    connector = client.TCPConnector(limit=limit)
    assert connector.limit == limit
    async with client.ClientSession(connector=connector) as session:
        found = await asyncio.gather(*(fetch(session, server) for _ in range(50)))
    assert found == [b"ok"] * 50
    assert len(server.connections) <= limit
    assert counting.most <= limit


async def test_limit_per_host(loop, client, raw_server):
    servers = [raw_server(Counting()) for _ in range(3)]
    connector = client.TCPConnector(limit=5, limit_per_host=2)
    assert connector.limit_per_host == 2
    async with client.ClientSession(connector=connector) as session:
        await asyncio.gather(*(fetch(session, server) for server in servers * 20))
    for server in servers:
        assert len(server.connections) <= 2
        assert len(server.requests) == 20


async def test_the_usual_limit_is_a_hundred(session, raw_server):
    counting = Counting(wait=True)
    server = raw_server(counting, backlog=500)
    tasks = [asyncio.ensure_future(fetch(session, server)) for _ in range(130)]
    await server.until(lambda: len(server.requests) == 100)
    await asyncio.sleep(0.05)
    assert len(server.connections) == 100
    server.gate.set()
    assert await asyncio.gather(*tasks) == [b"ok"] * 130
    assert len(server.connections) == 100


async def test_no_limit(loop, client, raw_server):
    server = raw_server(Counting(wait=True), backlog=500)
    async with client.ClientSession(connector=client.TCPConnector(limit=0)) as session:
        tasks = [asyncio.ensure_future(fetch(session, server)) for _ in range(150)]
        await server.until(lambda: len(server.requests) == 150)
        server.gate.set()
        assert await asyncio.gather(*tasks) == [b"ok"] * 150


async def test_first_come_first_served(loop, client, raw_server):
    server = raw_server(OK)
    async with client.ClientSession(connector=client.TCPConnector(limit=1)) as session:
        await asyncio.gather(*(fetch(session, server, f"/{number}") for number in range(30)))
    assert [request.target for request in server.requests] == [f"/{n}" for n in range(30)]


@pytest.mark.rondel_only("aiohttp loses the wake-up with the one who is cancelled")
async def test_a_slot_that_was_given_to_one_who_is_cancelled(loop, client, raw_server):
    """The one who is cancelled in the very turn he is woken passes it on."""
    server = raw_server(holding)
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(connector=connector) as session:
        for _ in range(20):
            held = await session.get(server.url("/held"))
            waiting = [asyncio.ensure_future(fetch(session, server)) for _ in range(3)]
            await turns(5)
            server.gate.set()
            assert await held.read() == b"ok"
            waiting[0].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting[0]
            assert await asyncio.gather(*waiting[1:]) == [b"ok"] * 2


async def test_all_who_wait_are_cancelled(loop, client, raw_server):
    server = raw_server(holding)
    async with client.ClientSession(connector=client.TCPConnector(limit=1)) as session:
        held = await session.get(server.url("/held"))
        waiting = [asyncio.ensure_future(fetch(session, server)) for _ in range(50)]
        await turns(5)
        for task in waiting:
            task.cancel()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in found)
        server.gate.set()
        await held.read()
        assert await fetch(session, server) == b"ok"
    assert len(server.connections) == 1


async def test_two_hosts_and_one_slot(loop, client, raw_server):
    """aiohttp#9670: that one host's waiters can't go on does not keep those of another."""
    one, other = raw_server(OK), raw_server(OK)
    connector = client.TCPConnector(limit=2, limit_per_host=1)
    async with client.ClientSession(connector=connector) as session:
        for _ in range(10):
            await asyncio.gather(
                *(fetch(session, server) for server in (one, one, one, other, other, other))
            )
    assert len(one.connections) == len(other.connections) == 1


async def test_an_idle_connection_of_another_host_does_not_count(loop, client, raw_server):
    one, other = raw_server(OK), raw_server(OK)
    async with client.ClientSession(connector=client.TCPConnector(limit=1)) as session:
        for _ in range(3):
            assert await fetch(session, one) == b"ok"
            assert await fetch(session, other) == b"ok"


async def test_a_failed_connection_gives_its_slot_back(loop, client, raw_server):
    gone = raw_server(OK)
    url = gone.url()
    gone.stop()
    server = raw_server(OK)
    async with client.ClientSession(connector=client.TCPConnector(limit=1)) as session:
        for _ in range(5):
            with pytest.raises(client.ClientConnectorError):
                await session.get(url)
        found = await asyncio.gather(
            *(session.get(url) for _ in range(5)), fetch(session, server), return_exceptions=True
        )
        assert [type(each) for each in found[:5]] == [client.ClientConnectorError] * 5
        assert found[5] == b"ok"


async def test_a_failed_look_up_gives_its_slot_back(loop, client, raw_server):
    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            raise OSError(None, "not today")

        async def close(self):
            pass

    server = raw_server(OK)
    connector = client.TCPConnector(limit=1, resolver=Resolver())
    async with client.ClientSession(connector=connector) as session:
        for _ in range(3):
            with pytest.raises(client.ClientConnectorDNSError):
                await session.get("http://example.test/")
        assert await fetch(session, server) == b"ok"


async def test_a_redirect_needs_one_slot(loop, client, raw_server):
    target = raw_server(OK)
    server = raw_server(response(b"moved", f"Location: {target.url()}", status="302 Found"))
    async with client.ClientSession(connector=client.TCPConnector(limit=1)) as session:
        assert await asyncio.gather(*(fetch(session, server) for _ in range(5))) == [b"ok"] * 5


async def test_closing_wakes_who_waits(loop, client, raw_server):
    server = raw_server(Counting(wait=True))
    session = client.ClientSession(connector=client.TCPConnector(limit=1))
    tasks = [asyncio.ensure_future(fetch(session, server)) for _ in range(3)]
    await server.until(lambda: server.requests)
    await session.close()
    server.gate.set()
    done, pending = await asyncio.wait(tasks, timeout=20)
    assert not pending
    for task in done:
        assert task.cancelled() or task.exception()


async def test_a_response_that_is_held_holds_its_slot(loop, client, raw_server):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
    async with client.ClientSession(connector=client.TCPConnector(limit=1)) as session:
        holding = await session.get(server.url())
        waiting = asyncio.ensure_future(session.get(server.url()))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        holding.close()
        (await waiting).close()
    assert len(server.connections) == 2

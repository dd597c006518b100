"""asyncpg against a real PostgreSQL.

Real: the server (a cluster of its own, started here), the connection, asyncpg's compiled protocol.
"""

import asyncio
import contextlib
import datetime
import ssl

import asyncpg
import pytest


@pytest.fixture(params=["tcp", "unix", "tls"])
def address(request, postgres):
    """The arguments of connect(): each way to reach the server."""
    return getattr(postgres, request.param)()


@contextlib.asynccontextmanager
async def connected(address, **options):
    connection = await asyncpg.connect(**address, **options)
    try:
        yield connection
    finally:
        await connection.close()


async def sleepers(connection):
    """How many backends of the server run pg_sleep just now."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1"
    return await connection.fetchval(query, SLEEP)


SLEEP = "SELECT pg_sleep(600)"


async def until_asleep(connection):
    while await sleepers(connection) == 0:
        await asyncio.sleep(0.01)


async def test_queries(loop, problems, address):
    """Real: values of many types go to the server and back, small ones and large ones."""
    async with connected(address) as connection:
        assert await connection.fetchval("SELECT 6 * 7") == 42
        row = await connection.fetchrow(
            "SELECT $1::text AS text, $2::bytea AS bytes, $3::timestamptz AS time, $4::int[] AS n",
            "tëxt",
            bytes(3_000_000),
            datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC),
            [1, None, 3],
        )
        assert row["text"] == "tëxt"
        assert row["bytes"] == bytes(3_000_000)
        assert row["time"] == datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC)
        assert row["n"] == [1, None, 3]
        statement = await connection.prepare(
            "SELECT n, repeat('x', 100) FROM generate_series(1, $1) n"
        )
        rows = await statement.fetch(20_000)
        assert [row["n"] for row in rows] == list(range(1, 20_001))
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM nowhere")
        assert await connection.fetchval("SELECT 1") == 1


async def test_transactions(loop, problems, address):
    """Real: what two connections see of each other's transactions, savepoints and cursors."""
    async with connected(address) as one, connected(address) as other:
        await one.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int)")
        with pytest.raises(ZeroDivisionError):
            async with one.transaction():
                await one.execute("INSERT INTO kept VALUES (1)")
                1 / 0  # noqa: B018  leaves the transaction
        async with one.transaction():
            await one.executemany("INSERT INTO kept VALUES ($1)", [(n,) for n in range(1000)])
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                async with one.transaction():
                    await one.execute("DELETE FROM kept")
                    await one.execute("SELECT 1 / 0")
            assert await other.fetchval("SELECT count(*) FROM kept") == 0
            seen = [
                row["n"] async for row in one.cursor("SELECT n FROM kept ORDER BY n", prefetch=7)
            ]
            assert seen == list(range(1000))
        assert await other.fetchval("SELECT count(*) FROM kept") == 1000


async def test_copy(loop, problems, address):
    """Real: COPY in both directions, from and to coroutines, slower than the server."""
    lines = [f"{n}\t{'x' * 500}\n".encode() for n in range(20_000)]

    async def source():
        for start in range(0, len(lines), 100):
            await asyncio.sleep(0)
            yield b"".join(lines[start : start + 100])

    back = bytearray()

    async def sink(data):
        await asyncio.sleep(0)
        back.extend(data)

    async with connected(address) as connection:
        await connection.execute("CREATE TEMPORARY TABLE copied (n int, text text)")
        done = await connection.copy_to_table("copied", source=source())
        assert done == "COPY 20000"
        done = await connection.copy_from_query("SELECT * FROM copied ORDER BY n", output=sink)
        assert done == "COPY 20000"
        assert bytes(back) == b"".join(lines)
        records = [(n, "binary") for n in range(1000)]
        assert await connection.copy_records_to_table("copied", records=records) == "COPY 1000"


async def test_listen_and_notify(loop, problems, address):
    """Real: one connection waits, with no query under way, for what the other one says."""
    heard = asyncio.Queue()
    async with connected(address) as listener, connected(address) as speaker:
        await listener.add_listener("news", lambda *event: heard.put_nowait(event[2:]))
        for n in range(100):
            await speaker.execute("SELECT pg_notify('news', $1)", str(n))
        assert [await heard.get() for _ in range(100)] == [("news", str(n)) for n in range(100)]


async def test_a_cancelled_query(loop, problems, address):
    """Real: the server ends the query, since asyncpg asks it to on a connection of its own."""
    async with connected(address) as connection, connected(address) as watcher:
        query = asyncio.create_task(connection.fetch(SLEEP))
        await until_asleep(watcher)
        query.cancel()
        with pytest.raises(asyncio.CancelledError):
            await query
        assert await connection.fetchval("SELECT 1") == 1
        assert await sleepers(watcher) == 0
        with pytest.raises(TimeoutError):
            await connection.fetch(SLEEP, timeout=0.01)
        assert await connection.fetchval("SELECT 2") == 2


async def test_pool(loop, problems, address):
    """Real: five connections for fifty tasks; then tasks that give up, waiting or asking."""
    async with asyncpg.create_pool(**address, min_size=2, max_size=5) as pool:
        pids = await asyncio.gather(
            *(pool.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.002)") for _ in range(50))
        )
        assert 1 < len(set(pids)) <= 5

        async with connected(address) as watcher:
            asking = [asyncio.create_task(pool.fetchval(SLEEP)) for _ in range(10)]
            while await sleepers(watcher) < 5:
                await asyncio.sleep(0.01)
            for task in asking:
                task.cancel()
            await asyncio.wait(asking)
            assert all(task.cancelled() for task in asking)
        assert await pool.fetchval("SELECT 3") == 3


async def test_a_lost_connection(loop, problems, address):
    """Real: the server ends a connection whose client waits for an answer."""
    async with connected(address) as killer:
        victim = await asyncpg.connect(**address)
        lost = asyncio.Event()
        victim.add_termination_listener(lambda _: lost.set())
        query = asyncio.create_task(victim.fetch(SLEEP))
        await until_asleep(killer)
        assert await killer.fetchval("SELECT pg_terminate_backend($1)", victim.get_server_pid())
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.ConnectionDoesNotExistError)):
            await query
        await lost.wait()
        assert victim.is_closed()


async def test_which_connections_are_encrypted(loop, problems, address):
    """Real: what the server itself says of the connection."""
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    async with connected(address) as connection:
        assert await connection.fetchval(query) == bool(address.get("ssl"))


async def test_refused(loop, problems, postgres):
    """Real: what the server, the client and the kernel each refuse."""
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncpg.connect(**{**postgres.tls(), "ssl": ssl.create_default_context()})
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**{**postgres.tcp(), "password": "wrong"})
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(**{**postgres.tcp(), "port": 1})

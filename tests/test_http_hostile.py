"""Whatever a server sends, the client gives its user one clear error or a response, and goes on.

One source, two clients: aiohttp on asyncio, `rondel.http` on rondel. Where aiohttp's user sees
something else, the case's entry in tests/hostile says what, and why.
"""

import asyncio
import contextlib

import pytest

from hostile import CASES, HostileServer
from hostile.case import GOOD_PATH, Seen
from support.memory import growth_within

pytest.importorskip("aiohttp")

SHARED = [case for case in CASES.values() if case.seen_by("aiohttp")]
ALONE = [case for case in CASES.values() if not case.seen_by("aiohttp")]
#: A safety net: no case takes more than a second.
SECONDS = 60
#: Bombs may expand to 32 MiB before they are told from bodies; read() holds that twice.
MEMORY = 100 << 20


def new_session(client, *, http2=False, **options):
    connector = client.TCPConnector(**({"http2": "prior-knowledge"} if http2 else {}), **options)
    return client.ClientSession(connector=connector)


async def ask(client, session, case, origin, kind="rondel"):
    """What the user of the case's request sees, and the exception if it is one."""
    options = dict(case.options)
    if limits := case.limits_of(kind):
        options["timeout"] = client.ClientTimeout(**limits)
    url = f"{origin}/case/{case.name}"
    try:
        async with session.request(case.method, url, **options) as response:
            body = await getattr(response, case.reads)()
    except Exception as error:
        return Seen(type(error).__name__), error
    return Seen(None, response.status, body), None


async def ask_well(session, origin):
    """What the same session reads where the server does as it should."""
    async with session.get(origin + GOOD_PATH) as response:
        assert response.status == 200
        return await response.read()


async def run(client, case, kind="rondel"):
    with growth_within(MEMORY), HostileServer(case) as server:
        async with asyncio.timeout(SECONDS), new_session(client, http2=case.http2) as session:
            seen, error = await ask(client, session, case, server.origin, kind)
            assert seen in case.seen_by(kind), repr(error)
            if case.unasked:
                assert await asyncio.to_thread(server.wait_open, 0) == 0
            # The pool is whole: the next request works, and no connection is left but its own.
            assert await ask_well(session, server.origin) == b"good"
            assert await asyncio.to_thread(server.wait_open, 1) <= 1
        assert await asyncio.to_thread(server.wait_open, 0) == 0


@pytest.mark.parametrize("case", SHARED, ids=str)
async def test_case(loop, loop_kind, client, case):
    await run(client, case, "aiohttp" if loop_kind == "asyncio" else "rondel")


@pytest.mark.rondel_only("aiohttp can't do it, or would take all memory")
@pytest.mark.parametrize("case", ALONE, ids=str)
async def test_case_beyond_aiohttp(loop, client, case):
    await run(client, case)


@pytest.mark.rondel_only("aiohttp's outcome depends on how what it receives is cut")
async def test_all_cases_at_once(loop, client):
    cases = [case for case in CASES.values() if not case.http2]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(HostileServer(case)) for case in cases]
        async with asyncio.timeout(2 * SECONDS), new_session(client, limit=20) as session:

            async def run_one(case, server):
                seen, error = await ask(client, session, case, server.origin)
                assert seen in case.seen_by("rondel"), (case.name, error)
                if case.unasked:
                    assert await asyncio.to_thread(server.wait_open, 0) == 0
                assert await ask_well(session, server.origin) == b"good"
                assert await asyncio.to_thread(server.wait_open, 1) <= 1

            async with asyncio.TaskGroup() as group:
                for case, server in zip(cases, servers, strict=True):
                    group.create_task(run_one(case, server))
        for server in servers:
            assert await asyncio.to_thread(server.wait_open, 0) == 0

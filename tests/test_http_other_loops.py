"""rondel.http belongs to rondel's loop: elsewhere there is one clear error."""

import asyncio
import threading

import pytest

from support import child
from support.http_raw import OK

pytestmark = pytest.mark.rondel_only("aiohttp runs on any loop")

HOW = r"(?s)rondel.*(rondel\.run|python -m rondel)"


def on_asyncio(main):
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(main())


@pytest.mark.parametrize("what", ["ClientSession", "TCPConnector"])
def test_on_asyncios_own_loop(client, what):
    async def main():
        with pytest.raises(RuntimeError, match=HOW):
            getattr(client, what)()

    on_asyncio(main)


def test_a_request_by_a_function(client):
    async def main():
        with pytest.raises(RuntimeError, match=HOW):
            async with client.request("GET", "http://localhost/"):
                pass

    on_asyncio(main)


def test_a_program_that_forgets_it():
    """What a user sees who starts his program in the usual way: the last line says what to do."""
    source = """
        import asyncio
        from rondel import http as aiohttp

        async def main():
            async with aiohttp.ClientSession() as session:
                await session.get("http://localhost/")

        asyncio.run(main())
    """
    done = child.run("rondel", source)
    assert done.returncode == 1
    last = done.stderr.strip().rpartition("\n")[2]
    assert last.startswith("RuntimeError: ")
    assert "rondel" in last


def test_a_session_of_another_loop(client, loop_kind, loop, new_loop, raw_server):
    server = raw_server(OK)
    sessions = []

    async def make():
        sessions.append(client.ClientSession())

    async def use():
        with pytest.raises(RuntimeError, match="loop"):
            await sessions[0].get(server.url())

    loop.run_until_complete(make())
    new_loop().run_until_complete(use())
    loop.run_until_complete(sessions[0].close())
    assert server.connections == []


def test_a_session_in_another_thread(client, loop_kind, loop, new_loop, raw_server):
    server = raw_server(OK)
    found = []

    async def make():
        return client.ClientSession()

    session = loop.run_until_complete(make())

    def elsewhere():
        async def use():
            try:
                await session.get(server.url())
            except RuntimeError as error:
                found.append(error)

        new_loop().run_until_complete(use())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(30)
    loop.run_until_complete(session.close())
    assert len(found) == 1
    assert "loop" in str(found[0])

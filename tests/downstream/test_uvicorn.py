"""uvicorn with a small ASGI application.

Real: each server is a process, started by uvicorn's command line, with the loop given by `--loop`;
the client is aiohttp's, on the loop under test. One test runs uvicorn.Server on that loop too.
"""

import asyncio
import contextlib
import io
import os
import re
import signal
import sys

import aiohttp
import pytest
import uvicorn

from downstream import asgi, processes
from support import child, tls

# What a user gives to `--loop`: a name of uvicorn's own, or MODULE:FACTORY.
LOOPS = {"asyncio": "asyncio", "rondel": "rondel:new_event_loop"}


class Uvicorn:
    """A process that serves the application."""

    def __init__(self, kind, path, *arguments, run=("-m",), workers=1):
        path_of_python = [
            os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(":") if p
        ]
        env = child.environment(kind)
        env["PYTHONPATH"] = os.pathsep.join([str(child.TESTS), *path_of_python])
        argv = [sys.executable, *run, "uvicorn", "--port=0", *arguments, "downstream.asgi:app"]
        self.server = processes.Server(argv, path, env=env)
        try:
            assert self.server.wait_until(lambda: self.serves(workers)), self.log()
        except BaseException:
            self.server.process.kill()
            self.server.process.wait()
            raise
        found = re.search(r"running on (?:unix socket )?(\S+)", self.log())
        self.address = found[1]  # a URL, or the path of a Unix socket

    def serves(self, workers):
        """Whether the server said so, and each of its workers too."""
        begun = self.log().count("Application startup complete")
        return begun == workers and "Uvicorn running on" in self.log()

    def log(self):
        return self.server.log.read_text()

    async def until_logged(self, text):
        while text not in self.log():
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def served(kind, *arguments, **how):
    """A running server, on the loop under test if nothing else is said; SIGTERM ends it well."""
    with processes.directory() as path:
        arguments = arguments or (f"--loop={LOOPS[kind]}",)
        server = Uvicorn(kind, path, *arguments, **how)
        try:
            yield server
        finally:
            if server.server.process.poll() is None:
                # It ends all that it has, and then as any program that the signal ends.
                server.server.stop(signal.SIGTERM, code=-signal.SIGTERM)
        assert "Traceback" not in server.log()


async def get(session, path):
    async with session.get(path) as response:
        assert response.status == 200
        return await response.read()


async def exercise(session, kind):
    """HTTP in both directions, small and large, and a WebSocket."""
    assert await get(session, "/loop") == kind.encode()
    loops = await asyncio.gather(*(get(session, "/loop") for _ in range(100)))
    assert set(loops) == {kind.encode()}
    assert await get(session, "/count") == b"".join(b"%05d" % n * 1000 for n in range(1000))
    big = os.urandom(3_000_000)
    async with session.post("/echo", data=io.BytesIO(big)) as response:
        assert await response.read() == big
    async with session.ws_connect("/") as ws:
        for text in ("small", "x" * 1_000_000):
            await ws.send_str(text)
            assert await ws.receive_str() == text.upper()
        await ws.send_str("leave")
        assert (await ws.receive()).extra == "bye"
        assert ws.close_code == 4000


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_a_server_process(loop, problems, loop_kind, http):
    """Real: `uvicorn --loop rondel:new_event_loop`, with each of its HTTP parsers."""
    with served(loop_kind, f"--loop={LOOPS[loop_kind]}", f"--http={http}") as server:
        async with aiohttp.ClientSession(server.address) as session:
            await exercise(session, loop_kind)


@pytest.mark.rondel_only("the command line is rondel's")
async def test_under_python_m_rondel(loop, problems):
    """Real: `python -m rondel -m uvicorn --loop none`, which takes the loop asyncio makes."""
    with served("rondel", "--loop=none", run=("-m", "rondel", "-m")) as server:
        async with aiohttp.ClientSession(server.address) as session:
            await exercise(session, "rondel")


async def test_workers(loop, problems, loop_kind):
    """Real: two processes with a loop each share a listening socket; their parent ends them."""
    with served(loop_kind, f"--loop={LOOPS[loop_kind]}", "--workers=2", workers=2) as server:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(server.address, connector=connector) as session:
            pids = set()
            while len(pids) < 2:
                pids |= set(await asyncio.gather(*(get(session, "/process") for _ in range(20))))
            assert await get(session, "/loop") == loop_kind.encode()
        server.server.stop(signal.SIGTERM)
    for pid in pids:
        assert not os.path.exists(f"/proc/{int(pid)}")


async def test_a_graceful_shutdown(loop, problems, loop_kind):
    """Real: SIGTERM in a request: first that ends, then the application, then the process."""
    go_on = asyncio.Event()

    async def parts():
        yield b"before,"
        await go_on.wait()
        yield b"after"

    with served(loop_kind) as server:
        session = aiohttp.ClientSession(server.address)
        async with session, session.post("/echo", data=parts()) as response:
            assert await response.content.readexactly(7) == b"before,"
            server.server.process.send_signal(signal.SIGTERM)
            await server.until_logged("Waiting for connections to close")
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get("/loop")
            go_on.set()
            assert await response.read() == b"after"
        assert server.server.process.wait(processes.SECONDS) == -signal.SIGTERM
        assert server.log().count("application: shutdown") == 1


async def test_a_unix_socket(loop, problems, loop_kind, tmp_path):
    """Real: `uvicorn --uds PATH`."""
    arguments = f"--loop={LOOPS[loop_kind]}", f"--uds={tmp_path / 'socket'}"
    with served(loop_kind, *arguments) as server:
        connector = aiohttp.UnixConnector(server.address)
        async with aiohttp.ClientSession("http://localhost", connector=connector) as session:
            await exercise(session, loop_kind)


async def test_tls(loop, problems, loop_kind):
    """Real: `uvicorn --ssl-certfile FILE`, and a client that verifies the certificate."""
    arguments = f"--loop={LOOPS[loop_kind]}", f"--ssl-certfile={tls.CERTIFICATES / 'server.pem'}"
    with served(loop_kind, *arguments) as server:
        assert server.address.startswith("https://")
        connector = aiohttp.TCPConnector(ssl=tls.client_context())
        async with aiohttp.ClientSession(server.address, connector=connector) as session:
            await exercise(session, loop_kind)


def test_ctrl_c(loop_kind):
    """Real: SIGINT to an idle server, as Ctrl-C gives it."""
    with served(loop_kind) as server:
        assert "application: startup" in server.log()
        server.server.stop(signal.SIGINT)
        assert "application: shutdown" in server.log()


async def test_in_the_same_loop(loop, problems, loop_kind):
    """Real: uvicorn.Server and its client on the loop under test."""
    # Its logging would close the handlers that pytest has.
    config = uvicorn.Config(asgi.app, port=0, lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            await exercise(session, loop_kind)
    finally:
        server.should_exit = True
        await serving

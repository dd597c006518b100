"""aiohttp: its own server and its own client on one loop.

Real: both ends are the package's, with its compiled parser; each test runs over TCP on this
machine, over TLS with a certificate that is verified, and over a Unix socket.
"""

import asyncio
import contextlib
import io
import ssl

import aiohttp
import pytest
from aiohttp import web

from support import tls

REFUSED = aiohttp.ClientConnectorError


class Site:
    """The handlers of a site, and what they saw."""

    def __init__(self):
        self.started, self.stopped, self.go_on = (asyncio.Event() for _ in range(3))
        self.connections = set()

    async def hello(self, request):
        self.connections.add(request.protocol)
        return web.Response(text=f"hello {request.match_info['name']}")

    async def mirror(self, request):
        return web.json_response({"body": await request.json(), "query": dict(request.query)})

    async def upload(self, request):
        size = 0
        async for chunk in request.content.iter_chunked(65536):
            size += len(chunk)
        return web.Response(text=str(size))

    async def form(self, request):
        form = await request.post()
        return web.json_response(
            [form["name"], form["file"].filename, len(form["file"].file.read())]
        )

    async def echo(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk.upper())
        return response

    async def stream(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        self.started.set()
        try:
            for n in range(int(request.match_info["count"])):
                await response.write(b"%05d" % n * 1000)
        finally:
            self.stopped.set()
        return response

    async def socket(self, request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            if message.data == "leave":
                await ws.close(code=4000, message=b"bye")
            else:
                await ws.send_str(message.data.upper())
        return ws

    async def slow(self, request):
        self.started.set()
        await self.go_on.wait()
        return web.Response(text="at last")

    async def never(self, request):
        self.started.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.stopped.set()

    def application(self):
        app = web.Application()
        app.router.add_get("/hello/{name}", self.hello)
        for name in ("mirror", "upload", "form", "echo"):
            app.router.add_post(f"/{name}", getattr(self, name))
        app.router.add_get("/stream/{count}", self.stream)
        for name in ("socket", "slow", "never"):
            app.router.add_get(f"/{name}", getattr(self, name))
        return app


@pytest.fixture(params=["tcp", "tls", "unix"])
def way(request, tmp_path):
    """How the client reaches the server: "tcp", "tls", or the path of a Unix socket."""
    return tmp_path / "socket" if request.param == "unix" else request.param


async def start(runner, way):
    """Start a site; gives its URL and the arguments of a connector that reaches it."""
    if way == "tcp":
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return "http://{}:{}".format(*runner.addresses[0]), aiohttp.TCPConnector()
    if way == "tls":
        context = tls.server_context()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        connector = aiohttp.TCPConnector(ssl=tls.client_context())
        return "https://{}:{}".format(*runner.addresses[0]), connector
    await web.UnixSite(runner, way).start()
    return "http://localhost", aiohttp.UnixConnector(str(way))


@contextlib.asynccontextmanager
async def serving(way, files=None):
    """A running site, and a session of its client."""
    site = Site()
    app = site.application()
    if files is not None:
        app.router.add_static("/files", files)
    site.runner = web.AppRunner(app, handler_cancellation=True)
    await site.runner.setup()
    url, connector = await start(site.runner, way)
    try:
        async with aiohttp.ClientSession(url, connector=connector) as session:
            yield site, session
    finally:
        await site.runner.cleanup()


async def text_of(session, path):
    async with session.get(path) as response:
        return await response.text()


async def test_requests(loop, problems, way):
    """Real: requests with paths, queries, JSON, forms with files, and an error status."""
    async with serving(way) as (_, session):
        for name in ("one", "two"):
            async with session.get(f"/hello/{name}") as response:
                assert response.status == 200
                assert await response.text() == f"hello {name}"
        async with session.post("/mirror", json={"a": [1]}, params={"q": "x"}) as response:
            assert await response.json() == {"body": {"a": [1]}, "query": {"q": "x"}}
        form = aiohttp.FormData({"name": "value"})
        form.add_field("file", io.BytesIO(bytes(100_000)), filename="zeros")
        async with session.post("/form", data=form) as response:
            assert await response.json() == ["value", "zeros", 100_000]
        async with session.get("/nowhere") as response:
            assert response.status == 404


async def test_large_bodies(loop, problems, way):
    """Real: megabytes in both directions, past every water mark."""
    async with serving(way) as (_, session):
        async with session.post("/upload", data=io.BytesIO(bytes(5_000_000))) as response:
            assert await response.text() == "5000000"
        async with session.get("/stream/1000") as response:
            body = await response.read()
        assert body == b"".join(b"%05d" % n * 1000 for n in range(1000))


async def test_streams_both_ways(loop, problems, way):
    """Real: the client sends a part only when it has read the answer to the one before."""
    heard = asyncio.Event()

    async def parts():
        for n in range(50):
            heard.clear()
            yield b"part %02d" % n
            await heard.wait()

    async with serving(way) as (_, session), session.post("/echo", data=parts()) as response:
        for n in range(50):
            assert await response.content.readexactly(7) == b"PART %02d" % n
            heard.set()
        assert await response.read() == b""


async def test_a_file(loop, problems, way, tmp_path):
    """Real: a file of the disk and a part of it, which aiohttp sends through loop.sendfile()."""
    content = bytes(range(256)) * 20_000
    (tmp_path / "file.bin").write_bytes(content)
    async with serving(way, files=tmp_path) as (_, session):
        async with session.get("/files/file.bin") as response:
            assert await response.read() == content
        async with session.get("/files/file.bin", headers={"Range": "bytes=1000-1999"}) as response:
            assert response.status == 206
            assert await response.read() == content[1000:2000]


async def test_keep_alive(loop, problems, way):
    """Real: requests share a connection; with `Connection: close` each has its own."""
    async with serving(way) as (site, session):
        for n in range(20):
            assert await text_of(session, f"/hello/{n}") == f"hello {n}"
        assert len(site.connections) == 1
        for n in range(20):
            async with session.get(f"/hello/{n}", headers={"Connection": "close"}) as response:
                assert await response.text() == f"hello {n}"
        assert len(site.connections) == 20


async def test_many_at_once(loop, problems, way):
    """Real: two hundred requests over at most a hundred connections."""
    async with serving(way) as (site, session):
        texts = await asyncio.gather(*(text_of(session, f"/hello/{n}") for n in range(200)))
        assert texts == [f"hello {n}" for n in range(200)]
        assert 1 < len(site.connections) <= 100


async def test_web_sockets(loop, problems, way):
    """Real: an upgraded connection, a ping, and a close code."""
    async with serving(way) as (_, session), session.ws_connect("/socket") as ws:
        for n in range(50):
            await ws.send_str(f"message {n}")
            assert await ws.receive_str() == f"MESSAGE {n}"
        await ws.send_str("x" * 1_000_000)
        assert await ws.receive_str() == "X" * 1_000_000
        await ws.ping()
        await ws.send_str("leave")
        assert (await ws.receive()).extra == "bye"
        assert ws.close_code == 4000


async def test_cancelled_requests(loop, problems, way):
    """Real: the client's end of a connection ends the handler at the server."""
    async with serving(way) as (site, session):
        request = asyncio.create_task(text_of(session, "/never"))
        await site.started.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await site.stopped.wait()
        with pytest.raises(TimeoutError):
            await session.get("/never", timeout=aiohttp.ClientTimeout(total=0.01))
        assert await text_of(session, "/hello/again") == "hello again"


async def test_a_client_that_leaves(loop, problems, way):
    """Real: the client closes in the middle of an answer that TCP holds back."""
    async with serving(way) as (site, session):
        response = await session.get("/stream/1000000")
        await response.content.readexactly(100_000)
        response.close()
        await site.stopped.wait()
        assert await text_of(session, "/hello/again") == "hello again"


async def test_a_graceful_shutdown(loop, problems, way):
    """Real: what is under way ends well; who comes later is refused."""
    async with serving(way) as (site, session):
        request = asyncio.create_task(text_of(session, "/slow"))
        await site.started.wait()
        shutdown = asyncio.create_task(site.runner.cleanup())
        while site.runner.addresses:
            await asyncio.sleep(0)
        with pytest.raises(REFUSED):
            await session.get("/hello/late")
        site.go_on.set()
        assert await request == "at last"
        await shutdown


async def test_a_refused_connection(loop, problems):
    """Real: the kernel's refusal, where nobody listens."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(REFUSED):
            await session.get("http://127.0.0.1:1/")


# In debug mode the server's loop reports the handshake that failed: hence no `problems`.
async def test_client_certificates(loop):
    """Real: a server that wants a certificate; clients with one, without, and without trust."""
    app = web.Application()
    app.router.add_get("/", lambda request: web.Response(text=who(request)))

    def who(request):
        return str(request.transport.get_extra_info("peercert")["subject"][0][0][1])

    runner = web.AppRunner(app)
    await runner.setup()
    context = tls.server_context(client_authority=tls.AUTHORITY)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = "https://{}:{}".format(*runner.addresses[0])
    async with aiohttp.ClientSession(url) as session:
        async with session.get("/", ssl=tls.client_context("client")) as response:
            assert await response.text() == "client"
        with pytest.raises((aiohttp.ClientConnectionError, ssl.SSLError)):
            await session.get("/", ssl=tls.client_context())
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get("/", ssl=ssl.create_default_context())
    await runner.cleanup()

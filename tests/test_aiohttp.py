"""aiohttp, unmodified: a server and a client on one loop."""

import asyncio
import contextlib
import io

import pytest

aiohttp = pytest.importorskip("aiohttp")
from aiohttp import web  # noqa: E402  only where aiohttp is


async def hello(request):
    return web.Response(text=f"hello {request.match_info['name']}")


async def mirror(request):
    return web.json_response({"body": await request.json(), "query": dict(request.query)})


async def upload(request):
    size = 0
    async for chunk in request.content.iter_chunked(65536):
        size += len(chunk)
    return web.Response(text=str(size))


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for n in range(100):
        await response.write(b"%d " % n * 1000)
    await response.write_eof()
    return response


async def socket(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data.upper())
    return ws


async def never(request):
    started.set()
    try:
        await asyncio.sleep(3600)
    finally:
        stopped.set()


@contextlib.asynccontextmanager
async def serving():
    """The address of a running site, and a client session."""
    global started, stopped
    started, stopped = asyncio.Event(), asyncio.Event()
    app = web.Application()
    app.router.add_get("/hello/{name}", hello)
    app.router.add_post("/mirror", mirror)
    app.router.add_post("/upload", upload)
    app.router.add_get("/stream", stream)
    app.router.add_get("/socket", socket)
    app.router.add_get("/never", never)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        await runner.cleanup()


async def test_requests(loop):
    async with serving() as session:
        for name in ("one", "two"):
            async with session.get(f"/hello/{name}") as response:
                assert response.status == 200
                assert await response.text() == f"hello {name}"
        async with session.post("/mirror", json={"a": [1]}, params={"q": "x"}) as response:
            assert await response.json() == {"body": {"a": [1]}, "query": {"q": "x"}}
        async with session.get("/nowhere") as response:
            assert response.status == 404


async def test_large_bodies(loop):
    async with serving() as session:
        async with session.post("/upload", data=io.BytesIO(bytes(5_000_000))) as response:
            assert await response.text() == "5000000"
        async with session.get("/stream") as response:
            body = await response.read()
        assert body == b"".join(b"%d " % n * 1000 for n in range(100))


async def test_many_at_once(loop):
    async def get(n):
        async with session.get(f"/hello/{n}") as response:
            return await response.text()

    async with serving() as session:
        texts = await asyncio.gather(*(get(n) for n in range(200)))
    assert texts == [f"hello {n}" for n in range(200)]


async def test_web_sockets(loop):
    async with serving() as session, session.ws_connect("/socket") as ws:
        for n in range(50):
            await ws.send_str(f"message {n}")
            assert await ws.receive_str() == f"MESSAGE {n}"


async def test_a_timeout_cancels_both_sides(loop):
    async with serving() as session:
        request = asyncio.create_task(session.get("/never"))
        await started.wait()
        request.cancel()
        await asyncio.wait([request])
        await stopped.wait()
        with pytest.raises(TimeoutError):
            await session.get("/never", timeout=aiohttp.ClientTimeout(total=0.01))


async def test_a_refused_connection(loop):
    async with serving() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://127.0.0.1:1/")

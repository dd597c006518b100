"""aiohttp over https: a server and a client of the same loop."""

import ssl

import pytest

from support.net import HOST
from support.tls import client_context, server_context

aiohttp = pytest.importorskip("aiohttp")
web = pytest.importorskip("aiohttp.web")


async def serve(handler, context=None):
    application = web.Application(client_max_size=10_000_000)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0, ssl_context=context or server_context())
    await site.start()
    return runner, f"https://localhost:{runner.addresses[0][1]}"


async def test_requests_over_one_connection(loop):
    peers = set()

    async def handler(request):
        peers.add(request.transport.get_extra_info("peername"))
        assert request.secure
        return web.Response(body=await request.read())

    runner, url = await serve(handler)
    connector = aiohttp.TCPConnector(ssl=client_context())
    async with aiohttp.ClientSession(connector=connector) as session:
        for size in (0, 10, 1_000_000):
            async with session.post(f"{url}/echo", data=bytes(size)) as response:
                assert response.status == 200
                assert await response.read() == bytes(size)
    assert len(peers) == 1
    await runner.cleanup()


async def test_a_certificate_that_is_not_trusted(loop):
    runner, url = await serve(web.Response)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
            await session.get(url)
        assert isinstance(caught.value.certificate_error, ssl.SSLCertVerificationError)
    await runner.cleanup()


async def test_a_websocket(loop):
    async def handler(request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            await websocket.send_str(message.data.upper())
        return websocket

    runner, url = await serve(handler)
    connector = aiohttp.TCPConnector(ssl=client_context())
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.ws_connect(url) as websocket,
    ):
        await websocket.send_str("hello")
        assert await websocket.receive_str() == "HELLO"
    await runner.cleanup()

"""A small ASGI application, for uvicorn: no framework, so that each message is in sight."""

import asyncio
import os


async def app(scope, receive, send):
    """The application: https://asgi.readthedocs.io/en/latest/specs/main.html."""
    await {"lifespan": lifespan, "http": http, "websocket": websocket}[scope["type"]](
        scope, receive, send
    )


async def lifespan(scope, receive, send):
    """Say when the server starts and when it ends."""
    while True:
        phase = (await receive())["type"].removeprefix("lifespan.")
        print(f"application: {phase}", flush=True)
        await send({"type": f"lifespan.{phase}.complete"})
        if phase == "shutdown":
            return


async def http(scope, receive, send):
    """The handler of the path, which gives the parts of the body."""
    handler = {"/loop": loop, "/process": process, "/echo": echo, "/count": count}
    headers = [(b"content-type", b"application/octet-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for part in handler[scope["path"]](receive):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def loop(receive):
    """Which loop serves."""
    running = type(asyncio.get_running_loop())
    yield running.__module__.partition(".")[0].encode()


async def process(receive):
    """Which process serves."""
    yield b"%d" % os.getpid()


async def echo(receive):
    """The parts of the request as they come."""
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        yield message["body"]


async def count(receive):
    """A long answer in many parts."""
    for n in range(1000):
        yield b"%05d" % n * 1000


async def websocket(scope, receive, send):
    """Give back what comes; `leave` asks for the end."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "leave":
            await send({"type": "websocket.close", "code": 4000, "reason": "bye"})
        else:
            await send({"type": "websocket.send", "text": message["text"].upper()})

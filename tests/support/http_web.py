"""aiohttp's server in a thread of its own, for the HTTP clients under test."""

import asyncio
import dataclasses
import json
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from support.net import HOST, SECONDS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclasses.dataclass(frozen=True)
class Seen:
    """A request as the server took it."""

    method: str
    target: str  # as sent
    headers: tuple[tuple[str, str], ...]
    peer: Any  # the client's address: the same for requests of one connection

    def all(self, name: str) -> list[str]:
        """The values of this header, whatever the case of its letters."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The only value of this header."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} was sent {len(values)} times: {values}"
        return values[0] if values else default


async def echo(request: web.Request) -> web.Response:
    """Say in JSON what came: method, target, headers (pairs), body (as Latin-1)."""
    body = await request.read()
    seen = {
        "method": request.method,
        "target": request.raw_path,
        "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in request.raw_headers],
        "body": body.decode("latin-1"),
    }
    return web.Response(text=json.dumps(seen), content_type="application/json")


class WebServer:
    """Serves every path by one handler, or by those of a dict from path to handler.

    A handler that fails, fails the test; that the client goes away is no failure. It runs on
    asyncio's own loop in another thread, whatever the test runs on.
    """

    def __init__(
        self,
        handler: Handler | dict[str, Handler] = echo,
        *,
        context: ssl.SSLContext | None = None,
        path: str | None = None,
        **options: Any,
    ) -> None:
        self._handler = handler
        self._context = context
        self.requests: list[Seen] = []
        self.changed = threading.Condition()
        self._errors: list[Exception] = []
        self._transports: set[asyncio.Transport] = set()
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runner = self.call(self._start(path, options))

    @property
    def port(self) -> int:
        return self._runner.addresses[0][1]

    @property
    def peers(self) -> int:
        """How many connections carried requests."""
        return len({seen.peer for seen in self.requests})

    def url(self, path: str = "/", host: str | None = None) -> str:
        """Where this path is; with TLS by the name `localhost`, which the certificate has."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host or ('localhost' if self._context else HOST)}:{self.port}{path}"

    def call(self, coroutine):
        """Run it on the server's loop, block until it is done, and give its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SECONDS)

    def soon(self, function, *args) -> None:
        """Call it on the server's loop: so that a test lets a handler go on."""
        self._loop.call_soon_threadsafe(function, *args)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until this holds for the requests that came."""
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, self._wait_for, condition), "it never came to that"

    def notify(self) -> None:
        """Have `until` look again: what a handler changed is to be seen."""
        with self.changed:
            self.changed.notify_all()

    def stop(self) -> None:
        """End it, and raise what a handler has raised."""
        self.call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()
        for error in self._errors:
            raise error

    async def _end(self) -> None:
        await self._runner.cleanup()
        # Over TLS the client's loop would have to say goodbye, and that may stand still.
        for transport in self._transports:
            transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)

    def _wait_for(self, condition: Callable[[], object]) -> bool:
        with self.changed:
            return bool(self.changed.wait_for(condition, SECONDS))

    async def _start(self, path: str | None, options: dict[str, Any]) -> web.AppRunner:
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, **options)
        await runner.setup()
        if path is not None:
            site: web.BaseSite = web.UnixSite(runner, path, ssl_context=self._context)
        else:
            site = web.TCPSite(runner, HOST, 0, ssl_context=self._context)
        await site.start()
        return runner

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._transports.add(request.transport)
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.raw_headers)
        peer = request.transport.get_extra_info("peername") or id(request.transport)
        with self.changed:
            self.requests.append(Seen(request.method, request.raw_path, headers, peer))
            self.changed.notify_all()
        handler = self._handler
        if isinstance(handler, dict):
            if request.path not in handler:
                raise web.HTTPNotFound
            handler = handler[request.path]
        try:
            return await handler(request)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:
            self._errors.append(error)
            raise

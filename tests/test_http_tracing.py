"""Tracing: which signals come, in which order, with what."""

import asyncio
import types

import pytest

from support.http_raw import OK, chunked, response
from support.net import SECONDS
from support.turns import turns

NAMES = (
    "request_start",
    "request_chunk_sent",
    "response_chunk_received",
    "request_end",
    "request_exception",
    "request_redirect",
    "connection_queued_start",
    "connection_queued_end",
    "connection_create_start",
    "connection_create_end",
    "connection_reuseconn",
    "dns_resolvehost_start",
    "dns_resolvehost_end",
    "dns_cache_hit",
    "dns_cache_miss",
    "request_headers_sent",
)


class Recorder:
    """Keeps each signal with its parameters, and what context it had."""

    def __init__(self, client, **options):
        self.config = client.TraceConfig(**options)
        self.events = []
        self.contexts = []
        for name in NAMES:
            getattr(self.config, f"on_{name}").append(self._handler(name))

    def _handler(self, name):
        async def handler(session, context, params):
            self.events.append((name, params))
            self.contexts.append(context)
            self.session = session
            # Receivers may wait.
            await asyncio.sleep(0)

        return handler

    @property
    def names(self):
        return [name for name, _ in self.events]

    def clear(self):
        self.events.clear()

    def one(self, name):
        [params] = [params for each, params in self.events if each == name]
        return params


@pytest.fixture
def recorder(client):
    return Recorder(client)


@pytest.fixture
def traced(open_session, recorder):
    return open_session(trace_configs=[recorder.config])


async def fetch(session, url, method="GET", **options):
    async with session.request(method, url, **options) as got:
        return await got.read()


async def test_a_request(traced, recorder, raw_server):
    server = raw_server(OK)
    assert await fetch(traced, server.url("/x?a=b"), headers={"X-A": "1"}) == b"ok"
    assert recorder.names == [
        "request_start",
        "connection_create_start",
        "connection_create_end",
        "request_headers_sent",
        "request_end",
        "response_chunk_received",
    ]
    assert recorder.session is traced
    start = recorder.one("request_start")
    assert (start.method, str(start.url)) == ("GET", server.url("/x?a=b"))
    assert start.headers["X-A"] == "1"
    sent = recorder.one("request_headers_sent")
    assert (sent.method, str(sent.url)) == ("GET", server.url("/x?a=b"))
    assert sent.headers["Host"] == f"127.0.0.1:{server.port}"
    end = recorder.one("request_end")
    assert (end.method, str(end.url), end.response.status) == ("GET", server.url("/x?a=b"), 200)
    received = recorder.one("response_chunk_received")
    assert (received.method, received.chunk) == ("GET", b"ok")


async def test_a_kept_connection(traced, recorder, raw_server):
    server = raw_server(OK)
    await fetch(traced, server.url())
    recorder.clear()
    await fetch(traced, server.url())
    assert recorder.names == [
        "request_start",
        "connection_reuseconn",
        "request_headers_sent",
        "request_end",
        "response_chunk_received",
    ]


async def test_a_name(loop, client, recorder, raw_server):
    server = raw_server(OK)

    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            found = {"hostname": host, "host": "127.0.0.1", "port": server.port}
            return [found | {"family": 2, "proto": 0, "flags": 0}]

        async def close(self):
            pass

    connector = client.TCPConnector(resolver=Resolver(), force_close=True)
    async with client.ClientSession(
        connector=connector, trace_configs=[recorder.config]
    ) as session:
        await fetch(session, "http://example.test/")
        assert recorder.names[:6] == [
            "request_start",
            "connection_create_start",
            "dns_cache_miss",
            "dns_resolvehost_start",
            "dns_resolvehost_end",
            "connection_create_end",
        ]
        for name in ("dns_cache_miss", "dns_resolvehost_start", "dns_resolvehost_end"):
            assert recorder.one(name).host == "example.test"
        recorder.clear()
        await fetch(session, "http://example.test/")
        assert recorder.names[:4] == [
            "request_start",
            "connection_create_start",
            "dns_cache_hit",
            "connection_create_end",
        ]
        assert recorder.one("dns_cache_hit").host == "example.test"


async def test_a_body(traced, recorder, raw_server):
    server = raw_server(OK)
    await fetch(traced, server.url(), "POST", data=b"body")
    assert recorder.one("request_chunk_sent").chunk == b"body"
    order = recorder.names
    assert order.index("request_headers_sent") < order.index("request_end")
    assert order.index("request_chunk_sent") < order.index("request_end")


async def test_a_body_in_pieces(traced, recorder, raw_server):
    async def pieces():
        yield b"one"
        yield b"two"

    server = raw_server(chunked(b"ok"))
    await fetch(traced, server.url(), "POST", data=pieces())
    sent = [params.chunk for name, params in recorder.events if name == "request_chunk_sent"]
    assert b"".join(sent) == b"onetwo"


async def test_a_redirect(traced, recorder, raw_server):
    server = raw_server([response(b"", "Location: /b", status="302 Found"), OK])
    await fetch(traced, server.url("/a"))
    assert recorder.names == [
        "request_start",
        "connection_create_start",
        "connection_create_end",
        "request_headers_sent",
        "request_redirect",
        "connection_reuseconn",
        "request_headers_sent",
        "request_end",
        "response_chunk_received",
    ]
    redirect = recorder.one("request_redirect")
    assert str(redirect.url) == server.url("/a")
    assert redirect.response.status == 302
    end = recorder.one("request_end")
    assert str(end.url) == server.url("/b")


async def test_an_error(client, traced, recorder, raw_server):
    server = raw_server(OK)
    url = server.url()
    server.stop()
    with pytest.raises(client.ClientConnectorError) as caught:
        await traced.get(url)
    assert recorder.names == ["request_start", "connection_create_start", "request_exception"]
    params = recorder.one("request_exception")
    assert params.exception is caught.value
    assert (params.method, str(params.url)) == ("GET", url)


@pytest.mark.parametrize("url", ["", "http://", "/path", "http:///path"])
async def test_a_url_of_nobody(client, traced, recorder, url):
    with pytest.raises(client.InvalidUrlClientError) as caught:
        await traced.get(url, cookies={"a": "1"})
    assert recorder.names == ["request_start", "request_exception"]
    params = recorder.one("request_exception")
    assert params.exception is caught.value
    assert (params.method, str(params.url)) == ("GET", url)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"headers": {"Authorization": "x"}}, ValueError), ({"cookies": 5}, TypeError)],
    ids=["auth", "cookies"],
)
async def test_arguments_that_are_none(traced, recorder, options, error):
    with pytest.raises(error) as caught:
        await traced.get("http://name:password@example.test/", **options)
    assert recorder.names == ["request_start", "request_exception"]
    assert recorder.one("request_exception").exception is caught.value


async def test_an_error_of_the_status(client, traced, recorder, raw_server):
    server = raw_server(response(b"", status="404 Not Found"))
    with pytest.raises(client.ClientResponseError) as caught:
        await traced.get(server.url(), raise_for_status=True)
    assert recorder.names[-1] == "request_exception"
    assert recorder.one("request_exception").exception is caught.value
    assert "request_end" not in recorder.names


async def test_cancelled(traced, recorder, raw_server):
    server = raw_server(lambda connection: connection.request() and connection.until_closed())
    task = asyncio.ensure_future(fetch(traced, server.url()))
    await server.until(lambda: server.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorder.names[-1] == "request_exception"
    assert isinstance(recorder.one("request_exception").exception, asyncio.CancelledError)


async def test_a_timeout(client, traced, recorder, raw_server):
    server = raw_server(lambda connection: connection.request() and connection.until_closed())
    with pytest.raises(asyncio.TimeoutError) as caught:
        await traced.get(server.url(), timeout=client.ClientTimeout(total=0.1))
    assert recorder.names[-1] == "request_exception"
    assert recorder.one("request_exception").exception is caught.value


async def test_a_queue(loop, client, recorder, raw_server):
    def script(connection):
        # The first answer keeps its connection until its body has come.
        connection.request()
        connection.send(OK[:-2])
        connection.server.gate.wait(SECONDS)
        connection.send(OK[-2:])
        while connection.request():
            connection.send(OK)

    server = raw_server(script)
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(
        connector=connector, trace_configs=[recorder.config]
    ) as session:
        holding = await session.get(server.url())
        recorder.clear()
        waiting = asyncio.ensure_future(fetch(session, server.url()))
        await turns(10)
        assert recorder.names == ["request_start", "connection_queued_start"]
        server.gate.set()
        assert await holding.content.read() == b"ok"
        await waiting
    assert recorder.names == [
        "request_start",
        "connection_queued_start",
        "connection_queued_end",
        "connection_reuseconn",
        "request_headers_sent",
        "request_end",
        "response_chunk_received",
    ]


async def test_contexts(open_session, client, raw_server):
    recorder = Recorder(client)
    session = open_session(trace_configs=[recorder.config])
    server = raw_server(OK)
    mine = object()
    await fetch(session, server.url(), trace_request_ctx=mine)
    assert {id(context) for context in recorder.contexts} == {id(recorder.contexts[0])}
    context = recorder.contexts[0]
    assert isinstance(context, types.SimpleNamespace)
    assert context.trace_request_ctx is mine
    recorder.contexts.clear()
    await fetch(session, server.url())
    assert recorder.contexts[0] is not context
    assert recorder.contexts[0].trace_request_ctx is None


async def test_a_factory_of_contexts(open_session, client, raw_server):
    made = []

    def factory(trace_request_ctx=None):
        made.append(trace_request_ctx)
        return types.SimpleNamespace(number=len(made))

    recorder = Recorder(client, trace_config_ctx_factory=factory)
    session = open_session(trace_configs=[recorder.config])
    await fetch(session, raw_server(OK).url(), trace_request_ctx="mine")
    assert made == ["mine"]
    assert recorder.contexts[0].number == 1


async def test_several(open_session, client, raw_server):
    recorders = [Recorder(client), Recorder(client)]
    session = open_session(trace_configs=[recorder.config for recorder in recorders])
    await fetch(session, raw_server(OK).url())
    assert recorders[0].names == recorders[1].names
    assert len(recorders[0].names) == 6


async def test_a_handler_that_fails(client, open_session, raw_server):
    config = client.TraceConfig()

    async def failing(session, context, params):
        raise KeyError("mine")

    config.on_request_end.append(failing)
    session = open_session(trace_configs=[config])

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.until_closed()

    server = raw_server(script)
    with pytest.raises(KeyError, match="mine"):
        await fetch(session, server.url())
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_frozen(client, open_session):
    config = client.TraceConfig()
    open_session(trace_configs=[config])
    with pytest.raises(RuntimeError):
        config.on_request_start.append(lambda *_: None)

"""retry=Retry(...): what is tried again, how often, and after which pause."""

import asyncio
import email.utils
import time

import pytest

from support.http_raw import OK, closing, response

pytestmark = pytest.mark.rondel_only("aiohttp has no retries")

BUSY = response(b"busy", status="503 Busy")


@pytest.fixture
def retry(client):
    """Makes a Retry that does not wait."""

    def retry(attempts=3, **options):
        return client.Retry(attempts, **{"backoff": 0, "jitter": 0} | options)

    return retry


async def fetch(session, server, method="GET", **options):
    async with session.request(method, server.url(), **options) as got:
        return got.status, await got.read()


async def test_until_it_works(session, raw_server, retry):
    server = raw_server([BUSY, BUSY, OK])
    assert await fetch(session, server, retry=retry()) == (200, b"ok")
    assert len(server.requests) == 3
    assert len(server.connections) == 1


async def test_of_the_session(open_session, raw_server, retry):
    session = open_session(retry=retry())
    server = raw_server([BUSY, BUSY, OK])
    assert await fetch(session, server) == (200, b"ok")
    server = raw_server([BUSY, OK])
    assert await fetch(session, server, retry=None) == (503, b"busy")


async def test_the_last_answer_is_given(session, raw_server, retry):
    server = raw_server(BUSY)
    assert await fetch(session, server, retry=retry(4)) == (503, b"busy")
    assert len(server.requests) == 4


async def test_with_raise_for_status(client, session, raw_server, retry):
    server = raw_server([BUSY, BUSY, OK])
    assert (await fetch(session, server, retry=retry(), raise_for_status=True))[0] == 200
    server = raw_server(BUSY)
    with pytest.raises(client.ClientResponseError) as caught:
        await fetch(session, server, retry=retry(), raise_for_status=True)
    assert caught.value.status == 503
    assert len(server.requests) == 3


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_no_connection(client, session, raw_server, retry, attempts):
    server = raw_server(OK)
    url = server.url()
    server.stop()
    with pytest.raises(client.ClientConnectorError):
        await session.get(url, retry=retry(attempts))


async def test_a_server_that_comes_up(loop, client, raw_server, retry):
    """The third look-up gives the address of one that is there."""
    gone, server = raw_server(OK), raw_server(OK)
    port = gone.port
    gone.stop()
    asked = []

    class Resolver(client.abc.AbstractResolver):
        async def resolve(self, host, port_asked=0, family=0):
            asked.append(host)
            found = {"hostname": host, "host": "127.0.0.1", "family": 2, "proto": 0, "flags": 0}
            if len(asked) == 1:
                raise OSError(None, "not yet")
            return [found | {"port": server.port if len(asked) == 3 else port}]

        async def close(self):
            pass

    connector = client.TCPConnector(resolver=Resolver(), use_dns_cache=False)
    async with (
        client.ClientSession(connector=connector, retry=retry()) as session,
        session.get("http://example.test/") as got,
    ):
        assert await got.read() == b"ok"
    assert len(asked) == 3


@pytest.mark.parametrize("reset", [False, True])
async def test_a_connection_that_breaks(session, raw_server, retry, reset):
    def script(connection):
        connection.request()
        if connection.number == 2:
            connection.send(OK)
            connection.until_closed()
        elif reset:
            connection.reset()

    server = raw_server(script)
    assert await fetch(session, server, retry=retry()) == (200, b"ok")
    assert len(server.connections) == 3


async def test_a_timeout_of_the_socket(client, session, raw_server, retry):
    def script(connection):
        connection.request()
        if connection.number:
            connection.send(OK)
        connection.until_closed()

    server = raw_server(script)
    timeout = client.ClientTimeout(sock_read=0.3)
    assert await fetch(session, server, retry=retry(), timeout=timeout) == (200, b"ok")
    assert len(server.requests) == 2


async def test_the_total_timeout_is_for_all_attempts(client, session, raw_server, retry):
    server = raw_server(lambda connection: connection.request() and connection.until_closed())
    with pytest.raises(asyncio.TimeoutError):
        await session.get(server.url(), retry=retry(50), timeout=client.ClientTimeout(total=0.3))
    assert len(server.requests) == 1


async def test_a_pause_past_the_total_timeout_is_not_begun(client, session, raw_server):
    server = raw_server(BUSY)
    retry = client.Retry(3, backoff=100, jitter=0, max_delay=1000)
    timeout = client.ClientTimeout(total=20)
    # The last answer is what there is to give.
    assert await fetch(session, server, retry=retry, timeout=timeout) == (503, b"busy")
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_methods_that_may_be_repeated(session, raw_server, retry, method):
    server = raw_server([response(b"", status="503 Busy")] * 2 + [response(b"")])
    assert (await fetch(session, server, method, retry=retry()))[0] == 200


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_methods_that_may_not(session, raw_server, retry, method):
    server = raw_server([BUSY, OK])
    assert (await fetch(session, server, method, retry=retry()))[0] == 503
    server = raw_server([BUSY, OK])
    assert (await fetch(session, server, method, retry=retry(methods={method})))[0] == 200


@pytest.mark.parametrize("status", [400, 401, 404, 501])
async def test_statuses_that_stay(session, raw_server, retry, status):
    server = raw_server([response(b"", status=f"{status} X"), OK])
    assert (await fetch(session, server, retry=retry()))[0] == status
    server = raw_server([response(b"", status=f"{status} X"), OK])
    assert (await fetch(session, server, retry=retry(statuses={status})))[0] == 200


@pytest.mark.parametrize("data", [b"body", "body", {"body": "1"}], ids=repr)
async def test_bodies_are_sent_again(session, raw_server, retry, data):
    server = raw_server([BUSY, BUSY, OK])
    assert (await fetch(session, server, "PUT", retry=retry(), data=data))[0] == 200
    bodies = [request.body for request in server.requests]
    assert bodies == bodies[:1] * 3
    assert bodies[0].startswith(b"body")


async def test_a_file_is_sent_again(session, raw_server, retry, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 10_000)
    server = raw_server([BUSY, OK])
    with path.open("rb") as file:
        file.seek(5)
        assert (await fetch(session, server, "PUT", retry=retry(), data=file))[0] == 200
    assert [request.body for request in server.requests] == [path.read_bytes()[5:]] * 2


async def test_a_generator_is_not(session, raw_server, retry):
    async def once():
        yield b"body"

    server = raw_server([BUSY, OK])
    assert await fetch(session, server, "PUT", retry=retry(), data=once()) == (503, b"busy")
    assert len(server.requests) == 1


@pytest.mark.parametrize("after", ["0", " 0 ", "date", "past"])
async def test_retry_after(client, session, raw_server, after):
    """What the server says goes before the backoff, which here would take minutes."""
    if after == "date":
        after = email.utils.formatdate(time.time() + 1, usegmt=True)
    elif after == "past":
        after = email.utils.formatdate(0, usegmt=True)
    busy = response(b"", f"Retry-After: {after}", status="429 Too Many Requests")
    server = raw_server([busy, OK])
    retry = client.Retry(2, backoff=500, jitter=0, max_delay=1000)
    assert (await fetch(session, server, retry=retry))[0] == 200


async def test_retry_after_that_is_too_long(client, session, raw_server, retry):
    busy = response(b"", "Retry-After: 3600", status="503 Busy")
    server = raw_server([busy, OK])
    assert (await fetch(session, server, retry=retry(max_delay=5)))[0] == 503
    assert len(server.requests) == 1


async def test_retry_after_that_is_none(session, raw_server, retry):
    busy = response(b"", "Retry-After: soon", status="503 Busy")
    server = raw_server([busy, OK])
    assert (await fetch(session, server, retry=retry()))[0] == 200


async def test_a_budget(client, session, raw_server, retry):
    server = raw_server(BUSY)
    budget = client.RetryBudget(ratio=0, reserve=4)
    for _ in range(5):
        assert (await fetch(session, server, retry=retry(3, budget=budget)))[0] == 503
    # Five requests, and four retries among all of them.
    assert len(server.requests) == 9


async def test_a_pause_is_cancelled(client, session, raw_server):
    server = raw_server(BUSY)
    task = asyncio.ensure_future(session.get(server.url(), retry=client.Retry(backoff=50)))
    await server.until(lambda: server.requests)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await fetch(session, raw_server(OK)) == (200, b"ok")


async def test_a_pause_holds_no_connection(loop, client, raw_server):
    server = raw_server([BUSY, OK])
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(connector=connector) as session:
        task = asyncio.ensure_future(
            session.get(server.url(), retry=client.Retry(backoff=50, jitter=0))
        )
        await server.until(lambda: server.requests)
        assert await fetch(session, server) == (200, b"ok")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_with_redirects(session, raw_server, retry):
    def script(connection):
        while request := connection.request():
            count = len([each for each in connection.server.requests if each.target == "/b"])
            if request.target != "/b":
                connection.send(response(b"", "Location: /b", status="302 Found"))
            else:
                connection.send(OK if count == 3 else BUSY)

    server = raw_server(script)
    assert await fetch(session, server, retry=retry()) == (200, b"ok")


async def test_with_tracing_and_middlewares(client, open_session, raw_server, retry):
    seen = []

    async def middleware(request, handler):
        seen.append("middleware")
        return await handler(request)

    async def start(session, context, params):
        seen.append("start")

    config = client.TraceConfig()
    config.on_request_start.append(start)
    session = open_session(trace_configs=[config], middlewares=[middleware], retry=retry())
    server = raw_server([BUSY, BUSY, OK])
    assert await fetch(session, server) == (200, b"ok")
    assert seen.count("start") == 1


async def test_connections_that_are_closed_count_as_no_attempt(session, raw_server, retry):
    """A kept-alive connection that turns out closed is none of the attempts."""
    server = raw_server(closing(OK))
    for _ in range(4):
        assert await fetch(session, server, retry=retry(1)) == (200, b"ok")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attempts": 0}, "attempts must be at least 1"),
        ({"backoff": -1}, "backoff must be"),
        ({"factor": float("nan")}, "factor must be"),
        ({"jitter": 2}, "jitter is a share"),
        ({"statuses": {42}}, "statuses holds status codes"),
        ({"methods": {"G T"}}, "methods holds names"),
    ],
)
def test_wrong_values(client, options, message):
    with pytest.raises(ValueError, match=message):
        client.Retry(**options)


@pytest.mark.parametrize("value", [3, True, "yes"], ids=repr)
async def test_a_retry_of_the_wrong_type(client, session, value):
    with pytest.raises(TypeError, match=r"retry is a rondel\.http\.Retry or None"):
        await session.get("http://localhost/", retry=value)
    with pytest.raises(TypeError, match=r"retry is a rondel\.http\.Retry or None"):
        client.ClientSession(retry=value)

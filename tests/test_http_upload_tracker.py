"""UploadTracker: how far the body of a request is."""

import asyncio

import pytest

from support.http_raw import OK, response


@pytest.fixture
def tracker(loop, client):
    """Makes trackers in the loop."""

    async def make():
        return client.UploadTracker()

    return loop.run_until_complete(make())


async def post(session, server, tracker, **options):
    async with session.post(server.url(), upload_tracker=tracker, **options) as got:
        return await got.read()


async def pieces(*each):
    for piece in each:
        await asyncio.sleep(0)
        yield piece


@pytest.mark.parametrize("kind", ["bytes", "generator", "compressed"])
async def test_a_body(session, raw_server, tracker, kind):
    data = pieces(b"body" * 1000, b"more") if kind == "generator" else b"body" * 1000
    options = {"compress": True} if kind == "compressed" else {}
    assert await post(session, raw_server(OK), tracker, data=data, **options) == b"ok"
    await tracker.upload_complete
    assert tracker.bytes_written == (4004 if kind == "generator" else 4000)
    assert tracker.attempts == 1


async def test_no_body(session, raw_server, tracker):
    assert await post(session, raw_server(OK), tracker) == b"ok"
    await tracker.upload_complete
    assert (tracker.bytes_written, tracker.attempts) == (0, 1)


async def test_while_it_is_sent(client, session, raw_server, tracker):
    def script(connection):
        connection.head()
        connection.server.gate.wait(30)
        connection.close()

    server = raw_server(script)
    seen = asyncio.Event()

    async def endless():
        while True:
            yield bytes(1_000_000)
            if tracker.bytes_written:
                seen.set()

    task = asyncio.ensure_future(post(session, server, tracker, data=endless()))
    await seen.wait()
    assert not tracker.upload_complete.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.gate.set()
    with pytest.raises((client.ClientError, OSError)):
        await tracker.upload_complete


async def test_each_hop_begins_anew(session, raw_server, tracker):
    hop = response(b"", "Location: /b", status="307 Moved")
    server = raw_server([hop, OK])
    assert await post(session, server, tracker, data=b"body") == b"ok"
    await tracker.upload_complete
    assert (tracker.attempts, tracker.bytes_written) == (2, 4)


async def test_a_body_that_fails(client, session, raw_server, tracker):
    server = raw_server(lambda connection: connection.until_closed())

    async def failing():
        yield b"one"
        raise KeyError("mine")

    with pytest.raises(client.ClientConnectionError):
        await post(session, server, tracker, data=failing())
    with pytest.raises((client.ClientError, KeyError)):
        await tracker.upload_complete


async def test_a_request_that_is_never_sent(client, session, raw_server, tracker):
    server = raw_server(OK)
    url = server.url()
    server.stop()
    with pytest.raises(client.ClientConnectorError):
        await session.post(url, data=b"body", upload_tracker=tracker)
    with pytest.raises((client.UploadAbortedError, OSError)):
        await tracker.upload_complete


async def test_for_one_request(session, raw_server, tracker):
    server = raw_server(OK)
    await post(session, server, tracker, data=b"body")
    with pytest.raises(RuntimeError, match="already bound to a request"):
        await post(session, server, tracker, data=b"body")
    assert len(server.requests) == 1

"""UploadTracker: how far the body of a request is."""

import asyncio

import pytest

from support.http_raw import OK, closing, response


async def post(session, url, **options):
    async with session.post(url, **options) as got:
        return await got.read()


@pytest.mark.parametrize("body", [b"", b"body", bytes(1_000_000)], ids=len)
async def test_a_body(client, session, raw_server, body):
    tracker = client.UploadTracker()
    assert (tracker.attempts, tracker.bytes_written) == (0, 0)
    await post(session, raw_server(OK).url(), data=body, upload_tracker=tracker)
    await tracker.upload_complete
    assert (tracker.attempts, tracker.bytes_written) == (1, len(body))


async def test_no_body(client, session, raw_server):
    tracker = client.UploadTracker()
    async with session.get(raw_server(OK).url(), upload_tracker=tracker) as got:
        await got.read()
    await tracker.upload_complete
    assert (tracker.attempts, tracker.bytes_written) == (1, 0)


async def test_on_its_way(client, session, raw_server):
    tracker = client.UploadTracker()
    seen = []

    async def pieces():
        for _ in range(50):
            yield bytes(100_000)
            seen.append(tracker.bytes_written)

    await post(session, raw_server(OK).url(), data=pieces(), upload_tracker=tracker)
    assert seen == sorted(seen)
    assert tracker.bytes_written == 5_000_000


async def test_for_one_request_alone(client, session, raw_server):
    tracker = client.UploadTracker()
    server = raw_server(OK)
    await post(session, server.url(), data=b"body", upload_tracker=tracker)
    with pytest.raises(RuntimeError, match="already bound to a request"):
        await post(session, server.url(), data=b"body", upload_tracker=tracker)
    assert len(server.requests) == 1


async def test_a_redirect_sends_it_again(client, session, raw_server):
    server = raw_server([response(b"", "Location: /b", status="307 Found"), OK])
    tracker = client.UploadTracker()
    await post(session, server.url("/a"), data=b"body", upload_tracker=tracker)
    assert (tracker.attempts, tracker.bytes_written) == (2, 4)


async def test_never_sent(client, session, raw_server):
    server = raw_server(OK)
    url = server.url()
    server.stop()
    tracker = client.UploadTracker()
    with pytest.raises(client.ClientConnectorError):
        await post(session, url, data=b"body", upload_tracker=tracker)
    with pytest.raises(client.UploadAbortedError):
        await tracker.upload_complete


async def test_cancelled(client, session, raw_server):
    server = raw_server(lambda connection: connection.head() and connection.until_closed())
    tracker = client.UploadTracker()
    started = asyncio.Event()

    async def endless():
        while True:
            yield b"piece"
            started.set()
            await asyncio.sleep(0)

    task = asyncio.ensure_future(
        post(session, server.url(), data=endless(), upload_tracker=tracker)
    )
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(client.UploadAbortedError):
        await tracker.upload_complete


async def test_a_connection_that_was_closed_takes_another_attempt(client, session, raw_server):
    server = raw_server(closing(OK))
    await post(session, server.url())
    tracker = client.UploadTracker()
    async with session.put(server.url(), data=b"body", upload_tracker=tracker) as got:
        assert await got.read() == b"ok"
    await tracker.upload_complete
    assert tracker.attempts in (1, 2)
    assert tracker.bytes_written == 4

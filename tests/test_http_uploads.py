"""Uploads that do not come to their end, or come to it twice, as UploadTracker tells of them."""

import asyncio

import pytest

from support.http_raw import OK, closing


async def test_cancelled(client, session, raw_server):
    server = raw_server(lambda connection: connection.head() and connection.until_closed())
    tracker = client.UploadTracker()
    started = asyncio.Event()

    async def endless():
        while True:
            yield b"piece"
            started.set()
            await asyncio.sleep(0)

    request = session.post(server.url(), data=endless(), upload_tracker=tracker)
    task = asyncio.ensure_future(request)
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(client.UploadAbortedError):
        await tracker.upload_complete


async def test_a_connection_that_was_closed_takes_another_attempt(client, session, raw_server):
    server = raw_server(closing(OK))
    async with session.get(server.url()) as got:
        assert await got.read() == b"ok"
    tracker = client.UploadTracker()
    async with session.put(server.url(), data=b"body", upload_tracker=tracker) as got:
        assert await got.read() == b"ok"
    await tracker.upload_complete
    # Whether the end of the first connection was seen in time is for the kernel to say.
    assert tracker.attempts in (1, 2)
    assert tracker.bytes_written == 4

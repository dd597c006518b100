"""HTTP/2: answers that come before the request's body is all sent (RFC 9113, 8.1).

On HTTP/1.1 the connection is closed then: test_http_bodies.py.
"""

import asyncio

import pytest

from hostile import frames
from support.http2 import answer
from support.net import SECONDS

pytestmark = pytest.mark.rondel_only("aiohttp speaks HTTP/1.1 alone")

NO_ERROR, INTERNAL_ERROR, CANCEL = 0, 2, 8
TOO_LARGE = [(b":status", b"413"), (b"content-length", b"4")]
WINDOW = 65_535


class Upload:
    """A body that is made as long as it is asked for."""

    def __init__(self):
        self.closed = asyncio.Event()

    async def pieces(self):
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            self.closed.set()

    async def ended(self):
        async with asyncio.timeout(SECONDS):
            await self.closed.wait()


class Script:
    """POST is answered with `early` when the first of its body is here; others as they should be.

    `kinds` are those of the frames that came for the streams of POST, behind the heads. If
    `reads`, the server makes room on the stream for as much as it has received, else on the
    connection alone.
    """

    def __init__(self, *early, reads=False):
        self.early = early
        self.reads = reads
        self.kinds = []

    def __call__(self, connection):
        answered = set()
        for kind, flags, stream, payload in frames.received(connection.sock, greet=True):
            if kind == frames.HEADERS and flags & frames.END_STREAM:
                connection.send(answer(stream))
            if kind not in (frames.DATA, frames.RST_STREAM):
                continue
            if kind == frames.DATA and payload:
                for place in (0, stream) if self.reads else (0,):
                    room = frames.frame(
                        frames.WINDOW_UPDATE, 0, place, len(payload).to_bytes(4, "big")
                    )
                    connection.send(room)
            if stream not in answered:
                answered.add(stream)
                connection.send(b"".join(make(stream) for make in self.early))
            with connection.server.changed:
                self.kinds.append(kind)
                connection.server.changed.notify_all()
        connection.ended()


def whole(stream):
    return frames.headers(stream, TOO_LARGE) + frames.data(stream, b"less", end=True)


def whole_of_unknown_length(stream):
    return frames.headers(stream, TOO_LARGE[:1]) + frames.data(stream, b"less", end=True)


def half(stream):
    return frames.headers(stream, TOO_LARGE) + frames.data(stream, b"le")


def nothing(stream):
    return b""


def reset(code):
    return lambda stream: frames.rst_stream(stream, code)


@pytest.fixture
def prior(loop, client, open_session):
    """A session that knows that the server speaks HTTP/2."""

    async def connector():
        return client.TCPConnector(http2="prior-knowledge")

    return open_session(connector=loop.run_until_complete(connector()))


async def goes_on(session, server):
    """The connection takes the next request."""
    async with session.get(server.url()) as got:
        assert await got.read() == b"good"
    assert len(server.connections) == 1


@pytest.mark.parametrize("body", ["generator", "bytes"])
@pytest.mark.parametrize("early", [whole, whole_of_unknown_length])
async def test_an_answer_and_no_error(prior, raw_server, early, body):
    """The server has said all, and wants no more: that is no failure of the request."""
    server = raw_server(Script(early, reset(NO_ERROR)))
    for _ in range(3):
        upload = Upload()
        # Held by nobody else: a generator that is cut ends when it is let go.
        async with prior.post(
            server.url(), data=upload.pieces() if body == "generator" else bytes(10 * WINDOW)
        ) as got:
            assert got.status == 413
            assert await got.read() == b"less"
        if body == "generator":
            await upload.ended()
        await goes_on(prior, server)


@pytest.mark.parametrize("code", [INTERNAL_ERROR, CANCEL])
async def test_an_answer_and_another_error(prior, raw_server, code):
    """What is whole is whole, whatever the server thinks of the request."""
    server = raw_server(Script(whole, reset(code)))
    upload = Upload()
    async with prior.post(server.url(), data=upload.pieces()) as got:
        assert got.status == 413
        assert await got.read() == b"less"
    await upload.ended()
    await goes_on(prior, server)


@pytest.mark.parametrize("code", [NO_ERROR, INTERNAL_ERROR, CANCEL])
async def test_half_an_answer(client, prior, raw_server, code):
    server = raw_server(Script(half, reset(code)))
    upload = Upload()
    async with prior.post(server.url(), data=upload.pieces()) as got:
        assert got.status == 413
        with pytest.raises(client.ClientPayloadError):
            await got.read()
    await upload.ended()
    await goes_on(prior, server)


@pytest.mark.parametrize("code", [NO_ERROR, INTERNAL_ERROR, CANCEL])
async def test_no_answer(client, prior, raw_server, code):
    server = raw_server(Script(nothing, reset(code)))
    upload = Upload()
    with pytest.raises(client.ClientConnectionError):
        await prior.post(server.url(), data=upload.pieces())
    await upload.ended()
    await goes_on(prior, server)


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("read", [True, False])
async def test_an_upload_ends_with_its_answer(prior, raw_server, read, reads):
    """What is made of it is not asked for any more, and the connection goes on."""
    script = Script(whole, reads=reads)
    server = raw_server(script)
    upload = Upload()
    async with prior.post(server.url(), data=upload.pieces()) as got:
        assert got.status == 413
        if read:
            assert await got.read() == b"less"
    await upload.ended()
    if reads:  # else hyper waits for room before it looks whether there is more to send
        await server.until(lambda: frames.RST_STREAM in script.kinds)
    await goes_on(prior, server)


async def test_bytes_that_the_server_goes_on_to_read(prior, raw_server):
    """They are sent to their end."""
    script = Script(whole, reads=True)
    server = raw_server(script)
    async with prior.post(server.url(), data=bytes(10 * WINDOW)) as got:
        assert got.status == 413
        assert await got.read() == b"less"
    await goes_on(prior, server)


async def test_an_answer_that_comes_while_the_body_is_made(prior, raw_server):
    """Nothing has to be sent for the answer to be heard."""
    server = raw_server(Script(whole, reset(NO_ERROR)))
    closed = asyncio.Event()

    async def waiting():
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with prior.post(server.url(), data=waiting()) as got:
        assert await got.read() == b"less"
    async with asyncio.timeout(SECONDS):
        await closed.wait()
    await goes_on(prior, server)

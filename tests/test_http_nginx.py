"""Against a real nginx: HTTP/1.1, HTTP/2 by ALPN and by prior knowledge, over TLS and without."""

import asyncio

import pytest

from support.http_nginx import FILES, MIB, trusting

HTTP2 = pytest.mark.rondel_only("aiohttp speaks HTTP/1.1 alone")


async def fetch(session, url, **options):
    async with session.get(url, **options) as got:
        assert got.status == 200
        return await got.read()


@pytest.mark.parametrize("port", ["plain", "tls1"])
@pytest.mark.parametrize("name", ["1k", "100k"])
async def test_files(session, nginx, port, name):
    options = {"ssl": trusting()} if port == "tls1" else {}
    for _ in range(3):
        assert await fetch(session, nginx.url(f"/{name}", port), **options) == nginx.file(name)


@pytest.mark.parametrize("port", ["plain", "tls1"])
async def test_a_long_stream(session, nginx, port):
    options = {"ssl": trusting()} if port == "tls1" else {}
    count = 0
    async with session.get(nginx.url("/100m", port), **options) as got:
        async for piece in got.content.iter_chunked(MIB):
            count += len(piece)
    assert count == FILES["100m"]


async def test_compressed(session, nginx):
    async with session.get(nginx.url("/compressed/100k")) as got:
        assert got.headers["Content-Encoding"] == "gzip"
        assert await got.read() == nginx.file("100k")


async def test_many_at_once(session, nginx):
    found = await asyncio.gather(*(fetch(session, nginx.url("/1k")) for _ in range(300)))
    assert set(found) == {nginx.file("1k")}


async def test_over_a_unix_socket(loop, client, nginx):
    connector = client.UnixConnector(nginx.socket)
    async with client.ClientSession(connector=connector) as session:
        assert await fetch(session, "http://localhost/1k") == nginx.file("1k")


async def test_a_server_that_keeps_nothing(session, nginx):
    for _ in range(10):
        assert await fetch(session, nginx.url("/once")) == b"once"


async def test_redirects(session, nginx):
    async with session.get(nginx.url("/moved")) as got:
        assert [each.status for each in got.history] == [302]
        assert await got.read() == nginx.file("1k")


async def test_upload(session, nginx):
    body = bytes(range(256)) * 4096
    url = nginx.url("/upload/plain")
    async with session.put(url, data=body) as got:
        assert got.status in (201, 204)
    assert await fetch(session, url) == body
    async with session.delete(url) as got:
        assert got.status == 204


async def test_a_server_that_has_no_http_2(client, session, nginx):
    async with session.get(nginx.url("/protocol", "tls1"), ssl=trusting()) as got:
        assert await got.text() == "HTTP/1.1"
        assert got.version == client.HttpVersion11


@HTTP2
@pytest.mark.parametrize("ssl", [False, "context"])
async def test_http_2_by_alpn(session, client, nginx, ssl):
    ssl = alpn_context() if ssl else False
    async with session.get(nginx.url("/protocol", "tls"), ssl=ssl) as got:
        assert await got.text() == "HTTP/2.0"
        assert got.version == (2, 0)
        # HTTP/2 has no reasons.
        assert got.reason in ("", "OK")


@HTTP2
@pytest.mark.parametrize("ssl", [False, "context"])
async def test_http_2_files_over_tls(session, nginx, ssl):
    """Records end anywhere, and so do frames: none of it is lost between the two."""
    ssl = alpn_context() if ssl else False
    for name, count in (("1k", 300), ("100k", 30)):
        url = nginx.url(f"/{name}", "tls")
        found = await asyncio.gather(*(fetch(session, url, ssl=ssl) for _ in range(count)))
        assert set(found) == {nginx.file(name)}


def alpn_context():
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@HTTP2
async def test_a_context_without_alpn_stays_with_http_1(session, nginx):
    async with session.get(nginx.url("/protocol", "tls"), ssl=trusting()) as got:
        assert await got.text() == "HTTP/1.1"


@pytest.fixture
def prior(loop, client, open_session):
    """A session that knows that the server speaks HTTP/2."""

    async def connector():
        return client.TCPConnector(http2="prior-knowledge")

    return open_session(connector=loop.run_until_complete(connector()))


@HTTP2
async def test_http_2_by_prior_knowledge(prior, nginx):
    async with prior.get(nginx.url("/protocol", "h2c")) as got:
        assert await got.text() == "HTTP/2.0"


@HTTP2
async def test_http_2_files(prior, nginx):
    for name in ("1k", "100k", "1k"):
        assert await fetch(prior, nginx.url(f"/{name}", "h2c")) == nginx.file(name)


@HTTP2
async def test_http_2_many_over_one_connection(loop, client, nginx):
    """More at once than the server takes streams, over as few connections as there may be."""
    connector = client.TCPConnector(http2="prior-knowledge", limit=1)
    async with client.ClientSession(connector=connector) as session:
        for name, count in (("1k", 500), ("100k", 50)):
            url = nginx.url(f"/{name}", "h2c")
            found = await asyncio.gather(*(fetch(session, url) for _ in range(count)))
            assert set(found) == {nginx.file(name)}


@HTTP2
async def test_http_2_flow_control(prior, nginx):
    """A stream that nobody reads does not keep the others."""
    async with prior.get(nginx.url("/100m", "h2c")) as slow:
        assert len(await slow.content.readexactly(1000)) == 1000
        for _ in range(5):
            assert await fetch(prior, nginx.url("/100k", "h2c")) == nginx.file("100k")
        count = 1000
        async for piece in slow.content.iter_chunked(MIB):
            count += len(piece)
        assert count == FILES["100m"]


@HTTP2
async def test_http_2_streams_that_are_left(prior, nginx):
    for _ in range(50):
        async with prior.get(nginx.url("/100m", "h2c")) as got:
            await got.content.readexactly(10)
    assert await fetch(prior, nginx.url("/1k", "h2c")) == nginx.file("1k")


@HTTP2
async def test_http_2_cancelled(prior, nginx):
    for turn in range(40):
        tasks = [asyncio.ensure_future(fetch(prior, nginx.url("/100k", "h2c"))) for _ in range(5)]
        for _ in range(turn):
            await asyncio.sleep(0)
        for task in tasks[:3]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert found[3:] == [nginx.file("100k")] * 2


@HTTP2
async def test_http_2_upload(prior, nginx):
    body = bytes(range(256)) * 8192
    url = nginx.url("/upload/h2", "h2c")
    async with prior.put(url, data=body) as got:
        assert got.status in (201, 204)
    assert await fetch(prior, url) == body


@HTTP2
async def test_http_2_upload_of_a_generator(prior, nginx):
    async def pieces():
        for number in range(100):
            yield bytes([number]) * 20_000
            await asyncio.sleep(0)

    url = nginx.url("/upload/generator", "h2c")
    async with prior.put(url, data=pieces(), headers={"Content-Length": "2000000"}) as got:
        assert got.status in (201, 204)
    assert await fetch(prior, url) == b"".join(bytes([n]) * 20_000 for n in range(100))


@HTTP2
async def test_http_2_heads(prior, nginx):
    headers = {"Connection": "keep-alive", "X-Upper": "1", "Cookie": "a=1"}
    async with prior.get(nginx.url("/host", "h2c"), headers=headers) as got:
        assert await got.text() == f"127.0.0.1:{nginx.h2c}"
    async with prior.head(nginx.url("/100k", "h2c")) as got:
        assert got.headers["Content-Length"] == str(FILES["100k"])
        assert await got.read() == b""


@HTTP2
async def test_http_2_to_a_server_without(client, prior, nginx):
    with pytest.raises(client.ClientError):
        await prior.get(nginx.url("/1k", "plain"))


@HTTP2
async def test_http_2_not_wanted(loop, client, nginx):
    async with (
        client.ClientSession(connector=client.TCPConnector(http2=False)) as session,
        session.get(nginx.url("/protocol", "tls"), ssl=False) as got,
    ):
        assert await got.text() == "HTTP/1.1"


@HTTP2
async def test_http_2_with_retry(loop, client, nginx):
    retry = client.Retry(2, backoff=0, jitter=0)
    connector = client.TCPConnector(http2="prior-knowledge")
    async with (
        client.ClientSession(connector=connector, retry=retry) as session,
        session.get(nginx.url("/busy", "h2c")) as got,
    ):
        assert got.status == 503

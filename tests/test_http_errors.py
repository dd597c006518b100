"""Errors: their types, what they say, and that they can be pickled."""

import errno
import pickle

import pytest

from support.http_raw import OK, response
from support.tls import server_context

TREE = {
    "ClientResponseError": "ClientError",
    "ContentTypeError": "ClientResponseError",
    "WSServerHandshakeError": "ClientResponseError",
    "ClientHttpProxyError": "ClientResponseError",
    "TooManyRedirects": "ClientResponseError",
    "ClientConnectionError": "ClientError",
    "ClientConnectionResetError": "ClientConnectionError ConnectionResetError",
    "ClientOSError": "ClientConnectionError OSError",
    "ClientConnectorError": "ClientOSError",
    "ClientConnectorDNSError": "ClientConnectorError",
    "ClientProxyConnectionError": "ClientConnectorError",
    "ClientSSLError": "ClientConnectorError",
    "ClientConnectorSSLError": "ClientSSLError SSLError",
    "ClientConnectorCertificateError": "ClientSSLError SSLCertVerificationError",
    "ServerConnectionError": "ClientConnectionError",
    "ServerDisconnectedError": "ServerConnectionError",
    "ServerTimeoutError": "ServerConnectionError TimeoutError",
    "ConnectionTimeoutError": "ServerTimeoutError",
    "SocketTimeoutError": "ServerTimeoutError",
    "ServerFingerprintMismatch": "ServerConnectionError",
    "ClientPayloadError": "ClientError",
    "InvalidURL": "ClientError ValueError",
    "InvalidUrlClientError": "InvalidURL",
    "RedirectClientError": "ClientError",
    "NonHttpUrlClientError": "ClientError",
    "InvalidUrlRedirectClientError": "InvalidUrlClientError RedirectClientError",
    "NonHttpUrlRedirectClientError": "NonHttpUrlClientError RedirectClientError",
    "WSMessageTypeError": "TypeError",
    "ClientError": "Exception",
}


@pytest.mark.parametrize("name", TREE)
def test_bases(client, name):
    assert " ".join(base.__name__ for base in getattr(client, name).__bases__) == TREE[name]


@pytest.fixture
def refused(raw_server):
    """The URL of a server that is gone, and its port."""
    server = raw_server(OK)
    url, port = server.url(), server.port
    server.stop()
    return url, port


def copy_of(error):
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert repr(copied) == repr(error)
    return copied


async def test_refused(client, session, refused):
    url, port = refused
    with pytest.raises(client.ClientConnectorError) as caught:
        await session.get(url)
    error = caught.value
    assert type(error) is client.ClientConnectorError
    assert (error.host, error.port, error.ssl) == ("127.0.0.1", port, True)
    assert error.errno == errno.ECONNREFUSED
    assert isinstance(error.os_error, ConnectionRefusedError)
    assert isinstance(error.__cause__, OSError)
    assert str(error) == (
        f"Cannot connect to host 127.0.0.1:{port} ssl:default"
        f" [Connect call failed ('127.0.0.1', {port})]"
    )
    copied = copy_of(error)
    assert (copied.host, copied.port, copied.errno) == (error.host, error.port, error.errno)


async def test_refused_with_ssl(client, session, refused):
    _, port = refused
    with pytest.raises(client.ClientConnectorError) as caught:
        await session.get(f"https://127.0.0.1:{port}/", ssl=False)
    assert str(caught.value).startswith(f"Cannot connect to host 127.0.0.1:{port} ssl:False [")


async def test_the_tutorials_way(client, session, refused):
    try:
        await session.get(refused[0])
    except client.ClientError as error:
        assert "Cannot connect to host" in str(error)


async def test_a_name(loop, client, session, monkeypatch):
    async def getaddrinfo(host, port, **options):
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    with pytest.raises(client.ClientConnectorDNSError) as caught:
        await session.get("http://nobody.test/")
    copy_of(caught.value)


async def test_disconnected(client, session, raw_server):
    server = raw_server(lambda connection: connection.request())
    with pytest.raises(client.ServerDisconnectedError) as caught:
        await session.post(server.url())
    assert str(caught.value) == "Server disconnected"
    assert caught.value.message == "Server disconnected"
    copy_of(caught.value)


async def test_reset(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.reset()

    with pytest.raises(client.ClientOSError) as caught:
        await session.post(raw_server(script).url())
    assert caught.value.errno == errno.ECONNRESET
    assert str(caught.value) == f"[Errno {errno.ECONNRESET}] Connection reset by peer"
    copy_of(caught.value)


@pytest.mark.parametrize(
    "answer",
    [b"nonsense\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"],
)
async def test_no_http(client, session, raw_server, answer):
    server = raw_server(answer)
    with pytest.raises(client.ClientResponseError) as caught:
        await session.get(server.url())
    assert caught.value.status == 400
    assert str(caught.value.request_info.url) == server.url()
    assert server.url() in str(caught.value)
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_a_head_that_stops(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nX-")

    with pytest.raises(client.ServerDisconnectedError):
        await session.post(raw_server(script).url())


async def test_a_body_that_stops(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    async with session.get(raw_server(script).url()) as got:
        with pytest.raises(client.ClientPayloadError) as caught:
            await got.read()
    assert str(caught.value).startswith("Response payload is not completed")
    copy_of(caught.value)


async def test_timeouts(client, session, raw_server):
    server = raw_server(lambda connection: connection.until_closed())
    with pytest.raises(client.SocketTimeoutError) as caught:
        await session.get(server.url(), timeout=client.ClientTimeout(sock_read=0.05))
    copy_of(caught.value)


async def test_certificates(client, session, raw_server):
    server = raw_server(OK, context=server_context())
    with pytest.raises(client.ClientConnectorCertificateError) as caught:
        await session.get(server.url())
    copied = copy_of(caught.value)
    assert (copied.host, copied.port) == ("localhost", server.port)
    expected = client.Fingerprint(bytes(32))
    with pytest.raises(client.ServerFingerprintMismatch) as caught:
        await session.get(server.url(), ssl=expected)
    assert copy_of(caught.value).got == caught.value.got


async def test_urls(client, session):
    with pytest.raises(client.InvalidUrlClientError) as caught:
        await session.get("http://[::1")
    assert copy_of(caught.value).url == "http://[::1"
    assert str(caught.value) == "http://[::1"


def test_made_by_hand(client):
    error = client.InvalidURL("http://x", "is nothing")
    assert str(error) == "http://x - is nothing"
    assert (error.url, error.description) == ("http://x", "is nothing")
    assert repr(error) == "<InvalidURL http://x - is nothing>"
    copy_of(error)
    error = client.ServerDisconnectedError("gone")
    assert str(error) == error.message == "gone"
    copy_of(error)
    error = client.ClientResponseError(None, (), status=500, message="m")
    assert (error.status, error.message, error.headers, error.history) == (500, "m", None, ())
    assert client.ClientResponseError(None, ()).status == 0


async def test_errors_of_the_body_name_their_cause(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.send(response(b"x" * 10, "Content-Encoding: gzip"))
        connection.until_closed()

    async with session.get(raw_server(script).url()) as got:
        with pytest.raises(client.ClientPayloadError) as caught:
            await got.read()
    assert "gzip" in str(caught.value) or caught.value.__cause__ is not None

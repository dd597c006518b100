"""https: what is trusted, and what is said of what is not."""

import asyncio
import hashlib
import io
import ssl

import pytest

from support import child
from support.http_raw import OK, chunked
from support.tls import AUTHORITY, CERTIFICATES, client_context, server_context


@pytest.fixture
def secure_server(raw_server):
    return raw_server(OK, context=server_context())


def fingerprint(name="server"):
    text = (CERTIFICATES / f"{name}.pem").read_text()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    pem = begin + text.partition(begin)[2].partition(end)[0] + end
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()


async def fetch(session, url, **options):
    async with session.get(url, **options) as got:
        return await got.read()


@pytest.mark.parametrize("where", ["request", "connector"])
@pytest.mark.parametrize("how", ["context", "False", "Fingerprint"])
async def test_forms_of_ssl(loop, client, secure_server, where, how):
    value = {
        "context": client_context(),
        "False": False,
        "Fingerprint": client.Fingerprint(fingerprint()),
    }[how]
    connector = client.TCPConnector(ssl=value if where == "connector" else True)
    options = {"ssl": value} if where == "request" else {}
    async with client.ClientSession(connector=connector) as session:
        for _ in range(3):
            assert await fetch(session, secure_server.url(), **options) == b"ok"
    assert len(secure_server.connections) == 1


async def test_one_that_is_not_trusted(client, session, secure_server):
    with pytest.raises(client.ClientConnectorCertificateError) as caught:
        await session.get(secure_server.url())
    error = caught.value
    for base in (client.ClientSSLError, client.ClientConnectorError, ssl.CertificateError, OSError):
        assert isinstance(error, base)
    assert isinstance(error.certificate_error, ssl.SSLCertVerificationError)
    assert error.certificate_error.verify_code == 20
    assert error.certificate_error.verify_message == "unable to get local issuer certificate"
    assert error.certificate_error.reason == "CERTIFICATE_VERIFY_FAILED"
    assert (error.host, error.port, error.ssl) == ("localhost", secure_server.port, True)
    where = f"localhost:{secure_server.port}"
    assert str(error).startswith(
        f"Cannot connect to host {where} ssl:True [SSLCertVerificationError: "
    )
    assert "certificate verify failed" in str(error)


async def test_one_of_another_host(client, session, raw_server):
    server = raw_server(OK, context=server_context("other"))
    with pytest.raises(client.ClientConnectorCertificateError) as caught:
        await session.get(server.url(), ssl=client_context())
    assert "localhost" in str(caught.value)
    # Asked for by its name, it is as it should be.
    assert (
        await fetch(session, server.url(), ssl=client_context(), server_hostname="example.test")
        == b"ok"
    )


async def test_by_its_address(session, secure_server):
    url = secure_server.url(host="127.0.0.1")
    assert await fetch(session, url, ssl=client_context()) == b"ok"


async def test_after_a_failure_others_work(client, session, secure_server):
    for _ in range(3):
        with pytest.raises(client.ClientConnectorCertificateError):
            await session.get(secure_server.url())
        assert await fetch(session, secure_server.url(), ssl=False) == b"ok"


async def test_what_was_not_verified_is_for_nobody_else(client, session, secure_server):
    """A connection of `ssl=False` is not given to whoever wants to know."""
    assert await fetch(session, secure_server.url(), ssl=False) == b"ok"
    with pytest.raises(client.ClientConnectorCertificateError):
        await session.get(secure_server.url())
    assert await fetch(session, secure_server.url(), ssl=client_context()) == b"ok"


async def test_a_fingerprint_of_another(client, session, secure_server):
    expected = fingerprint("other")
    with pytest.raises(client.ServerFingerprintMismatch) as caught:
        await session.get(secure_server.url(), ssl=client.Fingerprint(expected))
    error = caught.value
    assert isinstance(error, client.ServerConnectionError)
    assert error.expected == expected
    assert error.got == fingerprint()
    assert error.port == secure_server.port
    assert repr(error).startswith("<ServerFingerprintMismatch expected=")
    assert secure_server.requests == []


def test_fingerprints_of_other_kinds(client):
    with pytest.raises(ValueError, match="fingerprint has invalid length"):
        client.Fingerprint(b"short")
    for length in (16, 20):
        with pytest.raises(ValueError, match="insecure and not supported"):
            client.Fingerprint(bytes(length))
    assert client.Fingerprint(bytes(32)).fingerprint == bytes(32)


@pytest.mark.parametrize("value", [1, "yes", b"digest"])
async def test_ssl_of_the_wrong_type(client, session, value):
    with pytest.raises(TypeError, match="ssl should be SSLContext, bool, Fingerprint or None"):
        await session.get("https://localhost/", ssl=value)


async def test_no_tls_at_all(client, session, raw_server):
    server = raw_server(lambda connection: connection.send(b"HTTP/1.1 400 Bad\r\n\r\n"))
    with pytest.raises(client.ClientConnectorSSLError) as caught:
        await session.get(f"https://localhost:{server.port}/")
    assert isinstance(caught.value, ssl.SSLError)
    assert isinstance(caught.value, client.ClientSSLError)
    assert f"Cannot connect to host localhost:{server.port} ssl:default [" in str(caught.value)


async def test_a_server_that_hangs_up(client, session, raw_server):
    server = raw_server(lambda connection: None)
    with pytest.raises(client.ClientConnectionError):
        await session.get(f"https://localhost:{server.port}/", ssl=False)


async def test_plain_http_to_a_tls_server(client, session, secure_server):
    with pytest.raises(client.ClientError):
        await session.get(f"http://localhost:{secure_server.port}/")


@pytest.mark.parametrize("how", ["context", "False"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_versions(session, raw_server, how, version):
    context = server_context()
    context.minimum_version = context.maximum_version = version
    server = raw_server(OK, context=context)
    assert await fetch(session, server.url(), ssl=client_context() if how == "context" else False)


async def test_a_certificate_of_the_client(client, session, raw_server):
    server = raw_server(OK, context=server_context(client_authority=AUTHORITY))
    assert await fetch(session, server.url(), ssl=client_context("client")) == b"ok"
    with pytest.raises(client.ClientError):
        await session.get(server.url(), ssl=client_context())


@pytest.mark.parametrize("how", ["context", "False"])
async def test_much_both_ways(session, serve, how):
    from aiohttp import web

    async def handler(request):
        return web.Response(body=await request.read())

    server = serve(handler, context=server_context())
    body = bytes(range(256)) * 20_000
    value = client_context() if how == "context" else False
    for _ in range(2):
        async with session.post(server.url(), data=io.BytesIO(body), ssl=value) as got:
            assert await got.read() == body
    assert server.peers == 1


@pytest.mark.parametrize("how", ["context", "False"])
async def test_many_at_once(session, serve, how):
    server = serve(context=server_context())
    value = client_context() if how == "context" else False

    async def one(number):
        async with session.get(server.url(f"/{number}"), ssl=value) as got:
            return (await got.json())["target"]

    found = await asyncio.gather(*(one(number) for number in range(30)))
    assert found == [f"/{number}" for number in range(30)]


@pytest.mark.parametrize("how", ["context", "False"])
@pytest.mark.parametrize("answer", [OK, chunked(b"ok")], ids=["length", "chunked"])
async def test_an_end_without_goodbye(session, raw_server, how, answer):
    """Many servers close without close_notify; a body that says where it ends is whole."""

    def script(connection):
        connection.request()
        connection.send(answer)
        # The socket below closes, no alert is sent.
        connection.sock.shutdown(2)

    server = raw_server(script, context=server_context())
    value = client_context() if how == "context" else False
    for _ in range(2):
        assert await fetch(session, server.url(), ssl=value) == b"ok"


@pytest.mark.parametrize("how", ["context", "False"])
async def test_a_body_that_is_cut(client, session, raw_server, how):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.sock.shutdown(2)

    server = raw_server(script, context=server_context())
    value = client_context() if how == "context" else False
    with pytest.raises((client.ClientPayloadError, client.ClientOSError)):
        await fetch(session, server.url(), ssl=value)


TRUSTED = """
import asyncio, os, sys
from support import loops

async def main(http):
    async with http.ClientSession() as session, session.get(sys.argv[1]) as got:
        print(got.status, (await got.read()).decode())
    try:
        async with http.ClientSession() as session:
            await session.get(sys.argv[1].replace("localhost", "127.0.0.2"))
    except http.ClientConnectorError as error:
        print(type(error).__name__)

if os.environ["LOOP_KIND"] == "rondel":
    from rondel import http
else:
    import aiohttp as http
with asyncio.Runner(loop_factory=loops.new_loop) as runner:
    runner.run(main(http))
"""


def test_what_the_machine_trusts(client, loop_kind, secure_server):
    """Without a context, the system's authorities count: here the one that SSL_CERT_FILE names."""
    port = secure_server.port
    env = {"SSL_CERT_FILE": str(AUTHORITY), "SSL_CERT_DIR": "/nonexistent"}
    out = child.output(loop_kind, TRUSTED, f"https://localhost:{port}/", env=env)
    assert out.splitlines()[0] == "200 ok"
    # The listener is on one address alone.
    assert out.splitlines()[1] == "ClientConnectorError"


async def test_what_is_known_of_the_connection(session, secure_server):
    async with session.get(secure_server.url(), ssl=client_context()) as got:
        transport = got.connection and got.connection.transport
        if transport is not None:
            assert transport.get_extra_info("peername")[1] == secure_server.port
        await got.read()

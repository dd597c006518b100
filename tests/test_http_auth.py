"""Who the user is: basic authentication as text, and the digest middleware's answers."""

import hashlib
import re

import pytest

from support.http_raw import OK, response

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_basic(client):
    auth = client.BasicAuth("user", "pass")
    assert tuple(auth) == ("user", "pass", "latin1")
    assert (auth.login, auth.password, auth.encoding) == ("user", "pass", "latin1")
    assert auth.encode() == "Basic dXNlcjpwYXNz" == client.encode_basic_auth("user", "pass")
    assert client.BasicAuth.decode(auth.encode()) == auth
    assert client.BasicAuth("user").encode() == client.encode_basic_auth("user")
    assert client.encode_basic_auth("ü", "ä") != client.BasicAuth("ü", "ä").encode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), "None is not allowed as login value"),
        (("user", None), "None is not allowed as password value"),
        (("us:er",), 'A ":" is not allowed in login'),
    ],
)
def test_basic_of_wrong_values(client, arguments, message):
    with pytest.raises(ValueError, match=message):
        client.BasicAuth(*arguments)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "Could not parse authorization header"),
        ("Bearer x", "Unknown authorization method Bearer"),
        ("Basic ###", "Invalid base64 encoding"),
        ("Basic dXNlcg==", "Invalid credentials"),
    ],
)
def test_headers_that_are_none(client, header, message):
    with pytest.raises(ValueError, match=message):
        client.BasicAuth.decode(header)


def challenge(text):
    return response(b"who?", f"WWW-Authenticate: {text}", status="401 Unauthorized")


def parts(header):
    """The parameters of a Digest header."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "Digest"
    found = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', rest)
    return {name: quoted or plain for name, quoted, plain in found}


async def fetch(session, url, **options):
    async with session.get(url, **options) as got:
        await got.read()
        return got.status


HASHES = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
}


@pytest.mark.parametrize("session_variant", [False, True])
@pytest.mark.parametrize("algorithm", HASHES)
@pytest.mark.parametrize("qop", ["", "auth", "auth-int", "auth,auth-int"])
async def test_digest(client, open_session, raw_server, algorithm, qop, session_variant):
    name = algorithm + ("-sess" if session_variant else "")
    text = f'Digest realm="a \\"b\\"", nonce="n,1", algorithm={name}, opaque="o"'
    server = raw_server([challenge(text + (f', qop="{qop}"' if qop else "")), OK])
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "pässword")])
    async with session.post(server.url("/x?a=b"), data=b"body") as got:
        assert got.status == 200
    assert server.requests[0].get("Authorization") is None
    sent = parts(server.requests[1].get("Authorization"))
    assert (sent["username"], sent["uri"], sent["opaque"]) == ("user", "/x?a=b", "o")
    assert (sent["nonce"], sent["realm"], sent["algorithm"]) == ("n,1", 'a \\"b\\"', name)

    def hashed(*fields):
        return HASHES[algorithm](":".join(fields).encode()).hexdigest()

    user = hashed("user", 'a "b"', "pässword")
    if session_variant:
        # Without qop the client's nonce is not sent, and nobody could check the answer.
        if not qop:
            return
        user = hashed(user, "n,1", sent["cnonce"])
    chosen = "auth-int" if "auth-int" in qop else qop
    request = ["POST", "/x?a=b"] + ([hashed("body")] if chosen == "auth-int" else [])
    middle = ["n,1"]
    if chosen:
        assert (sent["qop"], sent["nc"]) == (chosen, "00000001")
        middle += [sent["nc"], sent["cnonce"], chosen]
    assert sent["response"] == hashed(user, *middle, hashed(*request))


async def test_digest_before_it_is_asked_for(client, open_session, raw_server):
    server = raw_server([challenge('Digest realm="r", nonce="n", qop="auth"'), OK])
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "secret")])
    for _ in range(3):
        assert await fetch(session, server.url()) == 200
    counts = [parts(each.get("Authorization"))["nc"] for each in server.requests[1:]]
    assert counts == ["00000001", "00000002", "00000003"]


async def test_digest_only_when_it_is_asked_for(client, open_session, raw_server):
    first = challenge('Digest realm="r", nonce="n", qop="auth"')
    server = raw_server([first, OK, first, OK])
    middleware = client.DigestAuthMiddleware("user", "secret", preemptive=False)
    session = open_session(middlewares=[middleware])
    for _ in range(2):
        assert await fetch(session, server.url()) == 200
    asked = [each.get("Authorization") is not None for each in server.requests]
    assert asked == [False, True, False, True]


async def test_digest_that_is_refused(client, open_session, raw_server):
    server = raw_server(challenge('Digest realm="r", nonce="n"'))
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "wrong")])
    assert await fetch(session, server.url()) == 401
    assert len(server.requests) == 2


@pytest.mark.parametrize("text", ['Basic realm="r"', "Digest", "nonsense", ""])
async def test_challenges_of_other_kinds(client, open_session, raw_server, text):
    server = raw_server(challenge(text))
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "secret")])
    assert await fetch(session, server.url()) == 401
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('Digest realm="r"', "Missing 'nonce'"),
        ('Digest nonce="n"', "Missing 'realm'"),
        ('Digest realm="r", nonce=""', "empty 'nonce'"),
        ('Digest realm="r", nonce="n", algorithm=CRC', "Unsupported hash algorithm: CRC"),
        ('Digest realm="r", nonce="n", qop="other"', "Unsupported Quality of Protection"),
    ],
)
async def test_challenges_that_can_not_be_answered(client, open_session, raw_server, text, message):
    server = raw_server(challenge(text))
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "secret")])
    with pytest.raises(client.ClientError, match=message):
        await session.get(server.url())


async def test_digest_is_for_one_origin(client, open_session, raw_server):
    first = challenge('Digest realm="r", nonce="n", qop="auth"')
    server, other = raw_server([first, OK]), raw_server(first)
    session = open_session(middlewares=[client.DigestAuthMiddleware("user", "secret")])
    assert await fetch(session, server.url()) == 200
    assert await fetch(session, other.url()) == 401
    assert [each.get("Authorization") for each in other.requests] == [None]

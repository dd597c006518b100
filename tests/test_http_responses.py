"""What a response says of itself, and its body as bytes, text and JSON."""

import json

import pytest
from multidict import CIMultiDictProxy
from yarl import URL

from support.http_raw import OK, response


@pytest.fixture
def answer(session, raw_server):
    """Fetches an answer that is given in bytes."""

    def answer(data, **options):
        return session.get(raw_server(data).url("/path?a=b#f"), **options)

    return answer


async def test_attributes(client, session, raw_server):
    server = raw_server(response(b"body", "X-A: 1", "x-b: 2", status="201 Created"))
    url = server.url("/path?a=b#f")
    async with session.post(url) as got:
        assert got.status == 201
        assert got.reason == "Created"
        assert got.ok is True
        assert got.method == "POST"
        assert got.version == client.HttpVersion11
        assert got.url == URL(server.url("/path?a=b"))
        assert got.real_url == URL(url)
        assert got.host == "127.0.0.1"
        assert got.history == ()
        assert got.content_type == "application/octet-stream"
        assert got.charset is None
        assert got.content_disposition is None
        assert got.cookies == {}
        assert len(got.links) == 0
        assert isinstance(got.headers, CIMultiDictProxy)
        assert got.headers is got.headers
        assert got.headers["X-B"] == got.headers["x-b"] == "2"
        assert [(k.lower(), v) for k, v in got.raw_headers] == [
            (b"x-a", b"1"),
            (b"x-b", b"2"),
            (b"content-length", b"4"),
        ]
        assert await got.read() == b"body"
    assert got.status == 201
    assert got.headers["X-A"] == "1"
    # What was read is kept, though a released response is read no more.
    assert await got.text() == "body"
    with pytest.raises(client.ClientConnectionError, match="Connection closed"):
        await got.read()


async def test_no_body_after_the_release(session, raw_server):
    async with session.head(raw_server(response(b"body")).url()) as got:
        pass
    assert got.closed
    assert await got.text() == ""
    assert await got.content.readany() == b""
    assert got.content.exception() is None


async def test_repr(client, session, raw_server):
    server = raw_server(OK)
    async with session.get(server.url("/x")) as got:
        assert repr(got).startswith(f"<ClientResponse({server.url('/x')}) [200 OK]>")
        assert "2" in repr(got)


async def test_reason_in_other_letters(client, answer):
    async with answer(b"HTTP/1.1 200 Sch\xc3\xb6n\r\nContent-Length: 0\r\n\r\n") as got:
        # hyper's parser gives none that is not ASCII.
        assert got.reason == ("Schön" if client.__name__ == "aiohttp" else "")


@pytest.mark.parametrize("version", ["10", "11"])
async def test_version(client, answer, version):
    line = f"HTTP/{version[0]}.{version[1]}"
    async with answer(response(b"", version=line)) as got:
        assert got.version == getattr(client, f"HttpVersion{version}")


async def test_several_headers_of_one_name(answer):
    async with answer(response(b"", "X-A: 1", "X-B: x", "x-a: 2")) as got:
        assert got.headers.getall("X-A") == ["1", "2"]
        assert "X-C" not in got.headers


async def test_values_are_stripped_and_may_be_empty(answer):
    async with answer(response(b"", "X-A: \t a b \t ", "X-B:", "X-C:x")) as got:
        assert [got.headers[name] for name in ("X-A", "X-B", "X-C")] == ["a b", "", "x"]


async def test_values_in_other_letters(answer):
    data = b"HTTP/1.1 200 OK\r\nX-A: \xc3\xa4\r\nX-B: \xff\r\nContent-Length: 0\r\n\r\n"
    async with answer(data) as got:
        assert got.headers["X-A"] == "ä"
        assert got.headers["X-B"] == "\udcff"
        assert {name.lower(): value for name, value in got.raw_headers}[b"x-b"] == b"\xff"


async def test_headers_can_not_be_changed(answer):
    async with answer(OK) as got:
        with pytest.raises(TypeError):
            got.headers["X"] = "1"


@pytest.mark.parametrize(
    ("header", "content_type", "charset"),
    [
        ("text/html", "text/html", None),
        ("text/html; charset=UTF-8", "text/html", "UTF-8"),
        ('TEXT/Html;charset="latin-1"; x=y', "text/html", "latin-1"),
        ("text/html; charset=", "text/html", None),
        ("text/html; charset=utf-8, text/plain", "text/html", "utf-8"),
        ("", "application/octet-stream", None),
        ("nonsense", "application/octet-stream", None),
    ],
)
async def test_content_type(answer, header, content_type, charset):
    async with answer(response(b"", f"Content-Type: {header}")) as got:
        assert got.content_type == content_type
        assert got.charset == charset


async def test_content_length(answer):
    async with answer(response(b"12345")) as got:
        assert got.content_length == 5


async def test_content_disposition(answer):
    value = "attachment; filename=\"a b.txt\"; size=3; filename*=UTF-8''%c3%a4.t"
    async with answer(response(b"", f"Content-Disposition: {value}")) as got:
        found = got.content_disposition
        assert found.type == "attachment"
        assert found.filename == "ä.t"
        assert found.parameters["size"] == "3"


async def test_links(session, raw_server):
    server = raw_server(
        response(
            b"",
            'Link: </page/2>; rel=next; title="a, b", <http://other.test/>; rel="last"',
            "Link: <third>",
        )
    )
    async with session.get(server.url("/page/1")) as got:
        links = got.links
        assert list(links) == ["next", "last", "third"]
        assert links["next"]["url"] == URL(server.url("/page/2"))
        assert links["next"]["title"] == "a, b"
        assert links["last"]["url"] == URL("http://other.test/")
        assert links["third"]["url"] == URL(server.url("/page/third"))


async def test_cookies(answer):
    lines = ("Set-Cookie: a=1; Path=/; HttpOnly", 'Set-Cookie: b="x y"; Max-Age=5')
    async with answer(response(b"", *lines)) as got:
        assert got.cookies["a"].value == "1"
        assert got.cookies["a"]["httponly"] is True
        assert got.cookies["b"].value == "x y"
        assert got.cookies["b"]["max-age"] == "5"


@pytest.mark.parametrize(
    ("header", "data", "text"),
    [
        ("text/plain; charset=utf-8", "ä€".encode(), "ä€"),
        ("text/plain; charset=latin-1", b"\xe4", "ä"),
        ("text/plain; charset=cp1251", b"\xc6", "Ж"),
        ("text/plain", "ä".encode(), "ä"),
        ("text/plain; charset=nonsense", "ä".encode(), "ä"),
        ("application/json", '"ä"'.encode(), '"ä"'),
    ],
)
async def test_text(answer, header, data, text):
    async with answer(response(data, f"Content-Type: {header}")) as got:
        assert await got.text() == text
        assert await got.text() == text
        assert await got.read() == data


async def test_text_in_a_given_encoding(answer):
    async with answer(response(b"\xe4\xff", "Content-Type: text/plain; charset=utf-8")) as got:
        assert await got.text(encoding="latin-1") == "äÿ"
        with pytest.raises(UnicodeDecodeError):
            await got.text()
        assert await got.text(errors="replace") == "\ufffd\ufffd"


async def test_encoding_before_the_body(answer):
    for header in ("application/json", "application/rdap+json"):
        async with answer(response(b"{}", f"Content-Type: {header}")) as got:
            assert got.get_encoding() == "utf-8"
    async with answer(response(b"x", "Content-Type: text/plain; charset=latin-1")) as got:
        assert got.get_encoding() == "iso8859-1"
    async with answer(response(b"x", "Content-Type: text/plain")) as got:
        with pytest.raises(RuntimeError, match="fallback encoding of a not yet read body"):
            got.get_encoding()
        await got.read()
        assert got.get_encoding() == "utf-8"


@pytest.mark.parametrize(
    "header",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/problem+json",
        "APPLICATION/JSON",
    ],
)
async def test_json(answer, header):
    value = {"a": [1, 2.5, None, "ä"]}
    data = json.dumps(value, ensure_ascii=False).encode()
    async with answer(response(data, f"Content-Type: {header}")) as got:
        assert await got.json() == value
        assert await got.json() == value


async def test_json_of_another_type(client, answer):
    async with answer(response(b'{"a": 1}', "Content-Type: text/html")) as got:
        with pytest.raises(client.ContentTypeError) as caught:
            await got.json()
        assert isinstance(caught.value, client.ClientResponseError)
        assert "unexpected mimetype: text/html" in caught.value.message
        assert caught.value.status == 200
        assert await got.json(content_type=None) == {"a": 1}
        assert await got.json(content_type="text/html") == {"a": 1}


async def test_json_by_another_function(answer):
    async with answer(response(b" [1] ", "Content-Type: application/json")) as got:
        assert await got.json(loads=lambda text: ("loaded", text)) == ("loaded", "[1]")


async def test_json_of_nothing(answer):
    async with answer(response(b" \n", "Content-Type: application/json")) as got:
        assert await got.json() is None


async def test_json_that_is_none(answer):
    async with answer(response(b"{", "Content-Type: application/json")) as got:
        with pytest.raises(json.JSONDecodeError):
            await got.json()


async def test_json_in_another_encoding(answer):
    data = '"ä"'.encode("utf-16")
    async with answer(response(data, "Content-Type: application/json")) as got:
        assert await got.json(encoding="utf-16") == "ä"


async def test_a_body_up_to_the_end_of_the_connection(session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none")
        connection.send(b"two")

    async with session.get(raw_server(script).url()) as got:
        assert await got.read() == b"onetwo"


async def test_an_answer_in_many_pieces(session, raw_server):
    """Each byte comes by itself."""
    data = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

    def script(connection):
        connection.sock.setsockopt(6, 1, 1)  # TCP_NODELAY
        while connection.request():
            for index in range(len(data)):
                connection.send(data[index : index + 1])

    server = raw_server(script)
    for _ in range(3):
        async with session.get(server.url()) as got:
            assert got.headers["X-A"] == "1"
            assert await got.read() == b"abc"
    assert len(server.connections) == 1


async def test_trailers_are_read(session, raw_server):
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"
    server = raw_server(data)
    for _ in range(2):
        async with session.get(server.url()) as got:
            assert await got.read() == b"abc"
    assert len(server.connections) == 1


async def test_a_large_head(client, session, raw_server):
    server = raw_server(response(b"ok", "X-A: " + "a" * 8000, *(f"X-{n}: {n}" for n in range(90))))
    async with session.get(server.url()) as got:
        assert len(got.headers["X-A"]) == 8000
        assert await got.read() == b"ok"

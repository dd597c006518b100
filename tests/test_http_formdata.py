"""Forms: how their fields are encoded, and sent."""

import asyncio
import io

import pytest
from multidict import MultiDict

from support.http_multipart import parts
from support.http_raw import OK

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server(raw_server):
    return raw_server(OK)


async def post(session, server, **options):
    async with session.post(server.url(), **options) as answer:
        assert await answer.read() == b"ok"
    return server.requests[-1]


FIELDS = {
    "dict": lambda: {"a": "1", "b": "x y&z"},
    "pairs": lambda: [("a", "1"), ("b", "x y&z")],
    "tuple": lambda: (("a", "1"), ("b", "x y&z")),
    "multidict": lambda: MultiDict([("a", "1"), ("b", "x y&z")]),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_texts_are_url_encoded(client, write, kind):
    form = client.FormData(FIELDS[kind]())
    assert not form.is_multipart
    body = form()
    assert body.content_type == FORM
    assert write(body) == b"a=1&b=x+y%26z"
    assert body.size == 13


def test_url_encoding_of_several_values_and_charsets(client, write):
    body = client.FormData([("a", ["1", "2"]), ("ä", "ö")], charset="latin-1")()
    assert body.content_type == f"{FORM}; charset=latin-1"
    assert write(body) == b"a=1&a=2&%E4=%F6"


def test_what_makes_a_form_multipart(client):
    def is_multipart(**options):
        form = client.FormData()
        form.add_field("name", "value", **options)
        return form.is_multipart

    assert not is_multipart()
    assert is_multipart(content_type="text/plain")
    assert is_multipart(filename="x")
    assert client.FormData({"f": io.BytesIO()}).is_multipart
    assert client.FormData(default_to_multipart=True).is_multipart
    with pytest.warns(DeprecationWarning, match="content_transfer_encoding is deprecated"):
        assert is_multipart(content_transfer_encoding="base64")


def test_bytes_make_a_file(client):
    form = client.FormData()
    with pytest.warns(DeprecationWarning, match="passing bytes will no longer create a file"):
        form.add_field("name", b"value")
    assert form.is_multipart
    form.add_field("name", b"value", filename="x")


@pytest.mark.parametrize("option", ["content_type", "filename", "content_transfer_encoding"])
def test_options_of_fields_are_texts(client, option):
    with pytest.raises(TypeError, match=f"{option} must be an instance of str. Got: 1"):
        client.FormData().add_field("name", "value", **{option: 1})


@pytest.mark.parametrize("fields", [[1], ["text"], [("a",)], [("a", "b", "c")], 5, "text"])
def test_what_is_no_field(client, fields):
    with pytest.raises(TypeError, match=r"Only io\.IOBase, multidict and"):
        client.FormData(fields)


@pytest.mark.parametrize(
    "options", [{"name": "a\r\nb"}, {"filename": "a\nb"}, {"content_type": "a\0"}]
)
def test_what_would_end_a_header_is_refused(client, options):
    with pytest.raises(ValueError, match="Forbidden control character detected in headers"):
        client.FormData().add_field(**{"name": "n", "value": "v", **options})


def test_a_value_that_can_not_be_sent(client):
    form = client.FormData({"a": object()}, default_to_multipart=True)
    with pytest.raises(TypeError, match="Can not serialize value type"):
        form()


async def test_multipart(client, session, server, tmp_path):
    path = tmp_path / "ä ö.txt"
    path.write_bytes(b"content")
    with path.open("rb") as file:
        form = client.FormData({"text": "ä"}, default_to_multipart=True)
        form.add_field("file", file)
        form.add_field("json", "{}", content_type="application/json")
        form.add_field('quoted "name"', b"x", filename="x.bin", content_type="image/png")
        request = await post(session, server, data=form)
    assert request.get("Content-Type").startswith("multipart/form-data; boundary=")
    assert request.get("Content-Length") == str(len(request.body))
    text, whole, json_part, quoted = parts(request)
    assert text == (
        'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="text"',
        "ä".encode(),
    )
    assert whole == (
        "Content-Type: text/plain\r\n"
        'Content-Disposition: form-data; name="file"; filename="%C3%A4%20%C3%B6.txt"',
        b"content",
    )
    assert json_part == (
        'Content-Type: application/json\r\nContent-Disposition: form-data; name="json"',
        b"{}",
    )
    assert quoted == (
        "Content-Type: image/png\r\n"
        'Content-Disposition: form-data; name="quoted\\ \\"name\\""; filename="x.bin"',
        b"x",
    )


async def test_names_that_are_not_ascii(client, session, server):
    form = client.FormData({"ä": "1"}, default_to_multipart=True)
    # aiohttp makes such a name, and refuses to send it.
    ((part, _, _),) = form()
    disposition = part.headers["Content-Disposition"]
    assert disposition == "form-data; name*=utf-8''%C3%A4"
    form = client.FormData({"ä": io.BytesIO(b"1")}, quote_fields=False)
    ((head, _),) = parts(await post(session, server, data=form))
    assert 'name="ä"; filename="ä"' in head


async def test_generators_in_forms_go_in_chunks(client, session, server):
    async def pieces():
        yield b"one"
        await asyncio.sleep(0)
        yield b"two"

    form = client.FormData()
    form.add_field("gen", pieces(), filename="gen.bin")
    request = await post(session, server, data=form)
    assert request.get("Content-Length") is None
    ((head, content),) = parts(request)
    assert content == b"onetwo"
    assert "application/octet-stream" in head


async def test_a_dict_with_a_file_is_a_form(session, server):
    request = await post(session, server, data={"a": "1", "f": io.BytesIO(b"data")})
    (_, first), (head, second) = parts(request)
    assert (first, second) == (b"1", b"data")
    assert 'filename="f"' in head


async def test_a_form_can_be_sent_twice(client, session, server):
    form = client.FormData({"a": io.BytesIO(b"data")})
    first, second = [parts(await post(session, server, data=form)) for _ in range(2)]
    assert first == second
    assert first[0][1] == b"data"


async def test_a_form_of_a_generator_is_not_sent_twice(client, session, server):
    async def pieces():
        yield b"data"

    form = client.FormData()
    form.add_field("gen", pieces(), filename="gen")
    body = form()
    assert not body.consumed
    await post(session, server, data=body)
    assert body.consumed


@pytest.mark.parametrize("file", [False, True])
async def test_a_redirect_to_get_forgets_the_form(session, raw_server, file):
    moved = b"HTTP/1.1 303 See Other\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    server = raw_server([moved, OK])
    request = await post(session, server, data={"a": io.BytesIO(b"data") if file else "data"})
    assert (request.method, request.target, request.body) == ("GET", "/b", b"")
    assert request.get("Content-Type") is None
    assert request.get("Content-Length") is None


async def test_large_files(session, server, tmp_path):
    content = bytes(range(256)) * 4096 * 2
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    with path.open("rb") as file:
        request = await post(session, server, data={"file": file})
    assert request.get("Content-Length") == str(len(request.body))
    assert parts(request)[0][1] == content

"""Bodies that can't be decoded, or that should not be."""

from collections.abc import Iterator

from hostile import codings
from hostile.case import Request, Step, case, differs, not_run

LATE = "It asks only deflate whether its end was there."
PACKAGE = "It needs another package for it."
UNBOUND = "It has no bound: it decodes all that there is."
SEGMENT = "It parses each segment as a whole, and gives nothing of one that has an error in it."
LIST = "It knows one coding at a time."


def encoded(coding: bytes, body: bytes) -> bytes:
    """A response with this Content-Encoding."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (coding, len(body)) + body


def typed(kind: bytes, body: bytes) -> bytes:
    """A response with this Content-Type."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, len(body)) + body


# Whole, but unusual.


@case(body=b"body")
def gzip_in_two_members(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", codings.gzip(b"bo") + codings.gzip(b"dy"))


@case(body=b"body")
def gzip_in_upper_case(request: Request) -> Iterator[Step]:
    yield encoded(b"GZIP", codings.gzip(b"body"))


@case(body=b"")
def gzip_of_nothing_at_all(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", b"")


@case(body=b"", method="HEAD")
def gzip_after_head(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", b"").replace(b"Length: 0", b"Length: 24")


@case(body=b"body")
def deflate_without_its_header(request: Request) -> Iterator[Step]:
    yield encoded(b"deflate", codings.raw_deflate(b"body"))


@case(body=b"body", aiohttp=not_run(PACKAGE))
def brotli(request: Request) -> Iterator[Step]:
    yield encoded(b"br", codings.brotli(b"body"))


@case(body=b"bodybody", aiohttp=not_run(PACKAGE))
def zstd_in_two_frames(request: Request) -> Iterator[Step]:
    yield encoded(b"zstd", codings.zstd(b"body") * 2)


@case(body=b"body", aiohttp=differs(LIST, body=codings.gzip(codings.deflate(b"body"))))
def several_codings(request: Request) -> Iterator[Step]:
    yield encoded(b"deflate, gzip", codings.gzip(codings.deflate(b"body")))


@case(body=b"body")
def coding_unknown_to_all(request: Request) -> Iterator[Step]:
    yield encoded(b"rot13", b"body")


# Cut off.


@case("ClientPayloadError", aiohttp=differs(LATE, body=b"body"))
def gzip_without_check_sum(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", codings.gzip(b"body")[:-4])


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def deflate_cut_off(request: Request) -> Iterator[Step]:
    yield encoded(b"deflate", codings.deflate(b"body")[:-4])


@case("ClientPayloadError", aiohttp=not_run(PACKAGE))
def brotli_cut_off(request: Request) -> Iterator[Step]:
    yield encoded(b"br", codings.brotli(b"body")[:-1])


@case("ClientPayloadError", aiohttp=not_run(PACKAGE))
def zstd_cut_off(request: Request) -> Iterator[Step]:
    yield encoded(b"zstd", codings.zstd(b"body")[:-1])


# Corrupt.


@case("ClientPayloadError")
def gzip_that_is_none(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", b"body as it is")


@case("ClientPayloadError")
def gzip_with_a_wrong_check_sum(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", codings.gzip(b"body")[:-8] + bytes(8))


@case("ClientPayloadError")
def gzip_with_more_behind_it(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", codings.gzip(b"body") + b"and more")


@case("ClientPayloadError")
def deflate_that_is_none(request: Request) -> Iterator[Step]:
    yield encoded(b"deflate", b"\xff" * 20)


@case("ClientPayloadError", aiohttp=not_run(PACKAGE))
def brotli_that_is_none(request: Request) -> Iterator[Step]:
    yield encoded(b"br", b"\xff" * 20)


@case("ClientPayloadError", aiohttp=not_run(PACKAGE))
def brotli_with_more_behind_it(request: Request) -> Iterator[Step]:
    yield encoded(b"br", codings.brotli(b"body") + b"and more")


@case("ClientPayloadError", aiohttp=not_run(PACKAGE))
def zstd_that_is_none(request: Request) -> Iterator[Step]:
    yield encoded(b"zstd", b"body as it is")


@case("ClientPayloadError", aiohttp=not_run(PACKAGE))
def zstd_with_a_window_of_gigabytes(request: Request) -> Iterator[Step]:
    whole = codings.zstd(b"body")
    yield encoded(b"zstd", whole[:5] + bytes([21 << 3]) + whole[6:])


@case("ClientPayloadError", aiohttp=differs(LIST, body=b"body"))
def codings_without_number(request: Request) -> Iterator[Step]:
    yield encoded(b", ".join([b"gzip"] * 100), b"body")


# Bombs.


@case("ClientPayloadError", aiohttp=not_run(UNBOUND))
def gzip_bomb(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip", codings.gzip_bomb())


@case("ClientPayloadError", aiohttp=not_run(UNBOUND))
def deflate_bomb(request: Request) -> Iterator[Step]:
    yield encoded(b"deflate", codings.deflate_bomb())


@case("ClientPayloadError", aiohttp=not_run(UNBOUND))
def brotli_bomb(request: Request) -> Iterator[Step]:
    yield encoded(b"br", codings.brotli_bomb())


@case("ClientPayloadError", aiohttp=not_run(UNBOUND))
def zstd_bomb(request: Request) -> Iterator[Step]:
    yield encoded(b"zstd", codings.zstd_bomb())


@case("ClientPayloadError", aiohttp=not_run(UNBOUND))
def bomb_in_a_bomb(request: Request) -> Iterator[Step]:
    yield encoded(b"gzip, gzip", codings.gzip(codings.gzip_bomb()))


# Text.


@case(body="body", reads="text")
def charset_unknown(request: Request) -> Iterator[Step]:
    yield typed(b"text/plain; charset=klingon", b"body")


@case("LookupError", reads="text")
def charset_that_is_no_charset(request: Request) -> Iterator[Step]:
    yield typed(b"text/plain; charset=base64", b"body")


@case(body="body", reads="text")
def charset_without_end(request: Request) -> Iterator[Step]:
    yield typed(b'text/plain; charset="utf-8', b"body")


@case("UnicodeDecodeError", reads="text")
def text_that_is_not_in_its_charset(request: Request) -> Iterator[Step]:
    yield typed(b"text/plain; charset=utf-8", b"\xff\xfe\xfd")


@case("ContentTypeError", reads="json")
def json_of_another_type(request: Request) -> Iterator[Step]:
    yield typed(b"text/html", b"{}")


@case("JSONDecodeError", reads="json")
def json_that_is_none(request: Request) -> Iterator[Step]:
    yield typed(b"application/json", b"{]")

"""Where a body ends (RFC 9112, 6 and 7)."""

from collections.abc import Iterator

from hostile.case import Endless, Request, Step, Then, case, differs

STRICT = "Its parser refuses it."
UNTIL_THE_END = "It reads until the connection ends, and decodes nothing."
#: What stands in one segment with an error of its body never arrives: not even the head.
SEGMENT = "It parses each segment as a whole, and gives nothing of one that has an error in it."


def sized(*lengths: bytes, body: bytes = b"body") -> bytes:
    """A response with these Content-Length lines."""
    fields = b"".join(b"Content-Length: " + length + b"\r\n" for length in lengths)
    return b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body


def coded(coding: bytes, body: bytes, *, version: bytes = b"1.1", fields: bytes = b"") -> bytes:
    """A response with this Transfer-Encoding."""
    head = b"HTTP/" + version + b" 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n" + fields
    return head + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    """A chunked response; `body` as on the wire."""
    return coded(b"chunked", body)


WHOLE = b"4\r\nbody\r\n0\r\n\r\n"

# Content-Length.


@case("ClientResponseError")
def lengths_that_conflict(request: Request) -> Iterator[Step]:
    yield sized(b"4", b"5")


@case("ClientResponseError")
def lengths_that_conflict_in_one_line(request: Request) -> Iterator[Step]:
    yield sized(b"4, 5")


@case(body=b"body", aiohttp=differs(STRICT, "ClientResponseError"))
def length_given_twice(request: Request) -> Iterator[Step]:
    yield sized(b"4", b"4")


@case(body=b"body", aiohttp=differs(STRICT, "ClientResponseError"))
def length_given_twice_in_one_line(request: Request) -> Iterator[Step]:
    yield sized(b"4, 4")


@case("ClientResponseError")
def length_negative(request: Request) -> Iterator[Step]:
    yield sized(b"-4")


@case("ClientResponseError")
def length_with_plus(request: Request) -> Iterator[Step]:
    yield sized(b"+4")


@case("ClientResponseError")
def length_in_hexadecimal(request: Request) -> Iterator[Step]:
    yield sized(b"0x4")


@case("ClientResponseError")
def length_with_a_fraction(request: Request) -> Iterator[Step]:
    yield sized(b"4.0")


@case("ClientResponseError")
def length_with_an_underscore(request: Request) -> Iterator[Step]:
    yield sized(b"0_4")


@case("ClientResponseError")
def length_in_digits_beyond_ascii(request: Request) -> Iterator[Step]:
    yield sized("\N{ARABIC-INDIC DIGIT FOUR}".encode())


@case("ClientResponseError")
def length_in_two_lines(request: Request) -> Iterator[Step]:
    yield sized(b"4\r\n 0")


@case("ClientResponseError")
def length_empty(request: Request) -> Iterator[Step]:
    yield sized(b"")


@case("ClientResponseError")
def length_beyond_64_bits(request: Request) -> Iterator[Step]:
    yield sized(b"18446744073709551620")


@case("ClientPayloadError")
def length_that_is_huge(request: Request) -> Iterator[Step]:
    yield sized(b"9223372036854775807")
    yield Then.CLOSE


@case("ClientPayloadError")
def body_shorter_than_its_length(request: Request) -> Iterator[Step]:
    yield sized(b"8")
    yield Then.CLOSE


@case(body=b"body", aiohttp=differs(SEGMENT, "ClientResponseError"))
def body_longer_than_its_length(request: Request) -> Iterator[Step]:
    yield sized(b"4", body=b"body and more")


@case(body=b"body")
def two_responses_to_one_request(request: Request) -> Iterator[Step]:
    yield sized(b"4") + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"


@case(body=b"body", unasked=True)
def response_on_an_idle_connection(request: Request) -> Iterator[Step]:
    yield sized(b"4")
    yield b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    yield Then.CLOSE


# Transfer-Encoding.


@case("ClientResponseError")
def coding_and_length(request: Request) -> Iterator[Step]:
    yield coded(b"chunked", WHOLE, fields=b"Content-Length: 14\r\n")


@case("ClientResponseError")
def length_and_coding(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + WHOLE


@case("ClientResponseError", aiohttp=differs("It reads chunks all the same.", body=b"body"))
def coding_in_http_1_0(request: Request) -> Iterator[Step]:
    yield coded(b"chunked", WHOLE, version=b"1.0")
    yield Then.CLOSE


@case("ClientResponseError", aiohttp=differs(UNTIL_THE_END, body=WHOLE))
def coding_unknown(request: Request) -> Iterator[Step]:
    yield coded(b"cunked", WHOLE)
    yield Then.CLOSE


@case("ClientResponseError", aiohttp=differs(UNTIL_THE_END, body=WHOLE))
def coding_with_chunked_not_last(request: Request) -> Iterator[Step]:
    yield coded(b"chunked, gzip", WHOLE)
    yield Then.CLOSE


@case("ClientResponseError", aiohttp=differs("It reads chunks once.", body=b"body"))
def coding_twice(request: Request) -> Iterator[Step]:
    yield coded(b"chunked, chunked", WHOLE)
    yield Then.CLOSE


@case("ClientResponseError", aiohttp=differs(UNTIL_THE_END, body=WHOLE))
def coding_with_control_byte(request: Request) -> Iterator[Step]:
    yield coded(b"\x0bchunked", WHOLE)
    yield Then.CLOSE


@case(body=b"body")
def coding_in_a_second_line(request: Request) -> Iterator[Step]:
    yield coded(b"\r\n chunked", WHOLE)


@case(body=b"body")
def coding_in_upper_case(request: Request) -> Iterator[Step]:
    yield coded(b"CHUNKED", WHOLE)


# Chunks.


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_of_letters(request: Request) -> Iterator[Step]:
    yield chunked(b"size\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_negative(request: Request) -> Iterator[Step]:
    yield chunked(b"-4\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_with_prefix(request: Request) -> Iterator[Step]:
    yield chunked(b"0x4\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_missing(request: Request) -> Iterator[Step]:
    yield chunked(b"\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_beyond_64_bits(request: Request) -> Iterator[Step]:
    yield chunked(b"10000000000000004\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError")
def chunk_size_that_is_huge(request: Request) -> Iterator[Step]:
    yield chunked(b"7fffffffffffffff\r\nbody")
    yield Then.CLOSE


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_with_garbage(request: Request) -> Iterator[Step]:
    yield chunked(b"4 x\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_that_ends_in_lf(request: Request) -> Iterator[Step]:
    yield chunked(b"4\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_without_end(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbodyno end\r\n0\r\n\r\n")


@case(body=b"body")
def chunk_size_with_zeros_before(request: Request) -> Iterator[Step]:
    yield chunked(b"0000000000004\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_size_with_space_before(request: Request) -> Iterator[Step]:
    yield chunked(b" 4\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_with_an_extension_that_holds_lf(request: Request) -> Iterator[Step]:
    yield chunked(b"4;a\nb\r\nbody\r\n0\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunk_with_an_extension_that_holds_cr(request: Request) -> Iterator[Step]:
    yield chunked(b"4;a\rb\r\nbody\r\n0\r\n\r\n")


@case(body=b"body")
def chunk_with_extension(request: Request) -> Iterator[Step]:
    yield chunked(b'4;name="value"\r\nbody\r\n0\r\n\r\n')


@case("ClientPayloadError", aiohttp=differs("It has no limit for them.", body=b"body"))
def chunk_with_a_long_extension(request: Request) -> Iterator[Step]:
    yield chunked(b"4;name=" + b"x" * 100_000 + b"\r\nbody\r\n0\r\n\r\n")


@case(
    "ClientPayloadError",
    aiohttp=differs("It has no limit for them.", "TimeoutError", limits={"total": 1}),
)
def chunk_with_an_extension_without_end(request: Request) -> Iterator[Step]:
    yield chunked(b"4;name=")
    yield Endless(b"x" * 65536)


@case("ClientPayloadError")
def chunk_size_cut_off(request: Request) -> Iterator[Step]:
    yield chunked(b"4")
    yield Then.CLOSE


@case("ClientPayloadError")
def chunk_cut_off(request: Request) -> Iterator[Step]:
    yield chunked(b"8\r\nbody")
    yield Then.CLOSE


@case("ClientPayloadError")
def last_chunk_missing(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n")
    yield Then.CLOSE


@case("ClientPayloadError")
def last_line_missing(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n0\r\n")
    yield Then.CLOSE


@case(body=b"body" * 2000)
def a_chunk_for_each_byte(request: Request) -> Iterator[Step]:
    yield chunked(b"".join(b"1\r\n%c\r\n" % byte for byte in b"body" * 2000) + b"0\r\n\r\n")


# Trailers.


@case(body=b"body")
def trailer(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n0\r\nSum: 1\r\n\r\n")


@case(body=b"body", aiohttp=differs(STRICT, "ClientResponseError"))
def trailers_that_speak_of_framing(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n0\r\nContent-Length: 100\r\nTransfer-Encoding: gzip\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def trailer_without_colon(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n0\r\nbroken\r\n\r\n")


@case("ClientPayloadError", aiohttp=differs(SEGMENT, "ClientResponseError"))
def more_trailers_than_allowed(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n0\r\n" + b"Sum: 1\r\n" * 300 + b"\r\n")


@case(
    "ClientPayloadError",
    aiohttp=differs(SEGMENT, ("ClientResponseError", "ClientPayloadError")),
)
def trailers_without_end(request: Request) -> Iterator[Step]:
    yield chunked(b"4\r\nbody\r\n0\r\n")
    yield Endless(b"Sum: 1\r\n" * 1000)


# The connection's end.


@case(body=b"body")
def body_until_the_connection_ends(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n\r\nbody"
    yield Then.CLOSE


@case(body=b"body")
def body_of_http_1_0(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.0 200 OK\r\n\r\nbody"
    yield Then.CLOSE


@case("ClientPayloadError", aiohttp=differs("It takes a reset for the end.", body=b"body"))
def body_until_a_reset(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n\r\nbody"
    yield Then.RESET


# Bodies where there can be none.


@case(body=b"", method="HEAD", aiohttp=differs(SEGMENT, "ClientResponseError"))
def body_after_head(request: Request) -> Iterator[Step]:
    yield sized(b"4")


@case(status=204, body=b"", aiohttp=differs(SEGMENT, "ClientResponseError"))
def body_with_204(request: Request) -> Iterator[Step]:
    yield sized(b"4").replace(b"200 OK", b"204 No Content")


@case(status=204, body=b"", aiohttp=differs(SEGMENT, "ClientResponseError"))
def chunks_with_204(request: Request) -> Iterator[Step]:
    yield chunked(WHOLE).replace(b"200 OK", b"204 No Content")


@case(status=304, body=b"", aiohttp=differs(SEGMENT, "ClientResponseError"))
def body_with_304(request: Request) -> Iterator[Step]:
    yield sized(b"4").replace(b"200 OK", b"304 Not Modified")


@case(status=204, body=b"", aiohttp=differs(SEGMENT, "ClientResponseError"))
def noise_after_204(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 204 No Content\r\n\r\nnoise"

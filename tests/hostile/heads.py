"""Status lines and header fields (RFC 9112, 3 to 5)."""

from collections.abc import Iterator

from hostile.case import Endless, Request, Step, Then, case, differs

#: What a lenient parser makes of the head: the rest is as it should be.
REST = b"Content-Length: 4\r\n\r\nbody"
LENIENT = "Its parser is lenient with responses."


def with_field(field: bytes) -> bytes:
    """A whole response with this header line."""
    return b"HTTP/1.1 200 OK\r\n" + field + b"\r\n" + REST


# Status lines.


@case("ClientResponseError")
def status_line_of_noise(request: Request) -> Iterator[Step]:
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 noise\r\n\r\n"


@case("ClientResponseError")
def answer_in_http_0_9(request: Request) -> Iterator[Step]:
    yield b"<html>body</html>\r\n\r\n"


@case("ClientResponseError")
def another_protocol(request: Request) -> Iterator[Step]:
    yield b"220 mail.example ESMTP ready\r\n\r\n"


@case("ClientResponseError")
def version_in_lower_case(request: Request) -> Iterator[Step]:
    yield b"http/1.1 200 OK\r\n" + REST


@case("ClientResponseError", aiohttp=differs("Its parser knows this version.", body=b"body"))
def version_2_in_text(request: Request) -> Iterator[Step]:
    yield b"HTTP/2.0 200 OK\r\n" + REST


@case("ClientResponseError")
def version_unknown(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.9 200 OK\r\n" + REST


@case("ClientResponseError")
def version_without_number(request: Request) -> Iterator[Step]:
    yield b"HTTP/one 200 OK\r\n" + REST


@case("ClientResponseError")
def status_missing(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1\r\n" + REST


@case("ClientResponseError")
def status_of_two_digits(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 20 OK\r\n" + REST


@case("ClientResponseError")
def status_of_four_digits(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 2000 OK\r\n" + REST


@case("ClientResponseError")
def status_of_letters(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 abc OK\r\n" + REST


@case("ClientResponseError")
def status_negative(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 -20 OK\r\n" + REST


@case("ClientResponseError", aiohttp=differs(LENIENT, status=99, body=b""))
def status_below_100(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"


@case(status=999, body=b"body")
def status_beyond_599(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 999 Odd\r\n" + REST


@case("ClientResponseError", aiohttp=differs(LENIENT, body=b"body"))
def reason_with_nul(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 O\x00K\r\n" + REST


@case("ClientResponseError")
def reason_with_bare_cr(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\rInjected: 1\r\n" + REST


@case(body=b"body")
def reason_missing(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200\r\n" + REST


@case("ClientResponseError")
def status_line_beyond_the_limit(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 " + b"x" * 10_000 + b"\r\n" + REST


@case("ClientResponseError")
def status_line_without_end(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 "
    yield Endless(b"x" * 65536)


# Fields.


@case("ClientResponseError")
def field_without_colon(request: Request) -> Iterator[Step]:
    yield with_field(b"Broken")


@case("ClientResponseError")
def field_without_name(request: Request) -> Iterator[Step]:
    yield with_field(b": value")


@case("ClientResponseError")
def field_with_space_before_colon(request: Request) -> Iterator[Step]:
    yield with_field(b"Name : value")


@case("ClientResponseError", aiohttp=differs(LENIENT, body=b"body"))
def field_with_space_before_name(request: Request) -> Iterator[Step]:
    yield with_field(b" Name: value")


@case("ClientResponseError")
def field_name_with_bracket(request: Request) -> Iterator[Step]:
    yield with_field(b"Na(me: value")


@case("ClientResponseError")
def field_name_beyond_ascii(request: Request) -> Iterator[Step]:
    yield with_field("Näme: value".encode())


@case("ClientResponseError")
def field_value_with_nul(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: val\x00ue")


@case("ClientResponseError")
def field_value_with_bare_cr(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: val\rInjected: 1")


@case("ClientResponseError", aiohttp=differs(LENIENT, body=b"body"))
def field_value_with_control_byte(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: val\x01ue")


@case(body=b"body")
def field_value_beyond_ascii(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: val\xff\xfeue")


@case(body=b"body")
def field_folded(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: one\r\n two\r\n\tthree")


@case(body=b"body")
def lines_that_end_in_lf(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: value").replace(b"\r\n", b"\n")


@case("ClientResponseError")
def field_beyond_the_limit(request: Request) -> Iterator[Step]:
    yield with_field(b"Name: " + b"x" * 10_000)


@case("ClientResponseError")
def field_without_end(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nName: "
    yield Endless(b"x" * 65536)


@case("ClientResponseError")
def field_name_without_end(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield Endless(b"x" * 65536)


@case("ClientResponseError")
def more_fields_than_allowed(request: Request) -> Iterator[Step]:
    yield with_field(b"\r\n".join(b"Name-%d: value" % number for number in range(200)))


@case("ClientResponseError")
def fields_without_end(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield Endless(b"Name: value\r\n" * 1000)


@case(body=b"body")
def as_many_fields_as_allowed(request: Request) -> Iterator[Step]:
    fields = [b"Name-%d: " % number + b"x" * 8000 for number in range(100)]
    yield with_field(b"\r\n".join(fields))


# Heads that are not the answer.


@case(body=b"body")
def a_thousand_heads_before_the_answer(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 1000
    yield b"HTTP/1.1 200 OK\r\n" + REST


@case(
    "ClientResponseError",
    aiohttp=differs("It has no limit for them.", "TimeoutError", limits={"total": 1}),
)
def heads_before_the_answer_without_end(request: Request) -> Iterator[Step]:
    yield Endless(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 100)


@case("ClientResponseError")
def bad_head_after_a_good_one(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 100 Continue\r\n\r\nnoise\r\n\r\n"


@case("ServerDisconnectedError")
def nothing_after_100(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 100 Continue\r\n\r\n"
    yield Then.CLOSE


@case(status=101, body=b"")
def another_protocol_unasked(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: noise\r\n\r\n"
    yield b"noise of another protocol"


@case("ServerDisconnectedError")
def empty_lines_alone(request: Request) -> Iterator[Step]:
    yield b"\r\n\r\n"
    yield Then.CLOSE


@case(body=b"body")
def empty_line_before_the_head(request: Request) -> Iterator[Step]:
    yield b"\r\nHTTP/1.1 200 OK\r\n" + REST

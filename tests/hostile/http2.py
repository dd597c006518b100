"""Frames as they may not be (RFC 9113). Of its own requests the client has one stream at a time."""

import struct
from collections.abc import Callable, Iterator

from hostile.case import Endless, Request, Step, Then, case
from hostile.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ERROR_CODES,
    GOAWAY,
    HEADERS,
    NO_ERROR,
    OK,
    PADDED,
    PING,
    PUSH_PROMISE,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Fields,
    block,
    data,
    frame,
    goaway,
    headers,
    indexed,
    rst_stream,
    settings,
)

MOST = 2**31 - 1


def window_update(stream: int, increment: int) -> bytes:
    """More room for what the client sends."""
    return frame(WINDOW_UPDATE, 0, stream, struct.pack("!I", increment))


# The connection's beginning. A request that was not sent yet may be begun anew.


@case("ClientResponseError", http2=True, at_connect=True, body=b"good")
def h2_answer_in_http_1(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@case("ClientResponseError", http2=True, at_connect=True, body=b"good")
def h2_begins_without_settings(request: Request) -> Iterator[Step]:
    yield data(1, b"body", end=True)


@case("ClientResponseError", http2=True, at_connect=True, body=b"good")
def h2_settings_cut_off(request: Request) -> Iterator[Step]:
    yield frame(SETTINGS, 0, 0, bytes(5))


@case("ClientResponseError", http2=True, at_connect=True, body=b"good")
def h2_settings_of_a_stream(request: Request) -> Iterator[Step]:
    yield frame(SETTINGS, 0, 1)


@case("ClientResponseError", http2=True, at_connect=True, body=b"good")
def h2_settings_with_a_window_too_large(request: Request) -> Iterator[Step]:
    yield settings(_4=2**31)


@case("ClientResponseError", http2=True, at_connect=True, body=b"good")
def h2_settings_with_a_frame_size_too_small(request: Request) -> Iterator[Step]:
    yield settings(_5=100)


@case(("TimeoutError", "ClientResponseError"), http2=True, limits={"total": 1})
def h2_settings_without_end(request: Request) -> Iterator[Step]:
    yield Endless(settings() * 1000)


@case(("TimeoutError", "ClientResponseError"), http2=True, limits={"total": 1})
def h2_pings_without_end(request: Request) -> Iterator[Step]:
    yield Endless(frame(PING, 0, 0, bytes(8)) * 1000)


@case(body=b"body", http2=True)
def h2_frames_of_unknown_types(request: Request) -> Iterator[Step]:
    yield b"".join(frame(kind, 0xFF, 0, b"unknown") for kind in range(0x40, 0x80))
    yield headers(request.stream, OK) + data(request.stream, b"body", end=True)


# Frames that are wrong in themselves, in place of the answer.

BAD_FRAMES: dict[str, Callable[[int], bytes]] = {
    "frame_too_long": lambda stream: frame(HEADERS, END_HEADERS, stream, bytes(1 << 20)),
    "headers_on_stream_0": lambda _: headers(0, OK, end=True),
    "headers_on_a_stream_of_the_server": lambda _: headers(2, OK, end=True),
    "headers_on_a_stream_not_opened": lambda stream: headers(stream + 100, OK, end=True),
    "headers_with_too_much_padding": lambda stream: frame(
        HEADERS, END_HEADERS | END_STREAM | PADDED, stream, b"\xff" + block(OK)
    ),
    "headers_that_are_no_hpack": lambda stream: frame(
        HEADERS, END_HEADERS | END_STREAM, stream, b"\xff\xff\xff\xff\xff\xff\xff"
    ),
    "headers_of_an_index_out_of_range": lambda stream: frame(
        HEADERS, END_HEADERS | END_STREAM, stream, b"\xfe"
    ),
    "data_before_headers": lambda stream: data(stream, b"body", end=True),
    "data_on_stream_0": lambda _: data(0, b"body"),
    "continuation_of_nothing": lambda stream: frame(CONTINUATION, END_HEADERS, stream, block(OK)),
    "data_within_headers": lambda stream: frame(HEADERS, 0, stream, block(OK)) + data(stream, b""),
    "rst_stream_of_wrong_size": lambda stream: frame(RST_STREAM, 0, stream, bytes(3)),
    "rst_stream_of_stream_0": lambda _: rst_stream(0, NO_ERROR),
    "rst_stream_of_a_stream_not_opened": lambda stream: rst_stream(stream + 100, NO_ERROR),
    "goaway_on_a_stream": lambda stream: frame(GOAWAY, 0, stream, bytes(8)),
    "ping_of_wrong_size": lambda _: frame(PING, 0, 0, bytes(7)),
    "ping_on_a_stream": lambda stream: frame(PING, 0, stream, bytes(8)),
    "window_update_of_wrong_size": lambda _: frame(WINDOW_UPDATE, 0, 0, bytes(3)),
    "window_update_of_0": lambda _: window_update(0, 0),
    "window_update_of_0_on_the_stream": lambda stream: window_update(stream, 0),
    "window_of_the_connection_too_large": lambda _: window_update(0, MOST) * 2,
    "push_promise": lambda stream: frame(
        PUSH_PROMISE,
        END_HEADERS,
        stream,
        struct.pack("!I", 2) + block([(b":method", b"GET"), (b":path", b"/")]),
    ),
}


def _bad_frame(name: str, make: Callable[[int], bytes]) -> None:
    def answer(request: Request) -> Iterator[Step]:
        yield make(request.stream)

    answer.__name__ = f"h2_{name}"
    case("ClientResponseError", http2=True)(answer)


for _name, _make in BAD_FRAMES.items():
    _bad_frame(_name, _make)


@case("ClientResponseError", http2=True)
def h2_continuation_without_end(request: Request) -> Iterator[Step]:
    yield frame(HEADERS, 0, request.stream, block(OK))
    yield Endless(frame(CONTINUATION, 0, request.stream) * 1000)


@case("ClientResponseError", http2=True)
def h2_fields_without_end(request: Request) -> Iterator[Step]:
    yield frame(HEADERS, 0, request.stream, block(OK))
    yield Endless(frame(CONTINUATION, 0, request.stream, block([(b"name", b"x" * 8000)])))


@case("ClientResponseError", http2=True)
def h2_more_fields_than_allowed(request: Request) -> Iterator[Step]:
    names = [(b"name-%d" % number, b"x" * 8000) for number in range(1000)]
    yield frame(HEADERS, END_STREAM, request.stream, block(OK))
    for name in names[:-1]:
        yield frame(CONTINUATION, 0, request.stream, block([name]))
    yield frame(CONTINUATION, END_HEADERS, request.stream, block(names[-1:]))


# Heads that no response may have (RFC 9113, 8.2 and 8.3).

BAD_HEADS: dict[str, Fields] = {
    "status_missing": [(b"name", b"value")],
    "status_twice": OK * 2,
    "status_after_a_field": [(b"name", b"value"), *OK],
    "status_of_letters": [(b":status", b"abc")],
    "status_of_four_digits": [(b":status", b"2000")],
    "status_empty": [(b":status", b"")],
    "pseudo_field_unknown": [*OK, (b":unknown", b"value")],
    "field_name_in_upper_case": [*OK, (b"Name", b"value")],
    "field_name_empty": [*OK, (b"", b"value")],
    "field_name_with_space": [*OK, (b"na me", b"value")],
    "field_name_with_colon": [*OK, (b"na:me", b"value")],
    "field_value_with_nul": [*OK, (b"name", b"val\x00ue")],
    "field_value_with_crlf": [*OK, (b"name", b"value\r\ninjected: 1")],
    "field_connection": [*OK, (b"connection", b"close")],
    "field_keep_alive": [*OK, (b"keep-alive", b"timeout=5")],
    "field_transfer_encoding": [*OK, (b"transfer-encoding", b"chunked")],
    "field_upgrade": [*OK, (b"upgrade", b"websocket")],
    "lengths_that_conflict": [*OK, (b"content-length", b"4"), (b"content-length", b"5")],
    "length_negative": [*OK, (b"content-length", b"-4")],
    "length_without_body": [*OK, (b"content-length", b"4")],
    "status_101": [(b":status", b"101")],
    "status_100_that_ends": [(b":status", b"100")],
}


def _bad_head(name: str, fields: Fields) -> None:
    def answer(request: Request) -> Iterator[Step]:
        yield headers(request.stream, fields, end=True)

    answer.__name__ = f"h2_{name}"
    case("ClientResponseError", http2=True)(answer)


for _name, _fields in BAD_HEADS.items():
    _bad_head(_name, _fields)


@case(body=b"body", http2=True)
def h2_heads_before_the_answer(request: Request) -> Iterator[Step]:
    yield headers(request.stream, [(b":status", b"103")]) * 10
    yield headers(request.stream, OK) + data(request.stream, b"body", end=True)


@case(("TimeoutError", "ClientResponseError"), http2=True, limits={"total": 1})
def h2_heads_before_the_answer_without_end(request: Request) -> Iterator[Step]:
    fields = [(b":status", b"103"), *[(b"link", b"</style.css>")] * 100]
    yield Endless(headers(request.stream, fields) * 20)


@case("ClientResponseError", http2=True)
def h2_fields_that_are_one_byte_each(request: Request) -> Iterator[Step]:
    # One is put into the table, and named again and again: 180 MB of fields.
    many = block(OK) + indexed(b"name", b"x" * 3000) + b"\xbe" * 60_000
    yield frame(HEADERS, END_STREAM, request.stream, many[:10_000])
    for place in range(10_000, len(many), 10_000):
        yield frame(CONTINUATION, 0, request.stream, many[place : place + 10_000])
    yield frame(CONTINUATION, END_HEADERS, request.stream)


# Bodies.


@case("ClientPayloadError", http2=True)
def h2_body_longer_than_its_length(request: Request) -> Iterator[Step]:
    yield headers(request.stream, [*OK, (b"content-length", b"4")])
    yield data(request.stream, b"body and more", end=True)


@case("ClientPayloadError", http2=True)
def h2_body_shorter_than_its_length(request: Request) -> Iterator[Step]:
    yield headers(request.stream, [*OK, (b"content-length", b"8")])
    yield data(request.stream, b"body", end=True)


@case("ClientPayloadError", http2=True)
def h2_data_frame_too_long(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK)
    yield frame(DATA, 0, request.stream, bytes((1 << 24) - 1))


@case("ClientPayloadError", http2=True)
def h2_data_with_too_much_padding(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK)
    yield frame(DATA, END_STREAM | PADDED, request.stream, b"\xffbody")


@case("ClientPayloadError", http2=True)
def h2_empty_data_without_end(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK)
    yield Endless(data(request.stream, b"") * 1000)


@case(body=b"body", http2=True)
def h2_data_after_the_end(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body", end=True)
    yield data(request.stream, b" and more", end=True)


@case("ClientPayloadError", http2=True)
def h2_trailers_that_do_not_end(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield headers(request.stream, [(b"sum", b"1")])


# What h2 takes no notice of: it does no harm.


@case(body=b"body", http2=True)
def h2_trailers_with_a_status(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield headers(request.stream, [(b":status", b"500")], end=True)


@case(body=b"body", http2=True)
def h2_path_in_a_response(request: Request) -> Iterator[Step]:
    yield headers(request.stream, [*OK, (b":path", b"/")])
    yield data(request.stream, b"body", end=True)


@case(body=b"body", http2=True)
def h2_window_of_the_stream_too_large(request: Request) -> Iterator[Step]:
    # Nothing more is to be sent.
    yield window_update(request.stream, MOST) * 2
    yield headers(request.stream, OK) + data(request.stream, b"body", end=True)


# Streams and connections that end.


def _rst_stream_before(code: int) -> None:
    def answer(request: Request) -> Iterator[Step]:
        yield rst_stream(request.stream, code)

    answer.__name__ = f"h2_rst_stream_{code}"
    # A stream that was refused was not worked on: it is begun anew (RFC 9113, 8.7).
    sees = {"body": b"good"} if code == REFUSED_STREAM else {"raises": "ServerDisconnectedError"}
    case(http2=True, **sees)(answer)


def _rst_stream_within(code: int) -> None:
    def answer(request: Request) -> Iterator[Step]:
        yield headers(request.stream, OK) + data(request.stream, b"body")
        yield rst_stream(request.stream, code)

    answer.__name__ = f"h2_rst_stream_{code}_in_the_body"
    case("ClientPayloadError", http2=True)(answer)


for _code in ERROR_CODES:
    _rst_stream_before(_code)
    _rst_stream_within(_code)


@case(body=b"good", http2=True)
def h2_goaway_before_the_stream(request: Request) -> Iterator[Step]:
    yield goaway(0)
    yield Then.CLOSE


@case("ServerDisconnectedError", http2=True)
def h2_goaway_with_the_stream(request: Request) -> Iterator[Step]:
    yield goaway(request.stream)
    yield Then.CLOSE


@case("ClientPayloadError", http2=True)
def h2_goaway_in_the_body(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield goaway(request.stream)
    yield Then.CLOSE


@case(body=b"bodybody", http2=True)
def h2_goaway_in_a_body_that_goes_on(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield goaway(request.stream)
    yield data(request.stream, b"body", end=True)


@case("ServerDisconnectedError", http2=True)
def h2_closed_without_an_answer(request: Request) -> Iterator[Step]:
    yield Then.CLOSE


@case("ClientOSError", http2=True)
def h2_reset_without_an_answer(request: Request) -> Iterator[Step]:
    yield Then.RESET


@case("ClientPayloadError", http2=True)
def h2_closed_in_a_frame(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")[:-2]
    yield Then.CLOSE


@case("ClientPayloadError", http2=True)
def h2_closed_in_the_body(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield Then.CLOSE


@case("ClientPayloadError", http2=True)
def h2_reset_in_the_body(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield Then.RESET


@case("SocketTimeoutError", http2=True, limits={"sock_read": 0.3})
def h2_stall_without_an_answer(request: Request) -> Iterator[Step]:
    yield Then.STALL


@case("SocketTimeoutError", http2=True, limits={"sock_read": 0.3})
def h2_stall_in_the_body(request: Request) -> Iterator[Step]:
    yield headers(request.stream, OK) + data(request.stream, b"body")
    yield Then.STALL

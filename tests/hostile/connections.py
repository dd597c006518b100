"""Connections that end, stand still or crawl, at each stage of an answer."""

from collections.abc import Iterator

from hostile.case import Crawl, Drip, Endless, Request, Step, Then, case, differs

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#: The first connection is gone before the request: how far it had come, is a race.
GONE = (
    "ServerDisconnectedError",
    "ClientOSError",
    "ClientConnectionResetError",
    "ClientConnectorError",
)
SHORTLY = {"sock_read": 0.3}
SEGMENT = "It parses each segment as a whole, and gives nothing of one that has an error in it."

# Closed.


@case(GONE, at_connect=True, body=b"good")
def closed_at_once(request: Request) -> Iterator[Step]:
    yield Then.CLOSE


@case("ServerDisconnectedError")
def closed_without_an_answer(request: Request) -> Iterator[Step]:
    yield Then.CLOSE


@case("ServerDisconnectedError")
def closed_in_the_status_line(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 20"
    yield Then.CLOSE


@case("ServerDisconnectedError")
def closed_in_the_head(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Le"
    yield Then.CLOSE


@case("ServerDisconnectedError")
def closed_before_the_empty_line(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
    yield Then.CLOSE


@case("ClientPayloadError")
def closed_before_the_body(request: Request) -> Iterator[Step]:
    yield HEAD
    yield Then.CLOSE


@case(body=b"body")
def closed_after_the_answer(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody"
    yield Then.CLOSE


# Reset.


@case(GONE, at_connect=True, body=b"good")
def reset_at_once(request: Request) -> Iterator[Step]:
    yield Then.RESET


@case("ClientOSError")
def reset_without_an_answer(request: Request) -> Iterator[Step]:
    yield Then.RESET


@case("ClientOSError")
def reset_in_the_head(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Le"
    yield Then.RESET


@case("ClientPayloadError")
def reset_in_the_body(request: Request) -> Iterator[Step]:
    yield HEAD + b"body"
    yield Then.RESET


@case("ClientPayloadError")
def reset_in_a_chunk(request: Request) -> Iterator[Step]:
    yield CHUNKED + b"8\r\nbody"
    yield Then.RESET


@case("ClientPayloadError")
def reset_between_chunks(request: Request) -> Iterator[Step]:
    yield CHUNKED + b"4\r\nbody\r\n"
    yield Then.RESET


@case(body=b"body")
def reset_after_the_answer(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
    yield Then.RESET


# Stands still.


@case("SocketTimeoutError", limits=SHORTLY)
def stall_without_an_answer(request: Request) -> Iterator[Step]:
    yield Then.STALL


@case("TimeoutError", limits={"total": 0.3})
def stall_beyond_the_whole_time(request: Request) -> Iterator[Step]:
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_in_the_status_line(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 20"
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_in_the_head(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Le"
    yield Then.STALL


@case(
    "SocketTimeoutError",
    limits=SHORTLY,
    aiohttp=differs("Its clock stops at an interim head.", "TimeoutError", limits={"total": 1}),
)
def stall_after_100(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 100 Continue\r\n\r\n"
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_before_the_body(request: Request) -> Iterator[Step]:
    yield HEAD
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_in_the_body(request: Request) -> Iterator[Step]:
    yield HEAD + b"body"
    yield Then.STALL


@case("TimeoutError", limits={"total": 0.3})
def stall_in_the_body_beyond_the_whole_time(request: Request) -> Iterator[Step]:
    yield HEAD + b"body"
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_in_the_size_of_a_chunk(request: Request) -> Iterator[Step]:
    yield CHUNKED + b"4\r\nbody\r\n4"
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_before_the_last_line(request: Request) -> Iterator[Step]:
    yield CHUNKED + b"4\r\nbody\r\n0\r\n"
    yield Then.STALL


@case("SocketTimeoutError", limits=SHORTLY)
def stall_where_the_connection_must_end(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n\r\nbody"
    yield Then.STALL


# Crawls.


@case(body=b"body" * 2)
def byte_by_byte(request: Request) -> Iterator[Step]:
    yield Drip(HEAD + b"body" * 2)


@case(body=b"body" * 2)
def byte_by_byte_in_chunks(request: Request) -> Iterator[Step]:
    yield Drip(CHUNKED + b"4;a=b\r\nbody\r\n4\r\nbody\r\n0\r\nSum: 1\r\n\r\n")


@case(body=b"body" * 10_000)
def byte_by_byte_for_long(request: Request) -> Iterator[Step]:
    # Each of them may come with a buffer of its own, and must not keep it.
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n"
    yield Drip(b"body" * 10_000)


@case("TimeoutError", limits={"total": 0.5, "sock_read": 0.4})
def crawl_in_the_head(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nName: "
    yield Crawl(b"x")


@case("TimeoutError", limits={"total": 0.5, "sock_read": 0.4})
def crawl_in_the_body(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    yield Crawl(b"x")


@case("TimeoutError", limits={"total": 0.5})
def crawl_in_the_size_of_a_chunk(request: Request) -> Iterator[Step]:
    yield CHUNKED
    yield Crawl(b"0")


@case("TimeoutError", limits={"total": 0.5, "sock_read": 0.4})
def crawl_of_heads_before_the_answer(request: Request) -> Iterator[Step]:
    yield Crawl(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.002)


# Stays open, although it is of no use any more.


@case(body=b"body")
def close_that_is_only_said(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
    yield Then.STALL


@case(body=b"body")
def http_1_0_that_stays_open(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody"
    yield Then.STALL


@case(
    body=b"body",
    unasked=True,
    aiohttp=differs(SEGMENT, "ClientResponseError", body=b"body"),
)
def noise_without_end_behind_the_answer(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
    yield Endless(b"noise" * 10_000)


@case(
    body=b"",
    method="HEAD",
    unasked=True,
    aiohttp=differs(SEGMENT, "ClientResponseError", body=b""),
)
def body_without_end_after_head(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    yield Endless(b"body" * 10_000)


# In no order.


@case(("ClientResponseError", *GONE), at_connect=True, body=(b"early", b"good"))
def answer_before_the_request(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly"

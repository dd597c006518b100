"""Redirects that lead nowhere, and cookies."""

from collections.abc import Iterator

from hostile.case import Request, Step, Then, case, differs

LENIENT = "Its parser is lenient with responses."
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


def to(location: bytes, *, status: bytes = b"302 Found") -> bytes:
    """A redirect."""
    head = b"HTTP/1.1 " + status + b"\r\nLocation: " + location
    return head + b"\r\nContent-Length: 0\r\n\r\n"


def first(request: Request) -> bool:
    """Whether it is not what a redirect led to."""
    return request.target.startswith("/case/")


@case("TooManyRedirects")
def redirect_to_itself(request: Request) -> Iterator[Step]:
    yield to(request.target.encode())


@case("TooManyRedirects")
def redirects_to_each_other(request: Request) -> Iterator[Step]:
    yield to(b"/one" if request.target == "/other" else b"/other", status=b"307 Again")


@case("TooManyRedirects")
def redirect_to_a_longer_url(request: Request) -> Iterator[Step]:
    yield to(request.target.encode() + b"x" * 500)


@case("TooManyRedirects", max_redirects=1)
def more_redirects_than_asked_for(request: Request) -> Iterator[Step]:
    yield to(request.target.encode())


@case("NonHttpUrlRedirectClientError")
def redirect_to_another_scheme(request: Request) -> Iterator[Step]:
    yield to(b"ftp://host.example/file")


@case("NonHttpUrlRedirectClientError")
def redirect_to_a_file(request: Request) -> Iterator[Step]:
    yield to(b"file:///etc/passwd")


@case("InvalidUrlRedirectClientError")
def redirect_to_no_host(request: Request) -> Iterator[Step]:
    yield to(b"http://")


@case("InvalidUrlRedirectClientError")
def redirect_to_half_an_address(request: Request) -> Iterator[Step]:
    yield to(b"http://[::1")


@case("InvalidUrlRedirectClientError")
def redirect_to_an_impossible_port(request: Request) -> Iterator[Step]:
    yield to(b"http://127.0.0.1:99999/")


@case("InvalidUrlRedirectClientError")
def redirect_to_a_port_of_letters(request: Request) -> Iterator[Step]:
    yield to(b"http://127.0.0.1:http/")


@case("ClientConnectorError")
def redirect_to_a_closed_port(request: Request) -> Iterator[Step]:
    yield to(b"http://127.0.0.1:1/")


@case(status=302, body=b"")
def redirect_to_nothing(request: Request) -> Iterator[Step]:
    yield to(b"")


@case(status=302, body=b"")
def redirect_without_location(request: Request) -> Iterator[Step]:
    yield b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"


@case("ClientResponseError", aiohttp=differs(LENIENT, body=b"body"))
def redirect_with_control_byte(request: Request) -> Iterator[Step]:
    yield to(b"/next\x01page") if first(request) else BODY


@case(body=b"body")
def redirect_with_tab(request: Request) -> Iterator[Step]:
    yield to(b"/next\tpage") if first(request) else BODY


@case(body=b"body")
def redirect_with_spaces(request: Request) -> Iterator[Step]:
    yield to(b"/next page") if first(request) else BODY


# Refused, or left out: both are safe.
@case("InvalidUrlRedirectClientError", body=b"body")
def redirect_with_bytes_that_are_no_text(request: Request) -> Iterator[Step]:
    yield to(b"/next\xff\xfepage") if first(request) else BODY


@case(body=b"body")
def redirect_with_a_body_without_end(request: Request) -> Iterator[Step]:
    if first(request):
        yield to(b"/next").replace(b"Length: 0", b"Length: 1000000000000") + b"much"
        yield Then.STALL
    yield BODY


@case(body=b"body")
def redirect_on_a_connection_that_ends(request: Request) -> Iterator[Step]:
    if first(request):
        yield to(b"/next")
        yield Then.CLOSE
    yield BODY


# Cookies: each of these is a good answer, whatever becomes of its cookies.


def with_cookies(*cookies: bytes) -> bytes:
    """A response that sets these."""
    fields = b"".join(b"Set-Cookie: " + cookie + b"\r\n" for cookie in cookies)
    return b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 4\r\n\r\nbody"


@case(body=b"body")
def cookies_by_the_hundred(request: Request) -> Iterator[Step]:
    yield with_cookies(*(b"name%d=" % number + b"x" * 2000 for number in range(100)))


@case(body=b"body")
def cookies_that_are_none(request: Request) -> Iterator[Step]:
    yield with_cookies(b"", b"=", b";;;", b'"', b"name", b"=value", b"na me=va lue", b"\xff=\xfe")


@case(body=b"body")
def cookies_with_bad_attributes(request: Request) -> Iterator[Step]:
    yield with_cookies(
        b"a=1; Expires=yesterday; Max-Age=never; Path=; Domain=",
        b"b=2; Max-Age=99999999999999999999; Expires=Thu, 99 Jan 99999 99:99:99 GMT",
        b"c=3; Domain=..; SameSite=Perhaps; Secure=; HttpOnly=1; Unknown",
    )


@case(body=b"body")
def cookies_for_others(request: Request) -> Iterator[Step]:
    yield with_cookies(b"a=1; Domain=other.example", b"b=2; Domain=com", b"c=3; Domain=.")

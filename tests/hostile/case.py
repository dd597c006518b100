"""A case: how a server misbehaves, and what the client's user sees of it."""

import dataclasses
import enum
from collections.abc import Callable, Iterable
from typing import Any

#: What a case's request may be followed by: the same session's next one must give this body.
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
#: The path that is answered with it.
GOOD_PATH = "/good"


@dataclasses.dataclass(frozen=True)
class Request:
    """What the client asked."""

    method: str
    #: As in the request line.
    target: str
    #: The server's own, with scheme, host and port.
    origin: str
    #: HTTP/2's; 0 for HTTP/1.
    stream: int = 0


class Then(enum.Enum):
    """What the server does instead of sending."""

    #: Ends the connection in order.
    CLOSE = enum.auto()
    #: Has the kernel send RST.
    RESET = enum.auto()
    #: Nothing, until the client closes.
    STALL = enum.auto()


@dataclasses.dataclass(frozen=True)
class Drip:
    """Sends one byte a segment."""

    data: bytes


@dataclasses.dataclass(frozen=True)
class Crawl:
    """Sends this byte by byte, slowly, again and again, until the client closes."""

    data: bytes
    #: Seconds after each byte.
    pause: float = 0.02


@dataclasses.dataclass(frozen=True)
class Endless:
    """Sends this again and again, until the client closes."""

    data: bytes


#: What is read of a body.
Body = bytes | str
Step = bytes | Then | Drip | Crawl | Endless
#: What the server does for a request. At its end the connection stays open for the next one.
Answer = Callable[[Request], Iterable[Step]]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the user of the client sees."""

    #: The exception's class; None: a response.
    raises: str | None = None
    #: Of the response.
    status: int | None = None
    body: Body | None = None


@dataclasses.dataclass(frozen=True)
class Differs:
    """Where aiohttp has it otherwise: what its user sees (nothing: it is not run), and why."""

    why: str
    sees: tuple[Seen, ...] = ()
    #: As `Case.limits`, where that alone ends it.
    limits: dict[str, float] | None = None


@dataclasses.dataclass(frozen=True)
class Case:
    """One way to misbehave."""

    name: str
    answer: Answer
    #: What the user sees: one of these, where it is a race which.
    sees: tuple[Seen, ...]
    #: None: aiohttp's user sees the same.
    aiohttp: Differs | None
    method: str
    #: The method of the response that is awaited.
    reads: str
    #: Fields of ClientTimeout, in seconds.
    limits: dict[str, float]
    #: More arguments of `session.request`.
    options: dict[str, Any]
    #: The answer begins when the first client connects, whatever it asks.
    at_connect: bool
    #: What comes behind the answer has the client close the connection before it is used again.
    unasked: bool
    http2: bool

    def seen_by(self, kind: str) -> tuple[Seen, ...]:
        """What the user of "aiohttp" or "rondel" may see; nothing if it is not to be tried."""
        if kind == "aiohttp" and self.aiohttp is not None:
            return self.aiohttp.sees
        return self.sees

    def limits_of(self, kind: str) -> dict[str, float]:
        """The fields of ClientTimeout, in seconds, for "aiohttp" or "rondel"."""
        if kind == "aiohttp" and self.aiohttp is not None and self.aiohttp.limits is not None:
            return self.aiohttp.limits
        return self.limits

    def __str__(self) -> str:
        return self.name


#: All cases by name.
CASES: dict[str, Case] = {}


def case(
    raises: str | tuple[str, ...] = (),
    *,
    status: int = 200,
    body: Body | tuple[Body, ...] = (),
    aiohttp: Differs | None = None,
    method: str = "GET",
    reads: str = "read",
    limits: dict[str, float] | None = None,
    at_connect: bool = False,
    unasked: bool = False,
    http2: bool = False,
    **options: Any,
) -> Callable[[Answer], Answer]:
    """Enter the function into the table, under its own name.

    `raises` names exceptions, `body` says what is read: what comes is one of all these.
    """
    sees = _seen(raises, status, body)
    if http2 and aiohttp is None:
        aiohttp = Differs("It has no HTTP/2.")

    def enter(answer: Answer) -> Answer:
        name = answer.__name__
        if name in CASES:
            raise ValueError(f"two cases are named {name}")
        CASES[name] = Case(
            name,
            answer,
            sees,
            aiohttp,
            method,
            reads,
            limits or {},
            options,
            at_connect,
            unasked,
            http2,
        )
        return answer

    return enter


def differs(
    why: str,
    raises: str | tuple[str, ...] = (),
    *,
    status: int = 200,
    body: Body | tuple[Body, ...] = (),
    limits: dict[str, float] | None = None,
) -> Differs:
    """What aiohttp's user sees instead, and why."""
    return Differs(why, _seen(raises, status, body), limits)


def not_run(why: str) -> Differs:
    """aiohttp is not tried."""
    return Differs(why)


def _seen(
    raises: str | tuple[str, ...], status: int, body: Body | tuple[Body, ...]
) -> tuple[Seen, ...]:
    names = raises if isinstance(raises, tuple) else (raises,)
    bodies = body if isinstance(body, tuple) else (body,)
    return (*map(Seen, names), *(Seen(None, status, body) for body in bodies))

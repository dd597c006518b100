"""The one place that knows what differs from one Python version to the next (3.11 to 3.15).

Everything else asks here, by what it wants to do, and never compares a version.
"""

import asyncio
import linecache
import sys
import textwrap
from asyncio import AbstractEventLoop, events, format_helpers
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

# --- The event loop policy: deprecated in 3.14, to be removed in 3.16 ---------------------------

if TYPE_CHECKING:
    DefaultPolicy = asyncio.DefaultEventLoopPolicy
elif hasattr(events, "_AbstractEventLoopPolicy"):
    # 3.14 warns at each use of a public name; its own code uses the private ones.
    from asyncio.unix_events import _DefaultEventLoopPolicy as DefaultPolicy
elif hasattr(events, "AbstractEventLoopPolicy"):
    from asyncio import DefaultEventLoopPolicy as DefaultPolicy
else:
    DefaultPolicy = object

HAS_POLICIES: bool = DefaultPolicy is not object

_asyncio_new_event_loop = events.new_event_loop


def get_policy() -> Any:
    """`asyncio.get_event_loop_policy()`, with no warning."""
    get = getattr(events, "_get_event_loop_policy", None) or events.get_event_loop_policy
    return get()


def set_policy(policy: Any) -> None:
    """`asyncio.set_event_loop_policy(policy)`, with no warning; None stands for asyncio's own."""
    set_ = getattr(events, "_set_event_loop_policy", None) or events.set_event_loop_policy
    set_(policy)


def get_new_event_loop() -> Callable[[], AbstractEventLoop]:
    """What makes the loops of asyncio where there are no policies."""
    return events.new_event_loop


def set_new_event_loop(factory: Callable[[], AbstractEventLoop] | None) -> None:
    """Where there are no policies: have `asyncio.run`, `asyncio.Runner` and
    `asyncio.new_event_loop` call `factory`; None stands for asyncio's own."""
    # Runner looks it up in `events`, programs in the package.
    events.new_event_loop = asyncio.new_event_loop = factory or _asyncio_new_event_loop


# --- The module `__main__`, and programs given as text ------------------------------------------

# What the interpreter puts into an empty `__main__`, beside what every module has.
MAIN_HAS_ANNOTATIONS = sys.version_info < (3, 14)
# What it puts there for a file.
MAIN_HAS_CACHED = sys.version_info < (3, 15)


def command_text(command: str) -> str:
    """The source that `python -c command` compiles: since 3.14 indented as a whole is allowed."""
    return textwrap.dedent(command) if sys.version_info >= (3, 14) else command


def show_command_in_tracebacks(code: CodeType, source: str) -> None:
    """Since 3.13, tracebacks and `inspect.getsource` know the source of `python -c`."""
    if hasattr(linecache, "_getlines_from_code"):
        # What the interpreter calls for -c; typeshed leaves it out.
        linecache._register_code(code, source, code.co_filename)  # type: ignore[attr-defined]
    elif sys.version_info >= (3, 13):
        lines = source.splitlines(keepends=True)
        linecache.cache[code.co_filename] = (len(source), None, lines, code.co_filename)


# --- Servers count their transports: since 3.13 by name ------------------------------------------


def attach_to_server(server: Any, transport: asyncio.Transport) -> None:
    """Have an `asyncio.Server` know of a connection that it accepted."""
    if sys.version_info >= (3, 13):
        server._attach(transport)
    else:
        server._attach()


def detach_from_server(server: Any, transport: asyncio.Transport) -> None:
    """The opposite of `attach_to_server`."""
    if sys.version_info >= (3, 13):
        server._detach(transport)
    else:
        server._detach()


# --- Unix servers: since 3.13 they remove their socket when they close ----------------------------

UNIX_SERVERS_CLEAN_UP: bool = sys.version_info >= (3, 13)


# --- Callbacks in messages: since 3.13 their arguments are shown in debug mode only ---------------


def describe_callback(callback: Any, args: Any, event_loop: AbstractEventLoop) -> str:
    """How asyncio names a callback in its messages: its name, and where it was defined."""
    describe: Any = format_helpers._format_callback_source
    debug = {"debug": event_loop.get_debug()} if sys.version_info >= (3, 13) else {}
    return str(describe(callback, args, **debug))


# --- Datagrams: since 3.13 empty ones are sent, and each that waits counts 8 bytes more -----------

#: What a datagram counts beside its bytes; None where empty ones are not sent.
DATAGRAM_HEADER: int | None = 8 if sys.version_info >= (3, 13) else None

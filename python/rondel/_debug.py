"""What the native half says in Python because it happens seldom: debug mode and warnings."""

from __future__ import annotations

import sys
import traceback
from asyncio import BaseProtocol, BaseTransport, Task, base_events, format_helpers
from asyncio.log import logger
from typing import Any

from . import _rondel

#: Natively, a timer's is no heir of the other: only `asyncio`'s abstract view says so.
HANDLES: tuple[type[_rondel.Handle], type[_rondel.TimerHandle]] = (
    _rondel.Handle,
    _rondel.TimerHandle,
)

#: So many writes to a lost connection pass in silence (``asyncio.constants``).
_LOG_THRESHOLD = 5


def source_traceback() -> traceback.StackSummary:
    """The stack of the call into native code that called this.

    Empty where a thread begins with that call (`_thread.start_new_thread`).
    """
    caller = sys._getframe().f_back
    return format_helpers.extract_stack(caller) if caller else traceback.StackSummary()


def callback_ran(ran: _rondel.Handle | _rondel.Stream | _rondel.Datagrams, seconds: float) -> None:
    """Warn of a callback that took longer than ``loop.slow_callback_duration`` (debug mode)."""
    event_loop = ran._loop if isinstance(ran, HANDLES) else ran.event_loop
    if event_loop is None or seconds < event_loop.slow_callback_duration:
        return
    # Where asyncio itself looks for it, and where others put their own.
    # (typeshed leaves it out.)
    asyncios_logger = base_events.logger  # type: ignore[attr-defined]
    asyncios_logger.warning("Executing %s took %.3f seconds", _describe(ran), seconds)


def _describe(ran: _rondel.Handle | _rondel.Stream | _rondel.Datagrams) -> str:
    """Name what blocked: not the wrapper that ran it, but the user's own part behind it.

    That is a task with its coroutine, a transport's protocol, or a method with its place in the
    source; a handle names the place of a plain function by itself.
    """
    if not isinstance(ran, HANDLES):
        return _describe_transport(repr(ran.transport), ran.protocol)
    callback: Any = ran._callback
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, Task):
        return repr(owner)
    if isinstance(owner, BaseTransport):
        return _describe_transport(str(ran), owner.get_protocol())
    code = getattr(getattr(callback, "__func__", None), "__code__", None)
    return f"{ran} defined at {code.co_filename}:{code.co_firstlineno}" if code else str(ran)


def _describe_transport(transport: str, protocol: BaseProtocol | None) -> str:
    return f"{transport} for {protocol!r}" if protocol is not None else transport


def write_to_closed_tls(times: int) -> None:
    """Warn of a program that goes on writing to a TLS connection that is closed."""
    if times > _LOG_THRESHOLD:
        logger.warning("SSL connection is closed")


def write_to_lost_connection(times: int, pipe: bool = False) -> None:
    """Warn of a program that goes on writing to a connection that is gone."""
    if times > _LOG_THRESHOLD:
        logger.warning(
            "pipe closed by peer or os.write(pipe, data) raised exception."
            if pipe
            else "socket.send() raised exception."
        )

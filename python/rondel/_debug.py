"""What the native half says in Python because it happens seldom: debug mode and warnings."""

from __future__ import annotations

import asyncio
import sys
import traceback
from asyncio import format_helpers
from asyncio.log import logger
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import _rondel

#: So many writes to a lost connection pass in silence (``asyncio.constants``).
_LOG_THRESHOLD = 5


def source_traceback() -> traceback.StackSummary:
    """The stack of the call into native code that called this."""
    return format_helpers.extract_stack(sys._getframe(1))


def callback_ran(ran: asyncio.Handle | _rondel.Stream, seconds: float) -> None:
    """Warn of a callback that took longer than ``loop.slow_callback_duration`` (debug mode)."""
    event_loop = ran._loop if isinstance(ran, asyncio.Handle) else ran.event_loop
    if event_loop is None or seconds < event_loop.slow_callback_duration:
        return
    logger.warning("Executing %s took %.3f seconds", _describe(ran), seconds)


def _describe(ran: asyncio.Handle | _rondel.Stream) -> str:
    """Name the task behind a handle, or the transport behind a stream: those say what blocked."""
    if not isinstance(ran, asyncio.Handle):
        return repr(ran.transport)
    owner = getattr(ran._callback, "__self__", None)
    return repr(owner) if isinstance(owner, asyncio.Task) else str(ran)


def write_to_lost_connection(times: int) -> None:
    """Warn of a program that goes on writing to a connection that is gone."""
    if times > _LOG_THRESHOLD:
        logger.warning("socket.send() raised exception.")

"""A forked child must not disturb its parent's loops.

The native half knows by itself that it is in another process: it leaves the parent's selector
alone. What Python holds for the whole process is put right here.
"""

from __future__ import annotations

import os
import signal
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .loop import EventLoop

_loops: weakref.WeakSet[EventLoop] = weakref.WeakSet()


def remember(event_loop: EventLoop) -> None:
    """Have a forked child of this process know of the loop."""
    _loops.add(event_loop)


def _in_child() -> None:
    """A signal to the child must not wake the parent's loop through the pipe that both share."""
    if any(event_loop.is_running() for event_loop in _loops):
        # The child goes on in the thread that forked. Only the main thread may set the descriptor,
        # and after a fork that is the one that is left.
        signal.set_wakeup_fd(-1)


os.register_at_fork(after_in_child=_in_child)

"""The event loop.

What runs once a callback or once a packet is native (crates/python): handles, the turn, timers,
`call_soon` and its siblings, futures and tasks being made, streams. What runs once a loop or once
a connection is Python: asyncio's own, of the version at hand, inherited from
`asyncio.BaseEventLoop`; and, where that leaves a hook to its heirs, the modules beside this one.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import _fork, _rondel
from .datagrams import Endpoints
from .executors import Executors
from .pipes import Pipes
from .sendfiles import SendFiles
from .signals import Signals
from .subprocesses import Subprocesses
from .unix import UnixSockets


class EventLoop(
    UnixSockets,
    SendFiles,
    Endpoints,
    Pipes,
    Subprocesses,
    Signals,
    Executors,
    asyncio.BaseEventLoop,
):
    """An asyncio event loop. Any asyncio program runs on it.

    Raises OSError when the process is out of descriptors, ValueError when the environment variable
    RONDEL_SELECTOR names no selector of this platform (``epoll``, ``poll``).
    """

    # The native half, for native methods alone (NativeSlot in crates/python/src/raw/slot.rs).
    __slots__ = ("_native",)

    def __init__(self) -> None:
        self._core = _rondel.init_loop(self)
        self._signal_handlers = {}
        self._unix_server_sockets = {}
        super().__init__()
        _fork.remember(self)

    # --- What BaseEventLoop keeps in attributes, and native code must see -------------------------

    @property
    def _closed(self) -> bool:
        # There is none where its making failed, and `__del__` asks.
        try:
            return self._core.closed
        except AttributeError:
            return True

    @_closed.setter
    def _closed(self, closed: bool) -> None:
        if closed:
            self._core.close()

    @property
    def _debug(self) -> bool:
        return self._core.debug

    @_debug.setter
    def _debug(self, debug: bool) -> None:
        self._core.debug = bool(debug)

    @property
    def _stopping(self) -> bool:
        return self._core.stopping

    @_stopping.setter
    def _stopping(self, stopping: bool) -> None:
        self._core.stopping = stopping

    @property
    def _thread_id(self) -> int | None:
        return self._core.thread

    @_thread_id.setter
    def _thread_id(self, thread: int | None) -> None:
        self._core.thread = thread

    @property
    def _ready(self) -> Any:
        """What is ready to run, oldest first: a list of the moment, for programs that look."""
        return self._core.ready()

    @_ready.setter
    def _ready(self, _: object) -> None:
        """BaseEventLoop sets a queue of its own at its making; the driver has one already."""

    def set_task_factory(self, factory: Any) -> None:
        """Have `create_task` call ``factory(loop, coro, **kwargs)``; None: make `asyncio.Task`."""
        super().set_task_factory(factory)
        self._core.task_factory_set = factory is not None

    # --- The run ----------------------------------------------------------------------------------

    def run_forever(self) -> None:
        """Run until `stop` is called.

        Raises RuntimeError if the loop is closed or runs already, if another loop runs in this
        thread, or if the loop was made before a fork, by the parent process.
        """
        self._check_closed()
        self._check_running()
        if self._core.foreign:
            raise RuntimeError(
                "This event loop belongs to the parent process; after a fork, make a new one"
            )
        previous_hooks = sys.get_asyncgen_hooks()
        self._set_coroutine_origin_tracking(self._debug)
        try:
            self._thread_id = threading.get_ident()
            sys.set_asyncgen_hooks(
                firstiter=self._asyncgen_firstiter_hook,
                finalizer=self._asyncgen_finalizer_hook,
            )
            events._set_running_loop(self)
            with self._woken_by_signals():
                self._core.run()
        finally:
            self._stopping = False
            self._thread_id = None
            events._set_running_loop(None)
            self._set_coroutine_origin_tracking(False)
            sys.set_asyncgen_hooks(*previous_hooks)

    @contextmanager
    def _woken_by_signals(self) -> Iterator[None]:
        """In the main thread, a signal ends the loop's wait, so that its handler runs at once.

        What another part of the program had set as the wake-up descriptor is put back.
        """
        try:
            previous = signal.set_wakeup_fd(self._core.wakeup_fd, warn_on_full_buffer=False)
        except ValueError:
            previous = None
        if previous is None:
            # Not the main thread. (Which one that is, `threading` may not know before 3.13.)
            yield
            return
        try:
            yield
        finally:
            try:
                ours = signal.set_wakeup_fd(previous)
            except (OSError, ValueError):
                # Closed while the loop ran.
                ours = signal.set_wakeup_fd(-1)
            if ours not in (self._core.wakeup_fd, -1):
                # Set while the loop ran, by somebody who wants to keep it.
                signal.set_wakeup_fd(ours)

    def close(self) -> None:
        """Close the loop for good. What is scheduled is dropped; transports are not closed.

        Raises RuntimeError if the loop runs.
        """
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        self._remove_all_signal_handlers()
        super().close()

    # --- Hooks of BaseEventLoop -------------------------------------------------------------------

    def _write_to_self(self) -> None:
        """Wake the loop from any thread."""
        self._core.wake()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to count: a cancelled timer has left already."""


def new_event_loop() -> EventLoop:
    """A new loop, not yet the current one of any thread: a loop factory.

    Raises as `EventLoop`.
    """
    return EventLoop()


_rondel.attach_loop(EventLoop)

"""Pings to a peer that says nothing, and the end when it does not answer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any

from .exceptions import ServerTimeoutError


class Heartbeat:
    """Sends a ping when nothing has come for ``seconds``, and reports `ServerTimeoutError` when
    nothing comes in half that time after it.

    ``look`` finds out whether something has come while nobody receives; ``ping`` sends; ``fail`` is
    told of errors. Times of ``ceil_threshold`` seconds and more end at a full second of the loop's
    clock, so that many end together.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        *,
        look: Callable[[], bool],
        ping: Callable[[], Coroutine[Any, Any, None]],
        fail: Callable[[BaseException], None],
        ceil_threshold: float = 5,
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._pong_seconds = seconds / 2.0
        self._look = look
        self._ping = ping
        self._fail = fail
        self._ceil_threshold = ceil_threshold
        self._ping_at = 0.0
        # A timer that is due too early is set anew: cheaper than to move it at each piece of data.
        self._ping_timer: asyncio.TimerHandle | None = None
        self._pong_timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def reset(self) -> None:
        """Begin anew: something has come."""
        if self._pong_timer is not None:
            self._pong_timer.cancel()
            self._pong_timer = None
        self._ping_at = self._after(self._seconds)
        if self._ping_timer is None:
            self._ping_timer = self._loop.call_at(self._ping_at, self._ping_due)

    def stop(self) -> None:
        """End it."""
        for timer in (self._ping_timer, self._pong_timer):
            if timer is not None:
                timer.cancel()
        self._ping_timer = self._pong_timer = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _after(self, seconds: float) -> float:
        when = self._loop.time() + seconds
        return math.ceil(when) if seconds > self._ceil_threshold else when

    def _ping_due(self) -> None:
        self._ping_timer = None
        if self._loop.time() < self._ping_at:
            self._ping_timer = self._loop.call_at(self._ping_at, self._ping_due)
            return
        if self._look():
            self.reset()
            return
        if self._pong_timer is not None:
            self._pong_timer.cancel()
        self._pong_timer = self._loop.call_at(self._after(self._pong_seconds), self._pong_due)
        self._task = self._loop.create_task(self._ping())
        self._task.add_done_callback(self._pinged)

    def _pinged(self, task: asyncio.Task[None]) -> None:
        if task is self._task:
            self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _pong_due(self) -> None:
        self._pong_timer = None
        if self._look():
            self.reset()
            return
        self._fail(ServerTimeoutError(f"No PONG received after {self._pong_seconds} seconds"))

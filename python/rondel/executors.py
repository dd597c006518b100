"""Work in other threads, and the end of the default executor."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import warnings
from asyncio import futures
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVarTuple

from .base import LoopBase

Ts = TypeVarTuple("Ts")


class Executors(LoopBase):
    """The part of the loop that brings work to threads, and ends them."""

    __slots__ = ()

    def run_in_executor(
        self, executor: Any, func: Callable[[*Ts], Any], *args: *Ts
    ) -> asyncio.Future[Any]:
        """Run ``func(*args)`` in the executor, None: the default one. A future of its result.

        What comes of it is as with asyncio. Only the way back to the loop is shorter: asyncio's
        serves futures of both kinds in both directions, and asks of each at each step which it is.
        """
        chosen = self._default_executor if executor is None else executor
        core = self._core
        if chosen is None or core.closed or core.debug or self._executor_shutdown_called:
            return super().run_in_executor(executor, func, *args)
        work = chosen.submit(func, *args)
        if type(work) is not concurrent.futures.Future:
            return asyncio.wrap_future(work, loop=self)
        waiter = self.create_future()
        waiter.add_done_callback(partial(_waiter_done, work))
        work.add_done_callback(partial(_work_done, self, waiter))
        return waiter

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  asyncio's signature
        """Take no more work for the default executor, and wait until what it has is done.

        Waits for at most ``timeout`` seconds; then a RuntimeWarning says that threads are left.
        Before Python 3.13, asyncio's own has no timeout or waits on after it, and once cancelled
        blocks the whole loop until the threads have ended (cpython#111358).
        """
        self._executor_shutdown_called = True
        executor = self._default_executor
        if executor is None:
            return
        done: asyncio.Future[None] = self.create_future()
        thread = threading.Thread(target=self._shut_down, args=(executor, done))
        thread.start()
        try:
            async with asyncio.timeout(timeout):
                await done
        except TimeoutError:
            # The wording is asyncio's, as programs filter warnings by it.
            warnings.warn(
                f"The executor did not finishing joining its threads within {timeout} seconds.",
                RuntimeWarning,
                stacklevel=2,
            )
            executor.shutdown(wait=False)
        else:
            thread.join()

    def _shut_down(self, executor: concurrent.futures.Executor, done: asyncio.Future[None]) -> None:
        """In a thread of its own: wait for the executor, and tell the loop."""
        error = None
        try:
            executor.shutdown(wait=True)
        except Exception as raised:
            error = raised
        try:
            self.call_soon_threadsafe(_finish, done, error)
        except RuntimeError:
            # Closed without waiting: there is nobody to tell.
            if not self.is_closed():
                raise


def _waiter_done(work: concurrent.futures.Future[Any], waiter: asyncio.Future[Any]) -> None:
    if waiter.cancelled():
        work.cancel()


def _work_done(
    loop: Executors, waiter: asyncio.Future[Any], work: concurrent.futures.Future[Any]
) -> None:
    """In the thread that did the work. After the loop's end there is nobody to tell."""
    if not loop._core.closed:
        loop.call_soon_threadsafe(_bring_result, waiter, work)


def _bring_result(waiter: asyncio.Future[Any], work: concurrent.futures.Future[Any]) -> None:
    if waiter.cancelled():
        return
    try:
        failed = work.exception() is not None
    except concurrent.futures.CancelledError:
        failed = True
    if failed:
        # Which exception becomes which is asyncio's to say.
        futures._copy_future_state(work, waiter)  # type: ignore[attr-defined]  # private
    else:
        waiter.set_result(work.result())


def _finish(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        # Nobody waits any more.
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)

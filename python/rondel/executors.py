"""The end of the default executor."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import warnings

from .base import LoopBase


class Executors(LoopBase):
    """The part of the loop that ends its threads."""

    __slots__ = ()

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


def _finish(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        # Nobody waits any more.
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)

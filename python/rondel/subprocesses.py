"""Subprocesses: the transport over `subprocess.Popen`, with pipes of ours."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import warnings
from asyncio import base_subprocess
from asyncio.log import logger
from typing import Any

from .pipes import PipeTransport
from .processes import Child
from .readers import Readers

#: The exit status of a process whose own one was taken by somebody else (as in asyncio).
UNKNOWN_STATUS = 255

#: So many seconds a process that was killed has to end when its loop is closed already.
LINGER = 1.0


class SubprocessTransport(base_subprocess.BaseSubprocessTransport):
    """A child process, given to a protocol.

    Raises what `subprocess.Popen` raises.
    """

    _loop: Readers
    _proc: subprocess.Popen[bytes] | None

    #: None where the process was not started, and from when its status is known.
    _child: Child | None = None
    #: Of the one who waits until it is gone.
    _gone: asyncio.Future[None] | None = None

    def _start(
        self,
        args: Any,
        shell: bool,
        stdin: Any,
        stdout: Any,
        stderr: Any,
        bufsize: int,
        **kwargs: Any,
    ) -> None:
        process = subprocess.Popen(
            args,
            shell=shell,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            universal_newlines=False,
            bufsize=bufsize,
            **kwargs,
        )
        self._proc = process
        try:
            self._child = Child(process.pid)
            self._loop._add_reader(self._child.fd, self._ended)
        except BaseException:
            process.kill()
            self._abandon()
            raise

    def _ended(self) -> None:
        """The process has ended."""
        child, process = self._child, self._proc
        if child is None or process is None:
            return
        try:
            status = child.take_status()
            if status is None:
                return
        except ChildProcessError:
            # Popen.poll() in the program knows.
            status = process.returncode
            if status is None:
                status = UNKNOWN_STATUS
                logger.warning(
                    "child process pid %d exit status already read:  will report returncode 255",
                    child.pid,
                )
        process.returncode = status
        self._child = None
        self._loop._remove_reader(child.fd)
        child.close()
        self._loop.call_soon(self._process_exited, status)
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    async def _connect_pipes(self, waiter: asyncio.Future[None] | None) -> None:
        await super()._connect_pipes(waiter)
        if self._pending_calls is not None:
            # Failed in the middle.
            self._close_files(but=self._pipes)
        if self._closed:
            # Meanwhile: who closed saw only the pipes that were there.
            self._close_pipes()

    async def _wait_until_gone(self) -> None:
        """Wait until the process has ended. Its pipes may live longer, in children of its own."""
        if self._child is not None:
            self._gone = self._loop.create_future()
            await self._gone

    # --- Signals ----------------------------------------------------------------------------------

    def send_signal(self, signal: int) -> None:  # the name of the argument there
        """Send a signal. Raises ProcessLookupError once the process is gone."""
        if self._child is None:
            raise ProcessLookupError
        self._child.send_signal(signal)

    def terminate(self) -> None:
        """Send SIGTERM. Raises as `send_signal`."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL. Raises as `send_signal`."""
        self.send_signal(signal.SIGKILL)

    # --- The end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the pipes, and kill the process if it runs."""
        if self._closed:
            return
        self._closed = True
        self._close_pipes()
        child, process = self._child, self._proc
        if child is None or process is None:
            return
        if self._without_loop():
            self._abandon()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if child.is_running():
                if self._loop.get_debug():
                    logger.warning("Close running child process: kill %r", self)
                process.kill()

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if not self._closed:
            _warn(f"unclosed transport {self!r}", ResourceWarning, source=self)
            self.close()
        if self._child is not None:
            # Closed earlier than the loop, which hears nothing more.
            self._abandon()

    def _abandon(self) -> None:
        """Leave no process, no zombie and no descriptor behind, without a loop."""
        child, self._child = self._child, None
        process = self._proc
        if process is None:
            return
        killed = child is None
        if child is not None:
            self._loop._remove_reader(child.fd)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                child.send_signal(signal.SIGKILL)
                killed = True
            child.close()
        self._close_files(but={})
        if killed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LINGER)

    def _close_pipes(self) -> None:
        ends: Any = self._pipes.values()
        for end in ends:
            if end is None:
                continue
            if self._without_loop() and isinstance(end.pipe, PipeTransport):
                # Nobody can be told.
                end.pipe.release()
            else:
                end.pipe.close()

    def _without_loop(self) -> bool:
        # It is None once the connection is lost.
        return self._loop is not None and self._loop.is_closed()

    def _close_files(self, but: dict[int, Any]) -> None:
        process = self._proc
        if process is None:
            return
        for number, file in enumerate((process.stdin, process.stdout, process.stderr)):
            if file is not None and but.get(number) is None:
                file.close()


class Subprocesses(Readers):
    """The part of the loop that starts processes: `subprocess_exec`, `subprocess_shell`."""

    __slots__ = ()

    async def _make_subprocess_transport(
        self,
        protocol: asyncio.SubprocessProtocol,
        args: Any,
        shell: bool,
        stdin: Any,
        stdout: Any,
        stderr: Any,
        bufsize: int,
        extra: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> SubprocessTransport:
        waiter = self.create_future()
        transport = SubprocessTransport(
            self,
            protocol,
            args,
            shell,
            stdin,
            stdout,
            stderr,
            bufsize,
            waiter=waiter,
            extra=extra,
            **kwargs,
        )
        try:
            await waiter
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException:
            transport.close()
            await transport._wait_until_gone()
            raise
        return transport

"""anyio's child processes, worker processes and signals on the loop under test.

Real: the children, their pipes, and the signals of the kernel.
"""

import os
import signal
import subprocess
import time

import anyio
import anyio.to_process
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream


def test_processes(anyio_run):
    """Real: child processes, their streams, ends and signals."""

    async def main():
        done = await anyio.run_process(["cat"], input=b"through the child")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"through the child", b"")
        done = await anyio.run_process("echo out; echo err >&2; exit 3", check=False)
        assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
        with pytest.raises(subprocess.CalledProcessError):
            await anyio.run_process("exit 4")
        with pytest.raises(FileNotFoundError):
            await anyio.run_process(["/nowhere"])

        big = os.urandom(1_000_000)
        async with await anyio.open_process(["cat"]) as process:
            async with anyio.create_task_group() as group:
                group.start_soon(process.stdin.send, big)
                echoed = BufferedByteReceiveStream(process.stdout)
                assert await echoed.receive_exactly(len(big)) == big
            await process.stdin.aclose()
            assert await process.wait() == 0

        async with await anyio.open_process(["sleep", "600"]) as process:
            process.send_signal(signal.SIGSTOP)
            process.terminate()
            process.send_signal(signal.SIGCONT)
            assert await process.wait() == -signal.SIGTERM
        with anyio.move_on_after(0.1) as scope:
            await anyio.run_process(["sleep", "600"])
        assert scope.cancelled_caught

        async def run_one():
            codes.append((await anyio.run_process(["sh", "-c", "exit 0"])).returncode)

        codes = []
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(run_one)
        assert codes == [0] * 20

    anyio_run(main)


def test_worker_processes(anyio_run):
    """Real: functions that run in other Python processes; one fails, one is cancelled."""

    async def main():
        assert await anyio.to_process.run_sync(sum, range(1000)) == 499_500
        assert await anyio.to_process.run_sync(os.getpid) != os.getpid()
        with pytest.raises(ZeroDivisionError):
            await anyio.to_process.run_sync(divmod, 1, 0)
        with anyio.move_on_after(0.1) as scope:
            await anyio.to_process.run_sync(time.sleep, 600, cancellable=True)
        assert scope.cancelled_caught
        assert await anyio.to_process.run_sync(len, bytes(3_000_000)) == 3_000_000

    anyio_run(main)


def test_signals(anyio_run):
    """Real: signals of the kernel to this process, as an asynchronous iterator."""

    async def main():
        seen = []
        with anyio.open_signal_receiver(signal.SIGUSR1, signal.SIGUSR2) as signals:
            os.kill(os.getpid(), signal.SIGUSR1)
            async for signum in signals:
                seen.append(signum)
                if len(seen) == 10:
                    break
                os.kill(os.getpid(), signal.SIGUSR2 if len(seen) % 2 else signal.SIGUSR1)
        assert seen == [signal.SIGUSR1, signal.SIGUSR2] * 5

    anyio_run(main)

"""Programs in a process of their own, on the loop of the test that starts them.

Such a program may import `support`, and makes its loop by `support.loops.new_loop()`.
"""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable

TESTS = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT = 90


def environment(kind: str, extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: nothing that changes how Python or asyncio runs."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    path = [str(TESTS), os.environ.get("PYTHONPATH", "")]
    return {
        **env,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "LOOP_KIND": kind,
        "PYTHONFAULTHANDLER": "1",
        **(extra or {}),
    }


def start(
    kind: str, source: str, *args: str, options: tuple[str, ...] = (), env=None
) -> subprocess.Popen[str]:
    """Start a program given as source, its output piped."""
    return subprocess.Popen(
        [sys.executable, *options, "-c", textwrap.dedent(source), *args],
        env=environment(kind, env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    kind: str,
    source: str,
    *args: str,
    options: tuple[str, ...] = (),
    env=None,
    timeout: float = TIMEOUT,
) -> subprocess.CompletedProcess[str]:
    """Run a program given as source to its end, which must come within `timeout` seconds."""
    with start(kind, source, *args, options=options, env=env) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"no end in {timeout} s; out: {out!r}, err: {err}") from None
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def output(kind: str, source: str, *args: str, **how) -> str:
    """Run a program that must succeed in silence on stderr, and give what it printed."""
    done = run(kind, source, *args, **how)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def interrupt(
    kind: str, source: str, until: Callable[[int], object] | None = None
) -> tuple[int, str, str]:
    """Start a program, send SIGINT when it says that it is ready; give its code, output and errors.

    `until`: what else to wait for, given the number of the process.
    """
    with start(kind, source) as process:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        if until is not None:
            until(process.pid)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except BaseException:
            process.kill()
            raise
    return process.returncode, out, err

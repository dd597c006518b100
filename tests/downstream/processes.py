"""Servers of others as real processes, each with a directory and a port of its own."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SECONDS = 30


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def unprivileged() -> str | None:
    """The user to run servers as that refuse to be root; None where the tests are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise LookupError("root, and neither a user `postgres` nor `nobody` to run a server as")


@contextlib.contextmanager
def directory(user: str | None = None):
    """A new directory that this user owns. Soon after, no process may be left that works in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="rondel-"))
    if user is not None:
        shutil.chown(path, user)
    try:
        yield path
        deadline = time.monotonic() + SECONDS
        # What a server started, as multiprocessing's resource tracker, may end a moment after it.
        while left := working_in(path):
            assert time.monotonic() < deadline, f"left after {SECONDS} s: {left}"
            time.sleep(0.01)
    finally:
        shutil.rmtree(path)


def working_in(path: pathlib.Path) -> list[str]:
    """The processes whose working directory is this one or below, as /proc tells."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(path):
                found.append(f"{entry.name}: {(entry / 'comm').read_text().strip()}")
    return found


def identity(user: str | None) -> dict:
    """The arguments of Popen that make a child run as this user, and as nothing more."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


class Server:
    """A server process from its start to its end; what it says is in `log` in its directory."""

    def __init__(self, argv: list, path: pathlib.Path, user: str | None = None, **options) -> None:
        self.log = path / "log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(arg) for arg in argv],
                cwd=path,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                **identity(user),
                **options,
            )

    def wait_until(self, ready) -> bool:
        """Wait until ready() is true; False where the server ended before."""
        deadline = time.monotonic() + SECONDS
        while not ready():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, f"not ready in {SECONDS} s: {self.log.read_text()}"
            time.sleep(0.01)
        return True

    def stop(self, signum: int = signal.SIGTERM, code: int = 0) -> None:
        """Ask the server to end, as its manual says; it must do so, with this code."""
        self.process.send_signal(signum)
        try:
            ended_with = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert ended_with == code, f"ended with {ended_with}: {self.log.read_text()}"


def start_on_free_port(start, ready) -> tuple[Server, int]:
    """Start a server on a port that is free, and wait; once more where somebody else took the port.

    start(port) gives the Server, ready(port) says whether it answers.
    """
    for _ in range(5):
        port = free_port()
        server = start(port)
        try:
            if server.wait_until(lambda port=port: ready(port)):
                return server, port
        except BaseException:
            server.process.kill()
            server.process.wait()
            raise
    raise AssertionError(f"the server does not start: {server.log.read_text()}")

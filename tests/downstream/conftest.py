"""The servers, each started once for a file; what a test leaves behind; anyio on the loop."""

import contextlib
import gc
import importlib.util
import pathlib
import time

import pytest

from downstream import postgres_server, redis_server
from support import loops

PACKAGES = ("aiofiles", "aiohttp", "anyio", "asyncpg", "grpc", "redis", "uvicorn", "websockets")
if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
    raise pytest.UsageError(f"not installed here: {', '.join(missing)}; run `make test-downstream`")


@pytest.fixture(autouse=True)
def nothing_left():
    """After a test, with its loop closed, this process soon has no descriptor and no child more.

    Soon: some are closed by threads that end behind the loop (asyncio's own waits for children so).
    """
    files, processes = open_files(), children()
    yield
    gc.collect()
    for _ in range(1000):
        left = {fd: name for fd, name in open_files().items() if files.get(fd) != name}
        left |= {pid: "a child" for pid in children() if pid not in processes}
        if not left:
            return
        time.sleep(0.01)
    raise AssertionError(f"left behind: {left}")


def open_files():
    """What each descriptor of this process stands for."""
    found = {}
    for entry in pathlib.Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[entry.name] = str(entry.readlink())
    return found


def children():
    """The ids of this process's children."""
    threads = pathlib.Path("/proc/self/task").glob("*/children")
    return sorted(pid for thread in threads for pid in thread.read_text().split())


@pytest.fixture(scope="module")
def postgres():
    """A real PostgreSQL."""
    programs = postgres_server.find()
    if programs is None:
        pytest.skip(postgres_server.MISSING)
    with postgres_server.running(programs) as server:
        yield server


@pytest.fixture(scope="module")
def redis_at():
    """A real Redis, or Valkey."""
    program = redis_server.find()
    if program is None:
        pytest.skip(redis_server.MISSING)
    with redis_server.running(program) as server:
        yield server


@pytest.fixture
def anyio_options(loop_kind):
    """The options of anyio's asyncio backend: the loop under test."""
    return {"loop_factory": loops.loop_class(loop_kind)}


@pytest.fixture
def anyio_run(anyio_options, log):
    """anyio.run() on the loop under test, of a function that takes nothing."""
    import anyio

    return lambda main: anyio.run(main, backend="asyncio", backend_options=anyio_options)

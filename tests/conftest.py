"""Runs the suite on asyncio's own loop and on rondel's, from one source.

A test that uses the fixture `loop_kind`, itself or through `loop`, runs once for each kind. An
`async def` test runs on the fixture `loop`. RONDEL_TEST_ONLY=asyncio (or rondel) selects one kind.

Strict by default: a test fails on any warning, on anything that reaches the exception handler or
the log of asyncio without being asked for, and after two minutes.
"""

import functools
import gc
import inspect
import logging
import os
import pathlib
import signal
import tempfile

import pytest

from support import loops
from support.log import LogRecords, Problems
from support.net import connected

pytest_plugins = (
    "support.http",
    "support.http_cookies",
    "support.http_multipart",
    "support.http_names",
)

SECONDS = 120
DEBUG = os.environ.get("RONDEL_TEST_DEBUG") == "1"


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "rondel_only(reason): asyncio is the one that is wrong, or has no such thing",
    )
    config.addinivalue_line("filterwarnings", "error")
    # A shell that runs the suite in the background has it ignore Ctrl-C, nohup has it ignore
    # SIGHUP, and with it each child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # aiohttp and others: what they deprecate is theirs.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:aiohttp")


def pytest_collection_modifyitems(config, items):
    for item in items:
        if config.getoption("timeout") is None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS, method="signal"))


def pytest_collection_finish(session):
    # So that the collection after each test looks at what the test made, and costs little.
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc):
    if "loop_kind" in metafunc.fixturenames:
        kinds = loops.selected()
        if metafunc.definition.get_closest_marker("rondel_only"):
            kinds = tuple(kind for kind in kinds if kind == "rondel")
        metafunc.parametrize("loop_kind", kinds)
    elif inspect.iscoroutinefunction(metafunc.function):
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: an async test needs `loop`")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    function = pyfuncitem.obj
    if not inspect.iscoroutinefunction(function):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    pyfuncitem.funcargs["loop"].run_until_complete(function(**arguments))
    return True


@pytest.fixture
def log():
    """The records of asyncio's logger; those that the test does not take fail it."""
    records = LogRecords()
    logger = logging.getLogger("asyncio")
    logger.addHandler(records)
    yield records
    logger.removeHandler(records)
    assert records.messages() == []


@pytest.fixture
def new_loop(loop_kind, log):
    """Makes loops of the kind under test, and closes what the test left open."""
    made = []

    def new_loop():
        made.append(loops.new_loop(loop_kind))
        return made[-1]

    loops.loop_class(loop_kind)
    yield new_loop
    while made:
        loops.finish(made.pop())
    gc.collect()


@pytest.fixture
def loop(new_loop):
    """A new loop, in debug mode only if RONDEL_TEST_DEBUG=1, whatever Python's environment says."""
    loop = new_loop()
    loop.set_debug(DEBUG)
    if DEBUG:
        loop.slow_callback_duration = SECONDS
    return loop


@pytest.fixture
def problems(loop):
    """The contexts the loop's exception handler got; those that the test does not take fail it."""
    problems = Problems()
    loop.set_exception_handler(problems)
    yield problems
    assert problems.take() == []


@pytest.fixture
def socket_folder():
    """A folder with a short name: the path of a Unix socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="r") as name:
        yield pathlib.Path(name)


@pytest.fixture
def socket_path(socket_folder):
    """Where a Unix socket can be made."""
    return str(socket_folder / "socket")


@pytest.fixture(params=["tcp", "unix"])
def connect(request):
    """`support.net.connected`, in either family."""
    return functools.partial(connected, family=request.param)

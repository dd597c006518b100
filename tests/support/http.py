"""Fixtures for the HTTP clients: aiohttp's on asyncio, rondel's on rondel, from one source.

`client` is the module under test: `client.ClientSession`, `client.ClientTimeout`, ... What servers
see, and what they answer, is in `http_raw` (bytes), `http_web` (aiohttp's server), `http_proxy` and
`http_nginx`; all run outside of the loop under test.
"""

import importlib

import pytest

from support import http_nginx
from support.http_raw import RawServer


@pytest.fixture
def client(loop_kind):
    """The module under test: `aiohttp` on asyncio, `rondel.http` on rondel."""
    if loop_kind == "asyncio":
        return pytest.importorskip("aiohttp")
    return importlib.import_module("rondel.http")


@pytest.fixture
def open_session(loop, client):
    """`open_session(**options)` makes sessions of the client, which the end of the test closes."""
    sessions = []

    def open_session(**options):
        async def make():
            return client.ClientSession(**options)

        running = loop.is_running()
        session = client.ClientSession(**options) if running else loop.run_until_complete(make())
        sessions.append(session)
        return session

    yield open_session
    for session in sessions:
        loop.run_until_complete(session.close())


@pytest.fixture
def session(open_session):
    """A session of the client under test, with nothing but defaults."""
    return open_session()


@pytest.fixture
def serve():
    """Starts servers of aiohttp: `serve(handler, context=None, path=None)`, see `http_web`."""
    http_web = pytest.importorskip("support.http_web")
    servers = []

    def serve(*args, **options):
        servers.append(http_web.WebServer(*args, **options))
        return servers[-1]

    yield serve
    _stop(servers)


@pytest.fixture
def http_server(serve):
    """A server of aiohttp that says in JSON what it was sent."""
    return serve()


@pytest.fixture
def raw_server():
    """Starts servers of bytes: `raw_server(script or answers, context=None)`, see `http_raw`."""
    servers = []

    def raw_server(*args, **options):
        servers.append(RawServer(*args, **options))
        return servers[-1]

    yield raw_server
    _stop(servers)


@pytest.fixture(scope="session")
def nginx():
    """A real nginx, see `http_nginx`."""
    program = http_nginx.find()
    if program is None:
        pytest.skip(http_nginx.MISSING)
    with http_nginx.running(program) as server:
        yield server


def _stop(servers) -> None:
    errors = []
    for server in servers:
        try:
            server.stop()
        except Exception as error:
            errors.append(error)
    for error in errors:
        raise error

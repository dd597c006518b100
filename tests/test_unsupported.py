"""What is still to come says so, and names itself."""

import asyncio
import socket

import pytest

from support.net import HOST, connected

pytestmark = pytest.mark.rondel_only("asyncio has all of this")


def calls(loop, sock):
    """A coroutine of each method, by its name."""
    protocol = asyncio.Protocol
    return {
        "subprocess_exec": lambda: loop.subprocess_exec(asyncio.SubprocessProtocol, "true"),
        "subprocess_shell": lambda: loop.subprocess_shell(asyncio.SubprocessProtocol, "true"),
        "start_tls": lambda: loop.start_tls(None, protocol(), None),
    }


NAMES = list(calls(None, None))


@pytest.mark.parametrize("name", NAMES)
async def test_methods(loop, name):
    with socket.socket() as sock:
        sock.setblocking(False)
        with pytest.raises(NotImplementedError, match=rf"\b{name}\b"):
            await calls(loop, sock)[name]()


async def test_high_level_calls(loop):
    for call in (
        lambda: asyncio.create_subprocess_exec("true"),
        lambda: asyncio.create_subprocess_shell("true"),
    ):
        with pytest.raises(NotImplementedError):
            await call()


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_tls(loop):
    ssl = pytest.importorskip("ssl")
    context = ssl.create_default_context()
    with socket.create_server((HOST, 0)) as listener:
        with pytest.raises(NotImplementedError, match=r"\bssl\b"):
            await asyncio.open_connection(*listener.getsockname(), ssl=context)
        with pytest.raises(NotImplementedError, match=r"\bssl\b"):
            await loop.create_server(asyncio.Protocol, HOST, 0, ssl=context)
    async with connected() as (transport, protocol, _peer):
        with pytest.raises(NotImplementedError, match=r"\bstart_tls\b"):
            await loop.start_tls(transport, protocol, context)
        assert not transport.is_closing()

"""What is still to come says so, and names itself."""

import asyncio
import socket

import pytest

pytestmark = pytest.mark.rondel_only("asyncio has all of this")


def calls(loop, sock):
    """A coroutine of each method, by its name."""
    return {
        "subprocess_exec": lambda: loop.subprocess_exec(asyncio.SubprocessProtocol, "true"),
        "subprocess_shell": lambda: loop.subprocess_shell(asyncio.SubprocessProtocol, "true"),
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

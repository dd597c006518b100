"""Accepting when the system is out of descriptors: told once, and it goes on."""

import asyncio
import errno
import os
import socket
from asyncio import constants

import pytest

from support import child
from support.net import HOST
from support.servers import Accepting, client_of
from support.turns import turns

PROGRAM = """
    import asyncio, errno, os, resource, socket, sys
    from asyncio import constants
    from support.loops import new_loop
    from support.turns import until
    constants.ACCEPT_RETRY_DELAY = 0.001
    contexts = []
    made = []
    class Protocol(asyncio.Protocol):
        def connection_made(self, transport):
            made.append(transport)
    loop = new_loop()
    loop.set_exception_handler(lambda loop, context: contexts.append(context))
    async def start(path=None):
        if path:
            return await loop.create_unix_server(Protocol, path)
        return await loop.create_server(Protocol, "127.0.0.1", 0)
    async def shortage(address, family, room=0):
        clients = [socket.socket(family) for _ in range(3)]
        for client in clients:
            client.connect(address)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.open("/dev/null", os.O_RDONLY)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + room, hard))
        await until(lambda: contexts)
        for _ in range(20):
            await asyncio.sleep(0.001)
        context = contexts[0]
        assert context["exception"].errno == errno.EMFILE
        print(len(contexts), len(made), context["message"], sorted(context))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        while len(made) < len(clients):
            await asyncio.sleep(0.001)
        for transport in made:
            transport.abort()
        for client in clients:
            client.close()
        contexts.clear()
        made.clear()
        await asyncio.sleep(0)
    async def main():
        server = await start(*sys.argv[1:])
        (sock,) = server.sockets
        await shortage(sock.getsockname(), sock.family)
        await shortage(sock.getsockname(), sock.family)
        await shortage(sock.getsockname(), sock.family, room=2)
        server.close()
        await server.wait_closed()
    loop.run_until_complete(main())
    loop.close()
"""
SAID = "socket.accept() out of system resource ['exception', 'message', 'socket']"


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_out_of_descriptors(loop_kind, family, socket_path):
    where = [socket_path] if family == "unix" else []
    lines = child.output(loop_kind, PROGRAM, *where).splitlines()
    counts = [line.split(" ", 2) for line in lines]
    assert [said for _, _, said in counts] == [SAID] * 3
    assert [accepted for _, accepted, _ in counts] == ["0", "0", "2"]
    if loop_kind == "rondel":  # asyncio says it at each attempt, as often as its backlog is long
        assert [times for times, _, _ in counts] == ["1", "1", "1"]


CLOSED_MEANWHILE = """
    import asyncio, os, resource, socket
    from asyncio import constants
    from support.loops import new_loop
    from support.turns import until
    constants.ACCEPT_RETRY_DELAY = 0.001
    contexts = []
    loop = new_loop()
    loop.set_exception_handler(lambda loop, context: contexts.append(context))
    async def main():
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        client = socket.create_connection(server.sockets[0].getsockname())
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.open("/dev/null", os.O_RDONLY)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        await until(lambda: contexts)
        server.close()
        contexts.clear()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(20):
            await asyncio.sleep(0.001)
        print(contexts)
        client.close()
    loop.run_until_complete(main())
    loop.close()
"""


@pytest.mark.rondel_only("asyncio watches the closed socket again, and reports that it cannot")
def test_a_server_that_closes_meanwhile(loop_kind):
    assert child.output(loop_kind, CLOSED_MEANWHILE) == "[]\n"


class Scarce(socket.socket):
    """A listening socket for which the system lacks something, for as long as it is told to."""

    lack = None

    def accept(self):
        if self.lack:
            raise OSError(self.lack, os.strerror(self.lack))
        return super().accept()


@pytest.mark.parametrize("lack", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
async def test_each_kind_of_shortage(loop, problems, monkeypatch, lack):
    monkeypatch.setattr(constants, "ACCEPT_RETRY_DELAY", 0.001)
    sock = Scarce()
    sock.bind((HOST, 0))
    accepting = Accepting()
    # A backlog of 1, so that asyncio says it once an attempt.
    server = await loop.create_server(accepting, sock=sock, backlog=1)
    sock.lack = getattr(errno, lack)
    with client_of(server) as client:
        while not problems.contexts:
            await asyncio.sleep(0)
        context = problems.contexts[0]
        assert context["message"] == "socket.accept() out of system resource"
        assert context["exception"].errno == sock.lack
        assert context["socket"].fileno() == sock.fileno()
        sock.lack = None
        client.send(b"at last")
        (protocol,) = await accepting.connections()
        assert await protocol.received(7) == b"at last"
    await protocol.lost
    problems.take()
    server.close()
    await server.wait_closed()


async def test_another_error_is_told_and_accepting_goes_on(loop, problems):
    sock = Scarce()
    sock.bind((HOST, 0))
    accepting = Accepting()
    server = await loop.create_server(accepting, sock=sock)
    sock.lack = errno.EPROTO
    with client_of(server):
        while not problems.contexts:
            await asyncio.sleep(0)
        sock.lack = None
        assert set(problems.contexts[0]) == {"message", "exception", "handle"}
        assert problems.take()[0]["exception"].errno == errno.EPROTO
        (protocol,) = await accepting.connections()
    await protocol.lost
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("passing", ["ECONNABORTED", "EINTR", "EAGAIN"])
async def test_errors_that_are_none(loop, problems, passing):
    sock = Scarce()
    sock.bind((HOST, 0))
    accepting = Accepting()
    server = await loop.create_server(accepting, sock=sock)
    sock.lack = getattr(errno, passing)
    with client_of(server):
        await turns(5)
        assert accepting.made == []
        sock.lack = None
        (protocol,) = await accepting.connections()
    await protocol.lost
    server.close()
    await server.wait_closed()

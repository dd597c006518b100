"""Mistakes of protocols in places where nobody looks for them: the loop goes on."""

import asyncio
import socket

import pytest

from support.datagrams import Recorder as DatagramRecorder
from support.net import connected
from support.pipes import reading
from support.protocols import Recorder
from support.turns import one_turn, turns


@pytest.mark.rondel_only("asyncio never calls connection_lost then")
async def test_a_pipe_whose_protocol_has_no_eof_received(loop, problems):
    class Lacking(Recorder):
        @property
        def eof_received(self):
            raise AttributeError("no such method")

    async with reading(Lacking) as (transport, protocol, file):
        file.close()
        assert await protocol.lost is None
        context = problems.take_one()
        assert str(context["exception"]) == "no such method"
        assert context["transport"] is transport
        assert context["protocol"] is protocol


@pytest.mark.rondel_only("asyncio cannot send to the unnamed peer of a pair")
def test_connection_lost_that_raises_behind_the_last_datagram(loop, problems):
    """An endpoint that was closed with much to send ends in the turn that sends the last of it."""

    class Raising(DatagramRecorder):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise ZeroDivisionError

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.setblocking(False)

    async def main():
        transport, protocol = await loop.create_datagram_endpoint(Raising, sock=ours)
        while not transport.get_write_buffer_size():
            transport.sendto(b"x" * 1000)
        transport.close()
        return protocol

    protocol = loop.run_until_complete(main())
    with theirs:
        while not protocol.all("lost"):
            try:
                theirs.recv(1000)
            except BlockingIOError:
                one_turn(loop)
    assert type(problems.take_one()["exception"]) is ZeroDivisionError
    assert ours.fileno() == -1


def test_a_nested_run_that_reads_for_the_protocol_that_runs_it(loop, problems, log):
    """What patched loops do: data comes while the context of reading is in use."""
    results = []

    async def nested():
        await turns(10)
        return "done"

    class Nesting(Recorder):
        def data_received(self, data):
            super().data_received(data)
            if data == b"nest":
                self.peer.send(b"more")
                asyncio._set_running_loop(None)
                thread, loop._thread_id = loop._thread_id, None
                try:
                    results.append(loop.run_until_complete(nested()))
                finally:
                    asyncio._set_running_loop(loop)
                    loop._thread_id = thread

    async def main():
        async with connected(Nesting) as (_transport, protocol, peer):
            protocol.peer = peer
            peer.send(b"nest")
            assert await protocol.received(4) == b"nest"
            await protocol.received(8)

    loop.run_until_complete(main())
    assert results == ["done"]
    # asyncio's handler fails in the same way, and then that is logged.
    told = [str(context["exception"]) for context in problems.take()] + log.messages()
    assert told

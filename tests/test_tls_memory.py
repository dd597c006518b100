"""What TLS connections hold, they let go."""

import asyncio
import gc
import tracemalloc
import weakref

import pytest

from support.net import tcp_pair
from support.protocols import Recorder
from support.tls import Peer, client_context, server_context, tls_server
from support.turns import turns


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def converse(loop, address, context, how):
    transport, protocol = await loop.create_connection(
        Recorder, *address, ssl=context, server_hostname="localhost"
    )
    transport.write(bytes(20_000))
    await protocol.received(20_000)
    getattr(transport, how)()
    await protocol.lost


async def growth(loop, address, context, how):
    """Bytes that stay of 200 connections."""
    await turns(10)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(200):
            await converse(loop, address, context, how)
        await turns(10)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_memory_stays_flat(loop, how):
    context = client_context()
    server = server_context()
    async with tls_server(Echo, server) as (_server, address):
        for _ in range(20):
            await converse(loop, address, context, how)
        # A connection takes tens of kilobytes: one in ten that stays would show, each time. What
        # grows once is the interpreter's: its table of interned names takes 1.9 MB when it doubles.
        grown = [await growth(loop, address, context, how) for _ in range(2)]
        assert min(grown) < 200_000


@pytest.mark.rondel_only("asyncio's protocol keeps what it was made of")
@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_connection_that_is_over_needs_no_collector(loop, how):
    context = client_context()
    async with tls_server(Echo) as (_server, address):
        gc.collect()
        gc.disable()
        try:
            transport, protocol = await loop.create_connection(
                Recorder, *address, ssl=context, server_hostname="localhost"
            )
            known = weakref.ref(transport), weakref.ref(transport._ssl_protocol)
            below = weakref.ref(transport._ssl_protocol._transport)
            getattr(transport, how)()
            await protocol.lost
            # What the program holds itself.
            protocol.transport = protocol.made = None
            protocol.events.clear()
            del transport, protocol
            await turns(5)
            assert [it() for it in (*known, below)] == [None] * 3
        finally:
            gc.enable()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_a_connection_that_is_forgotten_is_collected(loop):
    ours, theirs = tcp_pair()
    peer = Peer(theirs)
    shaken = loop.run_in_executor(None, peer.handshake)

    class Small(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

    transport, protocol = await loop.create_connection(
        Small, sock=ours, ssl=client_context(), server_hostname="localhost"
    )
    await shaken
    # Now nobody watches the socket.
    transport._ssl_protocol._transport.pause_reading()
    known = weakref.ref(transport), weakref.ref(protocol)
    del transport, protocol, ours
    await turns(2)
    gc.collect()
    assert [it() for it in known] == [None, None]
    theirs.close()

"""Private names of asyncio's own loop that programs in use read (never part of its interface)."""

import asyncio
import concurrent.futures
import signal
import threading

from support import datagrams
from support.net import HOST, connected
from support.protocols import Recorder
from support.turns import one_turn


async def test_server_ssl_context(loop):
    """The suite of websockets looks at it."""
    server = await loop.create_server(Recorder, HOST, 0)
    assert server._ssl_context is None
    server.close()
    await server.wait_closed()


async def test_transport_sock(loop):
    """pymodbus#778: the socket itself while the connection lasts, then None."""
    async with connected() as (transport, protocol, peer):
        assert transport._sock.fileno() == transport.get_extra_info("socket").fileno()
        assert transport._sock.getpeername() == peer.getsockname()
        transport.close()
        await protocol.lost
        await asyncio.sleep(0)
        assert transport._sock is None


async def test_transport_protocol(loop):
    """aiosmtplib#18, uvloop#42: the protocol of the moment, then None."""
    async with connected() as (transport, protocol, _peer):
        assert transport._protocol is protocol
        other = Recorder()
        transport.set_protocol(other)
        assert transport._protocol is other
        transport.close()
        await other.lost
        await asyncio.sleep(0)
        assert transport._protocol is None


async def test_datagram_transport_sock_and_protocol(loop):
    async with datagrams.endpoint() as (transport, protocol):
        assert transport._sock.getsockname() == datagrams.name_of(transport)
        assert transport._protocol is protocol
        transport.close()
        await protocol.lost
        await asyncio.sleep(0)
        assert (transport._sock, transport._protocol) == (None, None)


def test_loop_ready(loop):
    """prompt-toolkit#1088: how much is ready, and which handles, in their order."""
    assert len(loop._ready) == 0
    first, second = loop.call_soon(print), loop.call_soon(print)
    assert list(loop._ready) == [first, second]
    assert loop._ready
    first.cancel(), second.cancel()
    one_turn(loop)
    assert not loop._ready


def test_loop_signal_handlers(loop):
    """covalent#917: the handles by their signals."""
    assert loop._signal_handlers == {}
    loop.add_signal_handler(signal.SIGUSR1, print)
    assert list(loop._signal_handlers) == [signal.SIGUSR1]
    assert isinstance(loop._signal_handlers[signal.SIGUSR1], asyncio.Handle)
    loop.remove_signal_handler(signal.SIGUSR1)
    assert loop._signal_handlers == {}


async def test_loop_default_executor(loop):
    assert loop._default_executor is None
    await loop.run_in_executor(None, int)
    assert isinstance(loop._default_executor, concurrent.futures.ThreadPoolExecutor)


def test_loop_thread_id(loop):
    """The thread that runs the loop; None while none does."""
    assert loop._thread_id is None
    seen = []
    loop.call_soon(lambda: seen.append(loop._thread_id))
    one_turn(loop)
    thread = threading.Thread(
        target=lambda: (loop.call_soon(lambda: seen.append(loop._thread_id)), one_turn(loop))
    )
    thread.start()
    thread.join()
    assert seen == [threading.get_ident(), thread.ident]
    assert loop._thread_id is None

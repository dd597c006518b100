"""Servers end: serve_forever (uvloop#602), their clients (uvloop#683), and wait_closed."""

import asyncio

import pytest

from support.net import HOST, receive_all
from support.protocols import Recorder
from support.servers import Accepting, client_of
from support.turns import turns


async def test_serve_forever_is_cancelled_by_close(loop):
    server = await loop.create_server(Recorder, HOST, 0)
    task = asyncio.create_task(server.serve_forever())
    await turns(2)
    server.close()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_serve_forever_is_cancelled_by_close_with_a_client(loop):
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    task = asyncio.create_task(server.serve_forever())
    client = client_of(server)
    (protocol,) = await accepting.connections()
    server.close()
    await turns(2)
    client.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    await protocol.lost


@pytest.mark.parametrize("method", ["close_clients", "abort_clients"])
@pytest.mark.skipif(not hasattr(asyncio.Server, "close_clients"), reason="since Python 3.13")
async def test_server_has_close_clients_and_abort_clients(loop, method):
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    clients = [client_of(server) for _ in range(3)]
    protocols = await accepting.connections(3)
    getattr(server, method)()
    for protocol in protocols:
        await protocol.lost
    for client in clients:
        assert receive_all(client) == b""
        client.close()
    assert server.is_serving()
    server.close()
    await server.wait_closed()


@pytest.mark.skipif(not hasattr(asyncio.Server, "close_clients"), reason="since Python 3.13")
async def test_abort_clients_does_not_wait_for_a_peer_that_never_reads(loop):
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    with client_of(server):
        (protocol,) = await accepting.connections()
        protocol.transport.write(bytes(20_000_000))
        assert protocol.transport.get_write_buffer_size() > 0
        server.close()
        server.close_clients()
        await turns(3)
        assert not protocol.lost.done(), "close_clients lets them finish"
        server.abort_clients()
        await server.wait_closed()
        assert protocol.lost.done()


async def waits(server) -> None:
    """wait_closed comes back, however often it is called."""
    await asyncio.gather(*(server.wait_closed() for _ in range(3)))
    await server.wait_closed()


async def test_wait_closed_never_hangs_without_clients(loop):
    server = await loop.create_server(Recorder, HOST, 0)
    server.close()
    await waits(server)


async def test_wait_closed_never_hangs_on_a_server_that_never_served(loop):
    server = await loop.create_server(Recorder, HOST, 0, start_serving=False)
    server.close()
    await waits(server)


async def test_wait_closed_never_hangs_after_its_clients_are_gone(loop):
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    for _ in range(3):
        client_of(server).close()
    for protocol in await accepting.connections(3):
        await protocol.lost
    await turns(2)
    server.close()
    await waits(server)


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_wait_closed_never_hangs_when_protocols_close_in_connection_made(loop, how):
    class Sudden(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            getattr(transport, how)()

    made = []
    server = await loop.create_server(lambda: made.append(Sudden()) or made[-1], HOST, 0)
    clients = [client_of(server) for _ in range(3)]
    for client in clients:
        assert await asyncio.to_thread(receive_all, client) == b""
        client.close()
    server.close()
    await waits(server)
    assert [protocol.names for protocol in made] == [["made", "lost"]] * 3


async def test_wait_closed_never_hangs_when_connection_made_fails(loop, problems):
    class Failing(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            raise LookupError("made")

    accepted = loop.create_future()

    def factory():
        accepted.set_result(Failing())
        return accepted.result()

    server = await loop.create_server(factory, HOST, 0)
    client = client_of(server)
    protocol = await accepted
    await protocol.made
    assert isinstance(problems.take_one()["exception"], LookupError)
    client.close()
    await protocol.lost
    await turns(1)
    server.close()
    await waits(server)


async def test_wait_closed_never_hangs_when_connection_lost_raises(loop, problems):
    class Failing(Recorder):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise LookupError("lost")

    accepted = loop.create_future()

    def factory():
        accepted.set_result(Failing())
        return accepted.result()

    server = await loop.create_server(factory, HOST, 0)
    client_of(server).close()
    protocol = await accepted
    await protocol.lost
    server.close()
    await waits(server)
    assert isinstance(problems.take_one()["exception"], LookupError)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_wait_closed_never_hangs_when_the_factory_raises(loop, problems):
    def factory():
        raise LookupError("factory")

    loop.set_debug(True)  # without it asyncio says nothing
    loop.slow_callback_duration = 60
    server = await loop.create_server(factory, HOST, 0)
    with client_of(server):
        while not problems.contexts:
            await asyncio.sleep(0)
    assert str(problems.take_one()["exception"]) == "factory"
    server.close()
    await waits(server)


@pytest.mark.skipif(not hasattr(asyncio.Server, "close_clients"), reason="since Python 3.13")
async def test_wait_closed_never_hangs_with_clients_that_are_aborted_meanwhile(loop):
    accepting = Accepting()
    server = await loop.create_server(accepting, HOST, 0)
    clients = [client_of(server) for _ in range(3)]
    await accepting.connections(3)
    server.close()
    waiting = asyncio.create_task(waits(server))
    await turns(2)
    assert not waiting.done()
    server.abort_clients()
    await waiting
    for client in clients:
        client.close()


async def test_stream_wait_closed_never_hangs(loop):
    served = asyncio.Queue()

    async def serve(reader, writer):
        writer.write(await reader.read(100))
        writer.close()
        await writer.wait_closed()
        await writer.wait_closed()
        served.put_nowait("closed")

    server = await asyncio.start_server(serve, HOST, 0)
    with client_of(server) as client:
        client.sendall(b"x")
        assert await asyncio.to_thread(receive_all, client) == b"x"
    assert await served.get() == "closed"
    server.close()
    await waits(server)

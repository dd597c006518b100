"""create_connection: names, addresses, sockets, and each way to fail."""

import asyncio
import socket
import sys

import pytest

from support.net import HOST, connected, listening, receive_exactly
from support.protocols import Recorder
from support.turns import turns


@pytest.fixture
def listener():
    with listening() as sock:
        yield sock


@pytest.fixture
def free_port():
    """A port on which nobody listens."""
    with listening() as sock:
        return sock.getsockname()[1]


async def accepted(loop, listener, transport, protocol):
    """Accept the connection, talk both ways, and close it."""
    peer, _ = listener.accept()
    with peer:
        transport.write(b"out")
        assert receive_exactly(peer, 3) == b"out"
        peer.send(b"in")
        assert await protocol.received(2) == b"in"
        transport.close()
        await protocol.lost


@pytest.mark.parametrize("host", [HOST, "localhost"])
async def test_by_host_and_port(loop, listener, host):
    port = listener.getsockname()[1]
    transport, protocol = await loop.create_connection(Recorder, host, port)
    assert protocol.names == ["made"]
    assert transport.get_extra_info("peername") == (HOST, port)
    sock = transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await accepted(loop, listener, transport, protocol)


async def test_by_socket(loop, listener):
    sock = socket.create_connection(listener.getsockname())
    assert sock.getblocking()
    transport, protocol = await loop.create_connection(Recorder, sock=sock)
    assert not sock.getblocking()
    await accepted(loop, listener, transport, protocol)


async def test_over_ipv6(loop):
    try:
        listener = listening(socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with listener:
        port = listener.getsockname()[1]
        transport, protocol = await loop.create_connection(Recorder, "::1", port)
        assert transport.get_extra_info("peername")[:2] == ("::1", port)
        await accepted(loop, listener, transport, protocol)


async def test_local_address(loop, listener, free_port):
    transport, protocol = await loop.create_connection(
        Recorder, *listener.getsockname(), local_addr=(HOST, free_port)
    )
    assert transport.get_extra_info("sockname") == (HOST, free_port)
    await accepted(loop, listener, transport, protocol)


async def test_local_address_in_use(loop, listener):
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        await loop.create_connection(
            Recorder, *listener.getsockname(), local_addr=listener.getsockname()
        )


async def test_happy_eyeballs(loop, listener):
    transport, protocol = await loop.create_connection(
        Recorder, "localhost", listener.getsockname()[1], happy_eyeballs_delay=0.01, interleave=1
    )
    await accepted(loop, listener, transport, protocol)


async def test_refused(loop, free_port):
    with pytest.raises(ConnectionRefusedError, match="Connect call failed"):
        await loop.create_connection(Recorder, HOST, free_port)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="all_errors came with 3.12")
async def test_all_errors(loop, free_port):
    with pytest.raises(ExceptionGroup, match="create_connection failed") as caught:
        await loop.create_connection(Recorder, HOST, free_port, all_errors=True)
    assert [type(error) for error in caught.value.exceptions] == [ConnectionRefusedError]


async def test_unresolvable(loop):
    with pytest.raises(socket.gaierror):
        await loop.create_connection(Recorder, "no such host", 80)


async def test_arguments_that_do_not_go_together(loop):
    both = pytest.raises(ValueError, match="can not be specified at the same time")
    with socket.socket() as sock, both:
        await loop.create_connection(Recorder, HOST, 80, sock=sock)
    with pytest.raises(ValueError, match="host and port was not specified and no sock specified"):
        await loop.create_connection(Recorder)
    with pytest.raises(ValueError, match="server_hostname is only meaningful with ssl"):
        await loop.create_connection(Recorder, HOST, 80, server_hostname=HOST)


async def test_a_socket_of_another_type(loop):
    no_stream = pytest.raises(ValueError, match="A Stream Socket was expected")
    with socket.socket(type=socket.SOCK_DGRAM) as sock, no_stream:
        await loop.create_connection(Recorder, sock=sock)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_a_factory_that_raises(loop, listener):
    def factory():
        raise ValueError("factory")

    with pytest.raises(ValueError, match="factory"):
        await loop.create_connection(factory, *listener.getsockname())


async def test_connection_made_that_raises(loop, listener, problems):
    class Failing(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            raise ValueError("made")

    transport, protocol = await loop.create_connection(Failing, *listener.getsockname())
    context = problems.take_one()
    assert set(context) == {"message", "exception", "handle"}
    assert str(context["exception"]) == "made"
    assert not transport.is_closing()
    await accepted(loop, listener, transport, protocol)


async def test_cancelled_while_it_connects(loop):
    with listening(backlog=0) as listener:
        # Beyond the first the listener's queue is full, and connects stay under way.
        tasks = [
            asyncio.create_task(loop.create_connection(Recorder, *listener.getsockname()))
            for _ in range(4)
        ]
        await turns(5)
        pending = [task for task in tasks if not task.done()]
        assert pending
        for task in pending:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(task.cancelled() for task in pending)
        for task in set(tasks) - set(pending):
            task.result()[0].abort()
        await turns(2)


async def test_cancelled_between_connecting_and_connection_made(loop, listener):
    class Sudden(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            task.cancel()

    made = []

    def factory():
        made.append(Sudden())
        return made[-1]

    task = asyncio.create_task(loop.create_connection(factory, *listener.getsockname()))
    await asyncio.wait([task])
    assert task.cancelled()
    await made[0].lost
    assert made[0].names == ["made", "lost"]
    await asyncio.sleep(0)
    assert made[0].transport.get_extra_info("socket").fileno() == -1


async def test_connect_accepted_socket(loop, listener):
    peer = socket.create_connection(listener.getsockname())
    sock, _ = listener.accept()
    _transport, protocol = await loop.connect_accepted_socket(Recorder, sock)
    with peer:
        peer.send(b"accepted")
        assert await protocol.received(8) == b"accepted"
    await protocol.lost


async def test_many_at_once(loop, listener):
    address = listener.getsockname()
    results = await asyncio.gather(*(loop.create_connection(Recorder, *address) for _ in range(50)))
    for transport, protocol in results:
        assert protocol.names == ["made"]
        transport.close()
    await asyncio.gather(*(protocol.lost for _, protocol in results))


async def test_a_closed_loop_has_no_connections(loop, new_loop):
    async with connected() as (_, protocol, peer):
        peer.send(b"alive")
        assert await protocol.received(5) == b"alive"
    other = new_loop()
    other.close()
    coroutine = other.create_connection(Recorder, HOST, 80)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        await coroutine

"""Datagrams that come to nothing, and protocols that raise."""

import asyncio
import contextlib
import errno
import os
import socket
import sys

import pytest

from support.datagrams import Recorder, endpoint, name_of, udp_socket
from support.net import HOST
from support.turns import turns


def free_address() -> tuple:
    """Where nobody listens."""
    with udp_socket() as sock:
        return sock.getsockname()


async def test_a_refusal_reaches_error_received(loop):
    async with endpoint(remote_addr=free_address()) as (transport, protocol):
        transport.sendto(b"to nobody")
        [(error,)] = await protocol.had("error")
        assert type(error) is ConnectionRefusedError
        assert error.args == (errno.ECONNREFUSED, "Connection refused")
        assert not transport.is_closing()
        transport.sendto(b"again")
        await protocol.had("error", 2)
        assert protocol.all("lost") == []


async def test_a_datagram_that_is_too_large(loop):
    async with endpoint() as (transport, protocol):
        transport.sendto(bytes(70_000), (HOST, 9))
        [(error,)] = protocol.all("error")
        assert (type(error), error.errno) == (OSError, errno.EMSGSIZE)
        assert str(error) == "[Errno 90] Message too long"
        assert not transport.is_closing()


async def test_broadcast_must_be_asked_for(loop):
    address = ("255.255.255.255", 9)
    async with endpoint(family=socket.AF_INET) as (transport, protocol):
        transport.sendto(b"x", address)
        [(error,)] = protocol.all("error")
        assert isinstance(error, PermissionError)
    async with endpoint(family=socket.AF_INET, allow_broadcast=True) as (transport, protocol):
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)


async def test_a_broadcast_address_is_the_only_one(loop):
    with udp_socket() as peer:
        async with endpoint(remote_addr=peer.getsockname(), allow_broadcast=True) as (transport, _):
            assert transport.get_extra_info("peername") is None
            transport.sendto(b"1")
            transport.sendto(b"2", peer.getsockname())
            transport.sendto(b"3", addr=None)
            assert [peer.recv(9) for _ in range(3)] == [b"1", b"2", b"3"]
            with pytest.raises(ValueError, match="Invalid address: must be None or"):
                transport.sendto(b"4", (HOST, 9))


async def test_a_connected_endpoint_takes_its_own_address_only(loop):
    with udp_socket() as peer:
        name = peer.getsockname()
        async with endpoint(remote_addr=name) as (transport, _):
            transport.sendto(b"1", name)
            transport.sendto(b"2", None)
            assert [peer.recv(9), peer.recv(9)] == [b"1", b"2"]
            for wrong in ((HOST, 9), "text", (*name, 0)):
                with pytest.raises(ValueError, match="Invalid address: must be None or"):
                    transport.sendto(b"3", wrong)


async def test_a_connected_endpoint_hears_its_peer_only(loop):
    with udp_socket() as peer, udp_socket() as stranger:
        async with endpoint(remote_addr=peer.getsockname()) as (transport, protocol):
            stranger.sendto(b"strange", name_of(transport))
            peer.sendto(b"known", name_of(transport))
            assert await protocol.had("datagram") == [(b"known", peer.getsockname())]


@pytest.mark.parametrize("raised", [ValueError, OSError, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("where", ["datagram_received", "error_received"])
async def test_what_the_protocol_raises_leaves_the_endpoint_open(loop, problems, raised, where):
    class Raises(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if where == "datagram_received":
                raise raised("on purpose")

        def error_received(self, exc):
            super().error_received(exc)
            if where == "error_received":
                raise raised("on purpose")

    with udp_socket() as peer:
        async with endpoint(Raises, remote_addr=peer.getsockname()) as (transport, protocol):
            transport.sendto(b"x")
            for count in (1, 2):
                if where == "datagram_received":
                    peer.sendto(b"x", name_of(transport))
                    await protocol.had("datagram", count)
                else:
                    peer.close()
                    await refused(transport, protocol, count)
            contexts = problems.take()
            assert len(contexts) == 2
            for context in contexts:
                assert context["message"].startswith("Exception in callback")
                assert type(context["exception"]) is raised
            assert not transport.is_closing()


async def refused(transport, protocol, count) -> None:
    """Have the system report that nobody listens, in the loop: not in `sendto`."""
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same:
        while len(protocol.all("error")) < count:
            with contextlib.suppress(ConnectionRefusedError):
                same.send(b"x")
            await turns(2)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_leaves_the_loop_and_the_endpoint_goes_on(loop, raised):
    class Raises(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if data == b"stop":
                raise raised

    async def open_endpoint():
        return await loop.create_datagram_endpoint(Raises, local_addr=(HOST, 0))

    transport, protocol = loop.run_until_complete(open_endpoint())
    with udp_socket() as peer:
        peer.sendto(b"stop", name_of(transport))
        with pytest.raises(raised):
            loop.run_forever()
        peer.sendto(b"more", name_of(transport))
        loop.run_until_complete(protocol.had("datagram", 2))
    transport.close()
    assert loop.run_until_complete(protocol.lost) is None


async def test_what_error_received_raises_in_sendto_reaches_its_caller(loop):
    class Raises(Recorder):
        def error_received(self, exc):
            raise ZeroDivisionError

    async with endpoint(Raises) as (transport, _):
        with pytest.raises(ZeroDivisionError):
            transport.sendto(bytes(70_000), (HOST, 9))
        assert not transport.is_closing()


async def test_what_connection_made_raises_leaves_the_endpoint_open(loop, problems):
    class Raises(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            raise ZeroDivisionError

    async with endpoint(Raises) as (transport, protocol):
        assert type(problems.take_one()["exception"]) is ZeroDivisionError
        with udp_socket() as peer:
            peer.sendto(b"x", name_of(transport))
            await protocol.had("datagram")


async def test_closed_by_the_protocol_while_it_receives(loop):
    class Closes(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            self.transport.abort()

    async with endpoint(Closes) as (transport, protocol):
        with udp_socket() as peer:
            peer.sendto(b"1", name_of(transport))
            peer.sendto(b"2", name_of(transport))
            assert await protocol.lost is None
            assert len(protocol.all("datagram")) == 1


async def test_closed_in_connection_made(loop):
    class Closes(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.close()

    async with endpoint(Closes) as (_transport, protocol):
        assert await protocol.lost is None
        assert protocol.events == [("made",), ("lost", None)]


async def test_sending_to_a_closed_endpoint_is_no_error(loop, log):
    with udp_socket() as peer:
        async with endpoint(remote_addr=peer.getsockname()) as (transport, protocol):
            transport.close()
            await protocol.lost
            for _ in range(7):
                transport.sendto(b"x")
    assert set(log.messages()) == {"socket.send() raised exception."}


@pytest.mark.rondel_only("asyncio raises AttributeError for what it has let go of")
async def test_sending_to_a_closed_endpoint_without_a_peer(loop, log):
    with udp_socket() as peer:
        async with endpoint() as (transport, protocol):
            transport.close()
            await protocol.lost
            await turns(1)
            for _ in range(7):
                transport.sendto(b"x", peer.getsockname())
            transport.close()
            transport.abort()
            assert transport.get_write_buffer_size() == 0
    assert set(log.messages()) == {"socket.send() raised exception."}


async def test_a_cancelled_creation_closes_its_socket(loop):
    task = asyncio.create_task(
        loop.create_datagram_endpoint(lambda: made.append(Recorder()) or made[-1], (HOST, 0))
    )
    made = []
    while not made:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await made[0].lost is None


@pytest.mark.skipif(sys.platform != "linux", reason="where Unix datagrams are refused like this")
async def test_a_unix_peer_that_is_gone(loop):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(b"")
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.connect(receiver.getsockname())
    async with endpoint(sock=sender) as (transport, protocol):
        transport.sendto(b"x")
        [(error,)] = protocol.all("error")
        assert isinstance(error, ConnectionRefusedError)
        assert not transport.is_closing()

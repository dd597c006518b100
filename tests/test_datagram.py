"""create_datagram_endpoint: what each argument does, and the life of an endpoint."""

import asyncio
import contextvars
import gc
import itertools
import os
import socket
import warnings
import weakref

import pytest

from support.datagrams import Recorder, endpoint, name_of, udp_socket
from support.net import HOST
from support.turns import turns

BOTH = pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["v4", "v6"]
)


@BOTH
async def test_an_echo_between_two_endpoints(loop, family, host):
    async with (
        endpoint(local_addr=(host, 0)) as (server, served),
        endpoint(remote_addr=name_of(server)[:2]) as (client, asked),
    ):
        client.sendto(b"ping")
        [(data, address)] = await served.had("datagram")
        assert (data, address) == (b"ping", name_of(client))
        assert type(data) is bytes
        server.sendto(b"pong", address)
        assert await asked.had("datagram") == [(b"pong", name_of(server))]
        assert client.get_extra_info("peername") == name_of(server)
        assert server.get_extra_info("peername") is None
        assert server.get_extra_info("socket").family == family


async def test_datagrams_come_one_a_turn_and_in_order(loop):
    async with endpoint() as (transport, protocol):
        with udp_socket() as peer:
            for number in range(5):
                peer.sendto(b"%d" % number, name_of(transport))
            seen = []
            while len(protocol.events) < 6:
                await asyncio.sleep(0)
                seen.append(len(protocol.events))
            assert all(b - a <= 1 for a, b in itertools.pairwise(seen))
            assert [data for data, _ in protocol.all("datagram")] == [b"%d" % n for n in range(5)]


@pytest.mark.parametrize("size", [0, 1, 1472, 1473, 9000, 65507])
async def test_a_datagram_arrives_whole(loop, size):
    data = bytes(range(256)) * (size // 256 + 1)
    async with endpoint() as (transport, protocol):
        with udp_socket() as peer:
            peer.sendto(data[:size], name_of(transport))
            [(received, address)] = await protocol.had("datagram")
            assert received == data[:size]
            if size:
                transport.sendto(received, address)
                assert peer.recvfrom(100_000) == (data[:size], name_of(transport))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(data)[:]])
async def test_what_may_be_sent(loop, kind):
    async with endpoint() as (transport, _):
        with udp_socket() as peer:
            transport.sendto(kind(b"data"), peer.getsockname())
            transport.sendto(data=kind(b"more"), addr=peer.getsockname())
            assert [peer.recv(100), peer.recv(100)] == [b"data", b"more"]


@pytest.mark.parametrize("wrong", ["text", None, 7, [1]], ids=repr)
async def test_what_may_not_be_sent(loop, wrong):
    async with endpoint() as (transport, protocol):
        with pytest.raises(TypeError, match="data argument must be a bytes-like object"):
            transport.sendto(wrong, (HOST, 9))
        with pytest.raises(TypeError):
            transport.sendto()
        with pytest.raises(TypeError):
            transport.sendto(b"", (HOST, 9), 3)
        with pytest.raises(TypeError):
            transport.sendto(b"", address=(HOST, 9))
        with pytest.raises(TypeError):
            transport.sendto(b"", data=b"")
        assert protocol.events == [("made",)]


async def test_the_order_of_the_first_callbacks(loop):
    with udp_socket() as peer:
        sock = udp_socket()
        peer.sendto(b"early", sock.getsockname())
        transport, protocol = await loop.create_datagram_endpoint(Recorder, sock=sock)
        assert protocol.events[0] == ("made",)
        assert await protocol.had("datagram") == [(b"early", peer.getsockname())]
        assert transport.get_protocol() is protocol
        assert transport.get_extra_info("socket").gettimeout() == 0
        assert transport.get_extra_info("nothing", 7) == 7
        transport.close()
        await protocol.lost


async def test_close_and_abort(loop):
    for how in ("close", "abort"):
        async with endpoint() as (transport, protocol):
            sock = transport.get_extra_info("socket")
            assert not transport.is_closing()
            getattr(transport, how)()
            getattr(transport, how)()
            assert transport.is_closing()
            assert protocol.events == [("made",)], "connection_lost comes by call_soon"
            assert sock.fileno() != -1
            assert await protocol.lost is None
            await turns(1)
            assert sock.fileno() == -1
            assert protocol.events == [("made",), ("lost", None)]


async def test_the_socket_is_open_in_connection_lost(loop):
    class Looks(Recorder):
        def connection_lost(self, exc):
            self.note("fileno", self.transport.get_extra_info("socket").fileno())
            super().connection_lost(exc)

    async with endpoint(Looks) as (transport, protocol):
        transport.close()
        await protocol.lost
        assert protocol.all("fileno")[0][0] >= 0


async def test_nothing_is_received_after_close(loop):
    async with endpoint() as (transport, protocol):
        with udp_socket() as peer:
            peer.sendto(b"late", name_of(transport))
            transport.close()
            await protocol.lost
            assert protocol.all("datagram") == []


async def test_sending_after_close_warns_in_the_end(loop, log):
    with udp_socket() as peer:
        async with endpoint(remote_addr=peer.getsockname()) as (transport, protocol):
            transport.close()
            await protocol.lost
            for _ in range(10):
                transport.sendto(b"late")
            assert set(log.messages()) == {"socket.send() raised exception."}


async def test_pause_and_resume_reading(loop):
    async with endpoint() as (transport, protocol):
        with udp_socket() as peer:
            transport.pause_reading()
            transport.pause_reading()
            assert not transport.is_reading()
            peer.sendto(b"waits", name_of(transport))
            await turns(5)
            assert protocol.all("datagram") == []
            transport.resume_reading()
            transport.resume_reading()
            assert await protocol.had("datagram") == [(b"waits", peer.getsockname())]


async def test_another_protocol(loop):
    async with endpoint() as (transport, first):
        second = Recorder()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        with udp_socket() as peer:
            peer.sendto(b"x", name_of(transport))
            await second.had("datagram")
        transport.close()
        await second.lost
        assert first.events == [("made",)]


async def test_repr(loop):
    async with endpoint() as (transport, protocol):
        await turns(2)
        fd = transport.get_extra_info("socket").fileno()
        assert f" fd={fd} read=polling write=<idle, bufsize=0>>" in repr(transport)
        transport.close()
        assert " closing fd=" in repr(transport)
        await protocol.lost
        await turns(1)
        assert f" closed fd={fd}>" in repr(transport)


async def test_an_unclosed_endpoint_warns(loop):
    transport, protocol = await loop.create_datagram_endpoint(Recorder, local_addr=(HOST, 0))
    transport.pause_reading()
    fd = transport.get_extra_info("socket").fileno()
    ref = weakref.ref(transport)
    del transport, protocol
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    assert ref() is None
    assert any("unclosed transport" in str(warning.message) for warning in caught)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


async def test_an_endpoint_that_receives_needs_no_other_reference(loop):
    transport, protocol = await loop.create_datagram_endpoint(Recorder, local_addr=(HOST, 0))
    name, ref = name_of(transport), weakref.ref(transport)
    await turns(2)
    events = protocol.events
    protocol.transport = transport = protocol = None
    gc.collect()
    with udp_socket() as peer:
        peer.sendto(b"still there", name)
        while len(events) < 2:
            await asyncio.sleep(0)
    ref().close()
    await turns(3)


async def test_endpoints_that_are_over_are_garbage(loop):
    with udp_socket() as peer:
        async with endpoint() as (transport, protocol):
            peer.sendto(b"x", name_of(transport))
            await protocol.had("datagram")
            protocol.itself = protocol
        refs = weakref.ref(transport), weakref.ref(protocol)
    del transport, protocol
    await turns(2)
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


async def test_the_loop_refuses_its_descriptor(loop):
    async with endpoint() as (transport, _):
        fd = transport.get_extra_info("socket").fileno()
        for use in (loop.add_reader, loop.add_writer):
            with pytest.raises(RuntimeError, match="is used by transport"):
                use(fd, print)
        with pytest.raises(RuntimeError, match="is used by transport"):
            loop.remove_reader(fd)


async def test_callbacks_run_in_the_context_of_the_creation(loop):
    variable = contextvars.ContextVar("variable", default=0)

    class Sets(Recorder):
        def connection_made(self, transport):
            variable.set(2)
            super().connection_made(transport)

        def datagram_received(self, data, addr):
            self.note("datagram", variable.get())

    variable.set(1)
    async with endpoint(Sets) as (transport, protocol):
        with udp_socket() as peer:
            peer.sendto(b"x", name_of(transport))
            assert await protocol.had("datagram") == [(1,)]


async def test_debug_mode_names_a_slow_protocol(loop, log):
    class Slow(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            loop.slow_callback_duration = 0

    async with endpoint(Slow) as (transport, protocol):
        with udp_socket() as peer:
            loop.set_debug(True)
            loop.slow_callback_duration = 60
            peer.sendto(b"x", name_of(transport))
            await protocol.had("datagram")
            loop.set_debug(False)
    assert any("Transport" in message and "seconds" in message for message in log.messages())

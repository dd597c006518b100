"""Many datagrams that wait at once, with nothing else for the loop to do: still one a turn.

Where nothing else is ready, rondel takes the next datagram without asking the system first whether
there is one. Nothing but its speed may tell.
"""

import asyncio
import contextvars
import os
import signal
import socket
import threading

import pytest

from support.datagrams import Recorder, endpoint, name_of, udp_socket
from support.net import HOST
from support.turns import turns

COUNT = 50
#: So long may one socket keep the loop from looking at others, in datagrams.
PATIENCE = 20


class Counting(Recorder):
    """Does something at some of the datagrams, which are numbers."""

    do = staticmethod(lambda protocol, number: None)

    def datagram_received(self, data, addr):
        self.note("datagram", int(data))
        self.do(self, int(data))


def counting(do):
    """A class of protocols that do that."""
    return type("Doing", (Counting,), {"do": staticmethod(do)})


def send(transport, count=COUNT, first=0) -> None:
    """Have so many datagrams wait for an endpoint."""
    with udp_socket() as peer:
        for number in range(first, first + count):
            peer.sendto(b"%d" % number, name_of(transport))


def numbers(protocol) -> list[int]:
    return [number for (number,) in protocol.all("datagram")]


async def test_all_come_in_order(loop):
    async with endpoint(Counting) as (transport, protocol):
        for first in (0, COUNT):
            send(transport, first=first)
            await protocol.had("datagram", first + COUNT)
        assert numbers(protocol) == list(range(2 * COUNT))


async def test_what_a_datagram_schedules_runs_before_the_next(loop):
    def do(protocol, number):
        loop.call_soon(protocol.note, "soon", number)

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        await protocol.had("soon", COUNT)
        expected = [(kind, n) for n in range(COUNT) for kind in ("datagram", "soon")]
        assert protocol.events[1:] == expected


async def test_what_another_thread_schedules_runs_before_the_next(loop):
    def do(protocol, number):
        args = (protocol.note, "soon", number)
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=args)
        thread.start()
        thread.join()

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport, 20)
        await protocol.had("soon", 20)
        expected = [(kind, n) for n in range(20) for kind in ("datagram", "soon")]
        assert protocol.events[1:] == expected


async def test_a_timer_that_is_due_waits_for_one_datagram_at_most(loop):
    def do(protocol, number):
        loop.call_at(0, protocol.note, "timer", number)

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        await protocol.had("timer", COUNT)
        events = protocol.events
        for number in range(COUNT - 2):
            timer, later = events.index(("timer", number)), events.index(("datagram", number + 2))
            assert timer < later


async def test_a_task_wakes_before_the_next(loop):
    def do(protocol, number):
        protocol.queue.put_nowait(number)

    async with endpoint(counting(do)) as (transport, protocol):
        protocol.queue = asyncio.Queue()
        send(transport)
        for number in range(COUNT):
            assert await protocol.queue.get() == number
            assert len(numbers(protocol)) <= number + 2


async def test_paused_in_the_middle(loop):
    def do(protocol, number):
        if number == 7:
            protocol.transport.pause_reading()

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        await protocol.had("datagram", 8)
        await turns(5)
        assert numbers(protocol) == list(range(8))
        transport.resume_reading()
        await protocol.had("datagram", COUNT)
        assert numbers(protocol) == list(range(COUNT))


async def test_resumed_at_once(loop):
    def do(protocol, number):
        protocol.transport.pause_reading()
        protocol.transport.resume_reading()

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        await protocol.had("datagram", COUNT)
        assert numbers(protocol) == list(range(COUNT))


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_closed_in_the_middle(loop, how):
    def do(protocol, number):
        if number == 7:
            getattr(protocol.transport, how)()

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        assert await protocol.lost is None
        await turns(3)
        assert protocol.events[1:] == [*(("datagram", n) for n in range(8)), ("lost", None)]


async def test_another_protocol_in_the_middle(loop):
    second = Counting()

    def do(protocol, number):
        if number == 7:
            protocol.transport.set_protocol(second)

    async with endpoint(counting(do)) as (transport, first):
        send(transport)
        await second.had("datagram", COUNT - 8)
        assert numbers(first) + numbers(second) == list(range(COUNT))
        assert len(numbers(first)) == 8


@pytest.mark.parametrize("error", [LookupError, OSError, asyncio.CancelledError])
async def test_an_error_in_the_middle(loop, problems, error):
    def do(protocol, number):
        if number % 10 == 7:
            raise error(number)

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        await protocol.had("datagram", COUNT)
        contexts = problems.take()
        assert [context["exception"].args for context in contexts] == [
            (7,),
            (17,),
            (27,),
            (37,),
            (47,),
        ]
        assert numbers(protocol) == list(range(COUNT))
        assert not transport.is_closing()


async def test_an_error_of_the_network_in_the_middle(loop):
    """A connected endpoint hears between two datagrams that nobody takes what was sent."""

    def do(protocol, number):
        if number == 3:
            with protocol.transport.get_extra_info("socket").dup() as same:
                same.send(b"x")

    with udp_socket() as peer:
        async with endpoint(counting(do), remote_addr=peer.getsockname()) as (transport, protocol):
            for number in range(10):
                peer.sendto(b"%d" % number, name_of(transport))
            peer.close()
            await protocol.had("datagram", 10)
            assert numbers(protocol) == list(range(10))
            [(error,)] = protocol.all("error")
            assert isinstance(error, ConnectionRefusedError)
            assert protocol.events.index(("error", error)) == 5
            assert not transport.is_closing()


def test_stopped_in_the_middle(loop):
    def do(protocol, number):
        if number % 10 == 7:
            loop.stop()

    async def open_endpoint():
        return await loop.create_datagram_endpoint(counting(do), local_addr=(HOST, 0))

    transport, protocol = loop.run_until_complete(open_endpoint())
    send(transport)
    for last in (7, 17, 27, 37, 47):
        loop.run_forever()
        assert numbers(protocol) == list(range(last + 1))
    transport.abort()
    loop.run_until_complete(protocol.lost)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupted_in_the_middle(loop, error):
    def do(protocol, number):
        if number == 7:
            raise error

    async def open_endpoint():
        return await loop.create_datagram_endpoint(counting(do), local_addr=(HOST, 0))

    transport, protocol = loop.run_until_complete(open_endpoint())
    send(transport)
    with pytest.raises(error):
        loop.run_forever()
    assert numbers(protocol) == list(range(8))
    loop.run_until_complete(protocol.had("datagram", COUNT))
    assert numbers(protocol) == list(range(COUNT))
    transport.abort()
    loop.run_until_complete(protocol.lost)


async def test_two_sockets_take_turns(loop):
    seen = []

    def noting(name):
        return counting(lambda protocol, number: seen.append(name))

    async with (
        endpoint(noting("a")) as (a, first),
        endpoint(noting("b")) as (b, second),
    ):
        send(a)
        send(b)
        await first.had("datagram", COUNT)
        await second.had("datagram", COUNT)
        for end in range(2 * COUNT):
            assert abs(seen[:end].count("a") - seen[:end].count("b")) <= 1


@pytest.mark.parametrize("kind", ["datagram", "reader"])
async def test_another_descriptor_is_not_starved(loop, kind):
    """One becomes ready during a burst: it is heard long before the burst is over."""
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)

    def do(protocol, number):
        if number == 3:
            theirs.send(b"99")

    with theirs:
        async with endpoint(counting(do)) as (transport, protocol):
            if kind == "reader":
                loop.add_reader(ours, lambda: protocol.note("other", ours.recv(10)))
                await heard(protocol, transport)
                loop.remove_reader(ours)
                ours.close()
            else:
                other = counting(lambda _other, number: protocol.note("other", number))
                async with endpoint(other, sock=ours):
                    await heard(protocol, transport)


async def heard(protocol, transport) -> None:
    send(transport)
    await protocol.had("datagram", COUNT)
    kinds = [event[0] for event in protocol.events]
    assert kinds[: kinds.index("other")].count("datagram") <= 4 + PATIENCE


async def test_a_signal_is_heard_during_a_burst(loop):
    def do(protocol, number):
        if number == 3:
            os.kill(os.getpid(), signal.SIGUSR1)

    async with endpoint(counting(do)) as (transport, protocol):
        loop.add_signal_handler(signal.SIGUSR1, protocol.note, "signal")
        send(transport)
        await protocol.had("datagram", COUNT)
        loop.remove_signal_handler(signal.SIGUSR1)
        kinds = [event[0] for event in protocol.events]
        assert kinds[: kinds.index("signal")].count("datagram") <= 4 + PATIENCE


async def test_a_descriptor_closed_behind_its_transport_is_silent(loop):
    def do(protocol, number):
        if number == 7:
            os.close(protocol.fd)

    async with endpoint(counting(do)) as (transport, protocol):
        protocol.fd = transport.get_extra_info("socket").fileno()
        send(transport)
        await protocol.had("datagram", 8)
        await turns(5)
        assert protocol.events[1:] == [("datagram", number) for number in range(8)]
        # For the transport to close.
        another = udp_socket().detach()
        if another != protocol.fd:
            os.dup2(another, protocol.fd)
            os.close(another)


async def test_a_socket_made_blocking_does_not_block_the_loop(loop):
    async with endpoint(Counting) as (transport, protocol):
        for number in range(COUNT):
            with transport.get_extra_info("socket").dup() as same:
                same.setblocking(True)
            send(transport, 1, number)
            await protocol.had("datagram", number + 1)
        await turns(3)
        assert numbers(protocol) == list(range(COUNT))


async def test_what_one_datagram_sets_in_the_context_the_next_finds(loop):
    variable = contextvars.ContextVar("variable", default=0)

    def do(protocol, number):
        assert variable.get() == number
        variable.set(number + 1)

    async with endpoint(counting(do)) as (transport, protocol):
        send(transport)
        await protocol.had("datagram", COUNT)
        assert variable.get() == 0


async def test_data_that_is_kept_stays_as_it_was(loop):
    """Also where a part of it is let go of, and its memory may serve again."""

    class Keeping(Recorder):
        def __init__(self):
            super().__init__()
            self.kept = []
            self.count = 0

        def datagram_received(self, data, addr):
            assert data == expected[self.count]
            hash(data)
            if self.count % 3 == 0:
                self.kept.append((self.count, data))
            elif self.count % 3 == 1:
                self.kept.append((self.count, memoryview(data)))
            self.count += 1
            if self.count == len(expected):
                self.note("all")

    expected = [bytes([n]) * size for n, size in enumerate([1000, 990, 1000, 64, 60, 2, 1, 0] * 6)]
    async with endpoint(Keeping) as (transport, protocol):
        with udp_socket() as peer:
            for data in expected:
                peer.sendto(data, name_of(transport))
            await protocol.had("all")
        assert all(bytes(data) == expected[number] for number, data in protocol.kept)
        assert all(hash(bytes(data)) == hash(expected[number]) for number, data in protocol.kept)
        assert len({data for _, data in protocol.kept if type(data) is bytes and len(data) > 2}) > 8


async def test_datagrams_of_many_peers_have_their_addresses(loop):
    hosts = ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.1", "127.1.2.3"]
    async with endpoint(local_addr=("0.0.0.0", 0)) as (transport, protocol):
        peers = [udp_socket(host=host) for host in hosts]
        for _ in range(3):
            for peer in peers:
                peer.sendto(b"x", (HOST, name_of(transport)[1]))
        expected = [(b"x", peer.getsockname()) for peer in peers] * 3
        assert await protocol.had("datagram", len(expected)) == expected
        for data, address in protocol.all("datagram"):
            transport.sendto(data, address)
        for peer in peers * 3:
            assert peer.recv(10) == b"x"
        for peer in peers:
            peer.close()

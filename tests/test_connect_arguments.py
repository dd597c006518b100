"""create_connection and connect_accepted_socket: each argument, and what each refuses."""

import asyncio
import socket
import ssl
import sys

import pytest

from support.net import HOST, connected, listening, receive_exactly
from support.protocols import Recorder
from support.turns import until

IPV4 = [("198.51.100.1", 80), ("198.51.100.2", 80)]
IPV6 = [("2001:db8::1", 80, 0, 0), ("2001:db8::2", 80, 0, 0)]


@pytest.fixture
def listener():
    with listening() as sock:
        yield sock


def resolve_to(loop, *addresses):
    """Have the loop's look-up of any name give these; keeps the arguments that it gets."""
    calls = []

    # `type` is the name of the argument there.
    async def getaddrinfo(host, port, *, family=0, type=0, proto=0, flags=0):  # noqa: A002
        calls.append((host, port, family, type, proto, flags))
        return [
            (
                socket.AF_INET if len(address) == 2 else socket.AF_INET6,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                address,
            )
            for address in addresses
        ]

    loop.getaddrinfo = getaddrinfo
    return calls


def refuse_connects(loop):
    """Have each attempt to connect fail with the address in its text; keeps the addresses."""
    tried = []

    async def sock_connect(sock, address):
        tried.append(address)
        raise ConnectionRefusedError(111, f"no {address[0]}")

    loop.sock_connect = sock_connect
    return tried


async def meet(transport, protocol, listener):
    """Accept the connection, exchange a word, and close it."""
    peer, _ = listener.accept()
    with peer:
        transport.write(b"out")
        assert receive_exactly(peer, 3) == b"out"
    await protocol.lost


async def test_the_family(loop, listener):
    transport, protocol = await loop.create_connection(
        Recorder, "localhost", listener.getsockname()[1], family=socket.AF_INET
    )
    assert transport.get_extra_info("socket").family == socket.AF_INET
    await meet(transport, protocol, listener)
    with pytest.raises(socket.gaierror):
        await loop.create_connection(Recorder, HOST, 80, family=socket.AF_INET6)


async def test_the_port_as_text(loop, listener):
    port = listener.getsockname()[1]
    transport, protocol = await loop.create_connection(Recorder, HOST, str(port))
    await meet(transport, protocol, listener)


async def test_the_host_as_bytes(loop, listener):
    port = listener.getsockname()[1]
    transport, protocol = await loop.create_connection(Recorder, HOST.encode(), port)
    await meet(transport, protocol, listener)


async def test_flags_are_those_of_getaddrinfo(loop):
    with pytest.raises(socket.gaierror):
        await loop.create_connection(Recorder, "localhost", 80, flags=socket.AI_NUMERICHOST)


async def test_what_getaddrinfo_is_asked(loop, listener):
    calls = resolve_to(loop, listener.getsockname())
    transport, protocol = await loop.create_connection(
        Recorder,
        "somewhere",
        7,
        family=socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_ADDRCONFIG,
    )
    assert calls == [
        (
            "somewhere",
            7,
            socket.AF_INET,
            socket.SOCK_STREAM,
            socket.IPPROTO_TCP,
            socket.AI_ADDRCONFIG,
        )
    ]
    await meet(transport, protocol, listener)


async def test_a_name_without_addresses(loop):
    resolve_to(loop)
    with pytest.raises(OSError, match=r"getaddrinfo\(\) returned empty list"):
        await loop.create_connection(Recorder, "somewhere", 80)


# --- Several addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "order"),
    [
        ({}, [*IPV4, *IPV6]),
        ({"interleave": 0}, [*IPV4, *IPV6]),
        ({"interleave": 1}, [IPV4[0], IPV6[0], IPV4[1], IPV6[1]]),
        ({"interleave": 2}, [*IPV4, *IPV6]),
        ({"happy_eyeballs_delay": 0}, [IPV4[0], IPV6[0], IPV4[1], IPV6[1]]),
        ({"happy_eyeballs_delay": 0, "interleave": 0}, [*IPV4, *IPV6]),
    ],
    ids=str,
)
async def test_the_order_of_attempts(loop, how, order):
    resolve_to(loop, *IPV4, *IPV6)
    tried = refuse_connects(loop)
    with pytest.raises(OSError, match="Multiple exceptions: ") as caught:
        await loop.create_connection(Recorder, "somewhere", 80, **how)
    assert tried == order
    assert all(f"no {address[0]}" in str(caught.value) for address in order)


async def test_one_error_where_all_are_the_same(loop):
    resolve_to(loop, IPV4[0], IPV4[0])
    refuse_connects(loop)
    with pytest.raises(ConnectionRefusedError, match=f"no {IPV4[0][0]}"):
        await loop.create_connection(Recorder, "somewhere", 80)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="all_errors came with 3.12")
@pytest.mark.parametrize("delay", [None, 0])
async def test_all_errors(loop, delay):
    resolve_to(loop, *IPV4)
    refuse_connects(loop)
    with pytest.raises(ExceptionGroup, match="create_connection failed") as caught:
        await loop.create_connection(
            Recorder, "somewhere", 80, all_errors=True, happy_eyeballs_delay=delay
        )
    assert [type(error) for error in caught.value.exceptions] == [ConnectionRefusedError] * 2


async def test_the_next_address_is_tried_when_one_refuses(loop, listener):
    with listening() as other:
        nobody = other.getsockname()
    resolve_to(loop, nobody, listener.getsockname())
    transport, protocol = await loop.create_connection(Recorder, "somewhere", 80)
    assert transport.get_extra_info("peername") == listener.getsockname()
    await meet(transport, protocol, listener)


async def test_happy_eyeballs_overtake_an_address_that_does_not_answer(loop, listener):
    with listening(backlog=0) as busy, socket.create_connection(busy.getsockname()):
        # Its queue is full: who connects now waits.
        resolve_to(loop, busy.getsockname(), listener.getsockname())
        transport, protocol = await loop.create_connection(
            Recorder, "somewhere", 80, happy_eyeballs_delay=0.001
        )
        assert transport.get_extra_info("peername") == listener.getsockname()
        await meet(transport, protocol, listener)


# --- The local address ----------------------------------------------------------------------------


async def test_a_local_address_that_does_not_resolve(loop, listener):
    with pytest.raises(socket.gaierror):
        await loop.create_connection(
            Recorder, *listener.getsockname(), local_addr=("no such host", 0)
        )


async def test_a_local_address_that_is_not_ours(loop, listener):
    with pytest.raises(OSError, match=r"error while attempting to bind on address \('192\.0\.2"):
        await loop.create_connection(Recorder, *listener.getsockname(), local_addr=("192.0.2.1", 0))


async def test_a_local_port_of_ones_own_choice(loop, listener):
    transport, protocol = await loop.create_connection(
        Recorder, *listener.getsockname(), local_addr=("127.0.0.2", 0)
    )
    assert transport.get_extra_info("sockname")[0] == "127.0.0.2"
    await meet(transport, protocol, listener)


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["ssl_handshake_timeout", "ssl_shutdown_timeout"])
async def test_timeouts_of_tls_need_tls(loop, option):
    with pytest.raises(ValueError, match=f"{option} is only meaningful with ssl"):
        await loop.create_connection(Recorder, HOST, 80, **{option: 1})
    alone = pytest.raises(ValueError, match=f"{option} is only meaningful with ssl")
    with socket.socket() as sock, alone:
        await loop.connect_accepted_socket(Recorder, sock, **{option: 1})


async def test_tls_needs_a_name(loop):
    nameless = pytest.raises(ValueError, match="You must set server_hostname when using ssl")
    with socket.socket() as sock, nameless:
        await loop.create_connection(Recorder, sock=sock, ssl=True)


async def test_sockets_of_tls_are_refused(loop):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    with context.wrap_socket(socket.socket()) as sock:
        with pytest.raises(TypeError, match="Socket cannot be of type SSLSocket"):
            await loop.create_connection(Recorder, sock=sock)
        with pytest.raises(TypeError, match="Socket cannot be of type SSLSocket"):
            await loop.connect_accepted_socket(Recorder, sock)


@pytest.mark.rondel_only("asyncio before 3.12 gives it a second transport")
async def test_a_socket_that_a_transport_has_already(loop):
    async with connected() as (transport, protocol, peer):
        sock = transport._sock
        with pytest.raises(RuntimeError, match="is used by transport"):
            await loop.create_connection(Recorder, sock=sock)
        peer.send(b"alive")
        assert await protocol.received(5) == b"alive"


# --- connect_accepted_socket ----------------------------------------------------------------------


async def test_an_accepted_socket_of_another_type(loop):
    no_stream = pytest.raises(ValueError, match="A Stream Socket was expected")
    with socket.socket(type=socket.SOCK_DGRAM) as sock, no_stream:
        await loop.connect_accepted_socket(Recorder, sock)


async def test_a_factory_that_raises_on_an_accepted_socket(loop):
    def factory():
        raise ValueError("factory")

    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ValueError, match="factory"):
        await loop.connect_accepted_socket(factory, ours)


async def test_a_cancelled_connect_accepted_socket_closes_it(loop):
    made = []

    def factory():
        made.append(Recorder())
        return made[-1]

    ours, theirs = socket.socketpair()
    with theirs:
        task = asyncio.create_task(loop.connect_accepted_socket(factory, ours))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: ours.fileno() == -1)
        assert made[0].names == ["made", "lost"]

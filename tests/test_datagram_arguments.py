"""create_datagram_endpoint: each argument, and what it says of those that do not fit."""

import os
import socket
import stat
import tempfile

import pytest

from support.datagrams import Recorder, endpoint, name_of, udp_socket
from support.net import HOST


@pytest.fixture
def folder():
    """A folder with a short name: the path of a socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        yield folder


async def test_both_addresses(loop):
    with udp_socket() as peer:
        async with endpoint(local_addr=("127.0.0.5", 0), remote_addr=peer.getsockname()) as (
            transport,
            _,
        ):
            transport.sendto(b"x")
            assert peer.recvfrom(9) == (b"x", name_of(transport))
            assert name_of(transport)[0] == "127.0.0.5"


async def test_names_are_looked_up(loop):
    async with endpoint(local_addr=("localhost", 0), family=socket.AF_INET) as (server, protocol):
        port = name_of(server)[1]
        async with endpoint(remote_addr=("localhost", port), family=socket.AF_INET) as (client, _):
            client.sendto(b"x")
            assert await protocol.had("datagram") == [(b"x", name_of(client))]


async def test_a_family_alone(loop):
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        async with endpoint(family=family) as (transport, _):
            sock = transport.get_extra_info("socket")
            assert (sock.family, sock.type) == (family, socket.SOCK_DGRAM)


async def test_a_protocol_number(loop):
    async with endpoint(local_addr=(HOST, 0), proto=socket.IPPROTO_UDP) as (transport, _):
        assert transport.get_extra_info("socket").proto == socket.IPPROTO_UDP


async def test_flags_of_the_look_up(loop):
    with pytest.raises(socket.gaierror):
        await loop.create_datagram_endpoint(
            Recorder, local_addr=("no.such.host.invalid", 0), flags=socket.AI_NUMERICHOST
        )


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="no SO_REUSEPORT")
async def test_reuse_port(loop):
    async with endpoint(local_addr=(HOST, 0), reuse_port=True) as (first, _):
        async with endpoint(local_addr=name_of(first), reuse_port=True) as (second, _):
            assert name_of(second) == name_of(first)
        with pytest.raises(OSError, match="in use"):
            await loop.create_datagram_endpoint(Recorder, local_addr=name_of(first))


async def test_a_socket_that_is_connected(loop):
    with udp_socket() as peer:
        sock = udp_socket()
        sock.connect(peer.getsockname())
        async with endpoint(sock=sock) as (transport, _):
            assert transport.get_extra_info("peername") == peer.getsockname()
            transport.sendto(b"1")
            transport.sendto(b"2", ("127.0.0.1", 9))
            assert [peer.recv(9), peer.recv(9)] == [b"1", b"2"]


async def test_a_socket_that_another_object_closes_stays_open(loop):
    sock = udp_socket()
    async with endpoint(sock=sock) as (transport, protocol):
        name = name_of(transport)
        with udp_socket() as peer:
            peer.sendto(b"x", name)
            await protocol.had("datagram")


@pytest.mark.rondel_only("asyncio gives one descriptor to two transports")
async def test_one_socket_for_two_endpoints_is_refused(loop):
    async with endpoint() as (transport, _):
        sock = transport.get_extra_info("socket")._sock
        with pytest.raises(RuntimeError, match="is used by transport"):
            await loop.create_datagram_endpoint(Recorder, sock=sock)


async def test_unix_paths(loop, folder):
    to, origin = f"{folder}/to", f"{folder}/from"
    async with endpoint(local_addr=to, family=socket.AF_UNIX) as (server, protocol):
        assert stat.S_ISSOCK(os.stat(to).st_mode)
        async with endpoint(local_addr=origin, remote_addr=to, family=socket.AF_UNIX) as (
            client,
            asked,
        ):
            assert client.get_extra_info("peername") == to
            client.sendto(b"question")
            assert await protocol.had("datagram") == [(b"question", origin)]
            server.sendto(b"answer", origin)
            assert await asked.had("datagram") == [(b"answer", to)]


async def test_a_stale_unix_path_is_taken_over(loop, folder):
    path = f"{folder}/stale"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
    async with endpoint(local_addr=path, family=socket.AF_UNIX) as (transport, _):
        assert name_of(transport) == path


async def test_a_file_in_place_of_a_unix_path_stays(loop, folder):
    path = f"{folder}/file"
    with open(path, "w"):
        pass
    with pytest.raises(OSError, match="in use"):
        await loop.create_datagram_endpoint(Recorder, local_addr=path, family=socket.AF_UNIX)
    assert stat.S_ISREG(os.stat(path).st_mode)


WRONG = {
    "nothing at all": ({}, ValueError, "unexpected address family"),
    "a host alone": ({"local_addr": HOST}, TypeError, "2-tuple is expected"),
    "three parts": ({"remote_addr": (HOST, 0, 0)}, TypeError, "2-tuple is expected"),
    "a tuple for Unix": (
        {"local_addr": (HOST, 0), "family": socket.AF_UNIX},
        TypeError,
        "string is expected",
    ),
    "families that do not meet": (
        {"local_addr": ("127.0.0.1", 0), "remote_addr": ("::1", 9)},
        ValueError,
        "can not get address information",
    ),
    "an address that is not here": ({"local_addr": ("192.0.2.1", 0)}, OSError, "."),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_does_not_fit(loop, case):
    arguments, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        await loop.create_datagram_endpoint(Recorder, **arguments)


@pytest.mark.parametrize(
    "argument",
    [
        {"local_addr": (HOST, 0)},
        {"remote_addr": (HOST, 9)},
        {"family": socket.AF_INET},
        {"proto": 17},
        {"flags": 1},
        {"reuse_port": True},
        {"allow_broadcast": True},
    ],
    ids=lambda argument: next(iter(argument)),
)
async def test_a_socket_and_more(loop, argument):
    with udp_socket() as sock, pytest.raises(ValueError, match=next(iter(argument))):
        await loop.create_datagram_endpoint(Recorder, sock=sock, **argument)


async def test_a_stream_socket(loop):
    with socket.socket() as sock, pytest.raises(ValueError, match=r"[Ss]ocket was expected"):
        await loop.create_datagram_endpoint(Recorder, sock=sock)


async def test_a_factory_that_raises(loop):
    def factory():
        raise ZeroDivisionError

    with udp_socket() as sock, pytest.raises(ZeroDivisionError):
        await loop.create_datagram_endpoint(factory, sock=sock)

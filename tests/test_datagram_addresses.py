"""Addresses of datagrams: as `socket.recvfrom` gives them, and as `socket.sendto` takes them."""

import contextlib
import os
import socket
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import child
from support.datagrams import Recorder, endpoint, name_of, udp_socket
from support.net import HOST, SECONDS
from support.turns import turns


def bound(family, address) -> socket.socket:
    """A blocking datagram socket with a time limit, bound unless the address is None."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(SECONDS)
    if address is not None:
        sock.bind(address)
    return sock


def cases(folder):
    """Family, the address of the receiver, the address of the sender."""
    abstract = b"\0rondel %d " % os.getpid()
    return {
        "v4": (socket.AF_INET, (HOST, 0), ("127.0.0.9", 0)),
        "v6": (socket.AF_INET6, ("::1", 0), ("::1", 0)),
        "mapped": (socket.AF_INET6, ("::ffff:127.0.0.1", 0), ("::ffff:127.0.0.1", 0)),
        "path": (socket.AF_UNIX, f"{folder}/to", f"{folder}/from"),
        "other letters": (socket.AF_UNIX, f"{folder}/tö", f"{folder}/\udcff"),
        "longest path": (socket.AF_UNIX, f"{folder}/to", f"{folder}/".ljust(107, "x")),
        "unbound": (socket.AF_UNIX, f"{folder}/to", None),
        "abstract": (socket.AF_UNIX, abstract + b"to", abstract + b"from"),
        "binary": (socket.AF_UNIX, abstract + b"\0\0", abstract + b"\xff\0x"),
        "longest": (socket.AF_UNIX, abstract.ljust(108, b"t"), abstract.ljust(108, b"f")),
        "autobind": (socket.AF_UNIX, b"", b""),
    }


@pytest.fixture
def folder():
    """A folder with a short name: the path of a socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        yield folder


@pytest.mark.parametrize("case", list(cases("")))
async def test_the_sender_is_named_as_by_recvfrom(loop, folder, case):
    family, to, origin = cases(folder)[case]
    with bound(family, to) as receiver, bound(family, origin) as sender:
        sender.sendto(b"1", receiver.getsockname())
        expected = receiver.recvfrom(10)[1]
        sender.sendto(b"2", receiver.getsockname())
        sender.sendto(b"3", receiver.getsockname())
        async with endpoint(sock=receiver.dup()) as (transport, protocol):
            got = await protocol.had("datagram", 2)
            assert got == [(b"2", expected), (b"3", expected)]
            assert [type(address) for _, address in got] == [type(expected)] * 2
            if expected:
                assert [list(map(type, address)) for _, address in got] == [
                    list(map(type, expected))
                ] * 2 or isinstance(expected, str | bytes)
                transport.sendto(b"answer", got[0][1])
                assert sender.recv(10) == b"answer"


@pytest.mark.parametrize("case", [name for name in cases("") if name != "unbound"])
async def test_an_address_of_ones_own_making(loop, folder, case):
    family, to, origin = cases(folder)[case]
    with bound(family, to) as receiver:
        name = receiver.getsockname()
        async with endpoint(sock=bound(family, origin)) as (transport, protocol):
            transport.sendto(b"1", name)
            if isinstance(name, tuple):
                transport.sendto(b"2", (*name,))
            elif isinstance(name, str):
                transport.sendto(b"2", os.fsencode(name))
            else:
                transport.sendto(b"2", name)
            assert [receiver.recvfrom(10), receiver.recvfrom(10)] == [
                (b"1", name_of(transport)),
                (b"2", name_of(transport)),
            ]
            assert protocol.events == [("made",)]


async def test_many_senders(loop):
    async with endpoint() as (transport, protocol):
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(udp_socket(host=f"127.0.0.{n}")) for n in range(2, 30)]
            for number, peer in enumerate(peers * 2):
                peer.sendto(b"%d" % number, name_of(transport))
            got = await protocol.had("datagram", 2 * len(peers))
            names = [peer.getsockname() for peer in peers] * 2
            assert got == [(b"%d" % n, name) for n, name in enumerate(names)]
            for data, address in got:
                transport.sendto(data, address)
            for number, peer in enumerate(peers):
                assert [peer.recv(9), peer.recv(9)] == [b"%d" % number, b"%d" % (number + 28)]


async def test_ipv6_with_all_four_parts(loop):
    with udp_socket(socket.AF_INET6, "::1") as peer:
        async with endpoint(local_addr=("::1", 0)) as (transport, _):
            host, port, *_ = peer.getsockname()
            for address in ((host, port), (host, port, 0), (host, port, 0, 0), (host, port, 5, 0)):
                transport.sendto(b"x", address)
                assert peer.recv(9) == b"x"


async def test_a_host_that_must_be_looked_up(loop):
    with udp_socket() as peer:
        async with endpoint() as (transport, protocol):
            transport.sendto(b"x", ("localhost", peer.getsockname()[1]))
            assert peer.recvfrom(9) == (b"x", name_of(transport))
            assert protocol.events == [("made",)]


WRONG = {
    "no address": None,
    "host alone": (HOST,),
    "list": [HOST, 9],
    "name": HOST,
    "port of text": (HOST, "9"),
    "large port": (HOST, 70_000),
    "negative port": (HOST, -1),
    "number": 9,
    "v6 on v4": ("::1", 9),
    "bytes": b"\0abstract",
    "long": (HOST, 9, 0),
    "flow": ("::1", 9, 1 << 20),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_no_address(loop, problems, case):
    """As `socket.sendto` says it: an OSError to error_received, any other ends the endpoint."""
    address = WRONG[case]
    with udp_socket() as sock, pytest.raises((OSError, TypeError, OverflowError)) as expected:
        sock.sendto(b"x", address)
    async with endpoint() as (transport, protocol):
        transport.sendto(b"x", address)
        if isinstance(expected.value, OSError):
            [(error,)] = protocol.all("error")
            assert (type(error), error.args) == (type(expected.value), expected.value.args)
            assert not transport.is_closing()
        else:
            error = await protocol.lost
            assert (type(error), error.args) == (type(expected.value), expected.value.args)
            context = problems.take_one()
            assert context["message"] == "Fatal write error on datagram transport"
            assert context["exception"] is error
            assert context["transport"] is transport
            assert context["protocol"] is protocol


@pytest.mark.parametrize("length", [108, 109, 500])
async def test_a_name_that_is_too_long(loop, folder, length):
    async with endpoint(sock=bound(socket.AF_UNIX, f"{folder}/from")) as (transport, protocol):
        transport.sendto(b"x", f"{folder}/".ljust(length, "x"))
        [(error,)] = protocol.all("error")
        assert str(error) == "AF_UNIX path too long"


async def test_a_pair_without_names(loop):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with theirs:
        async with endpoint(sock=ours) as (_transport, protocol):
            theirs.send(b"x")
            [(data, address)] = await protocol.had("datagram")
            assert (data, address) == (b"x", None)


@pytest.mark.rondel_only("asyncio takes a peer without a name for none, and fails")
async def test_an_answer_to_a_pair_without_names(loop):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with theirs:
        async with endpoint(sock=ours) as (transport, _):
            transport.sendto(b"answer")
            assert theirs.recv(10) == b"answer"


async def test_other_families_go_through_the_socket(loop):
    if not hasattr(socket, "AF_NETLINK"):
        pytest.skip("no such family here")
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 0)
    sock.bind((0, 0))
    async with endpoint(sock=sock) as (transport, protocol):
        # NLMSG_NOOP with NLM_F_ACK: the kernel answers from port 0.
        transport.sendto((16).to_bytes(4, "little") + b"\1\0\5\0" + bytes(8), (0, 0))
        [(_, address)] = await protocol.had("datagram")
        assert address == (0, 0)


def test_audit_hooks_hear_of_each_datagram(loop_kind):
    """As of those that the socket's own method sends; in a process of its own, as a hook stays."""
    assert child.output(loop_kind, AUDITED) == "('127.0.0.1', 9)\n('127.0.0.1', 9)\nrefused\n"


AUDITED = """
import asyncio, sys
from support.loops import new_loop

refuse = False

def hook(event, args):
    if event == "socket.sendto":
        if refuse:
            raise PermissionError("refused")
        print(args[1])

class Protocol(asyncio.DatagramProtocol):
    def error_received(self, error):
        if not isinstance(error, ConnectionRefusedError):
            print(error)

async def main():
    global refuse
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", 0))
    sys.addaudithook(hook)
    transport.sendto(b"x", ("127.0.0.1", 9))
    transport.sendto(b"x", ("127.0.0.1", 9))
    refuse = True
    transport.sendto(b"x", ("127.0.0.1", 9))
    transport.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

loop = new_loop()
loop.run_until_complete(main())
loop.close()
"""


#: None of them leaves this machine.
LOCAL = [
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "0:0:0:0:0:0:0:1",
    "::0001",
    "ff01::1",
    "::127.0.0.1",
    "x",
]
NUMBERS = st.one_of(st.integers(0, 9), st.sampled_from([-1, 2**16, 2**20 - 1, 2**20, 2**32, True]))


@given(host=st.sampled_from(LOCAL), numbers=st.lists(NUMBERS, min_size=0, max_size=4))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_v6_address_is_sent_to_as_by_sendto(loop, host, numbers):
    """Or the error is the same."""
    address = (host, *numbers)

    def outcome(send):
        try:
            return send(b"x", address)
        except (OSError, OverflowError, TypeError) as error:
            return type(error), error.args

    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        expected = outcome(sock.sendto)

    async def run():
        transport, protocol = await loop.create_datagram_endpoint(Recorder, family=socket.AF_INET6)
        problems = []
        loop.set_exception_handler(lambda _, context: problems.append(context["exception"]))
        transport.sendto(b"x", address)
        transport.close()
        await turns(3)
        loop.set_exception_handler(None)
        return [error for (error,) in protocol.all("error")] + problems

    got = [(type(error), error.args) for error in loop.run_until_complete(run())]
    assert got == ([] if isinstance(expected, int) else [expected])

"""What a datagram protocol raises goes to the exception handler, and the endpoint stays open."""

import pytest

from support.datagrams import Recorder, endpoint, name_of, udp_socket
from support.net import HOST


@pytest.mark.parametrize("error", [LookupError, OSError])
async def test_an_error_in_datagram_received_leaves_the_endpoint_open(loop, problems, error):
    class Failing(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if data == b"bad":
                raise error("on purpose")

    async with endpoint(Failing) as (transport, protocol):
        with udp_socket() as peer:
            peer.sendto(b"bad", name_of(transport))
            await protocol.had("datagram", 1)
            context = problems.take_one()
            assert str(context["exception"]) == "on purpose"
            assert {"message", "exception"} < set(context)
            assert not transport.is_closing()
            peer.sendto(b"good", name_of(transport))
            assert (await protocol.had("datagram", 2))[1][0] == b"good"
            transport.sendto(b"answer", peer.getsockname())
            assert peer.recv(100) == b"answer"


async def test_an_error_in_connection_made_leaves_the_endpoint_open(loop, problems):
    class Failing(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            raise LookupError("on purpose")

    async with endpoint(Failing) as (transport, protocol):
        context = problems.take_one()
        assert set(context) == {"message", "exception", "handle"}
        with udp_socket() as peer:
            peer.sendto(b"good", name_of(transport))
            assert (await protocol.had("datagram"))[0][0] == b"good"


async def test_a_refusal_goes_to_error_received_and_the_endpoint_stays_open(loop):
    with udp_socket() as gone:
        address = gone.getsockname()
    async with endpoint(remote_addr=address, local_addr=(HOST, 0)) as (transport, protocol):
        transport.sendto(b"to nobody")
        ((error,),) = await protocol.had("error")
        assert isinstance(error, ConnectionRefusedError)
        assert not transport.is_closing()

"""What a TLS connection holds on to when it is over."""

import asyncio
import gc
import weakref

from support.protocols import Recorder
from support.tls import client_context, tls_server


class ClosesAtOnce(asyncio.Protocol):
    def connection_made(self, transport):
        transport.close()


async def test_a_protocol_that_keeps_its_transport_keeps_no_context(loop):
    async with tls_server(ClosesAtOnce) as (_server, address):
        context = client_context()
        transport, protocol = await loop.create_connection(
            Recorder, *address, ssl=context, server_hostname="localhost"
        )
        assert protocol.transport is transport
        assert await protocol.lost is None
        transport.close()
        transport.close()
        context = weakref.ref(context)
        gc.collect()
        assert context() is None
        assert transport.is_closing()

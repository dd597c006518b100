"""Callbacks that raise, and callbacks that come back into the transport."""

import asyncio
import ssl

import pytest

from support.net import tcp_pair
from support.protocols import BufferedRecorder, Recorder
from support.tls import (
    Peer,
    client_context,
    connect,
    in_thread,
    server_context,
    tls_connected,
    tls_server,
)
from support.turns import turns


def failing(where, error=RuntimeError):
    """A class of protocols that raise in one method, after they have taken note of the call."""

    def fail(self, *args):
        getattr(Recorder, where)(self, *args)
        raise error("on purpose")

    return type("Failing", (Recorder,), {where: fail})


@pytest.mark.parametrize("where", ["data_received", "eof_received"])
async def test_an_error_in_a_callback_ends_the_connection(loop, problems, where):
    async with tls_connected(failing(where)) as (transport, protocol, peer):
        await in_thread(peer.send, b"data")
        peer.close_notify()
        error = await protocol.lost
        assert isinstance(error, RuntimeError)
        told = {"data_received": ["made", "data"], "eof_received": ["made", "data", "eof"]}
        assert protocol.names == [*told[where], "lost"]
        context = problems.take_one()
        assert context["exception"] is error
        assert context["message"] == (
            "Error calling eof_received()" if "eof" in where else "Fatal error on SSL protocol"
        )
        assert context["protocol"] is transport._ssl_protocol


async def test_an_error_in_connection_made_ends_the_connection(loop, problems):
    ours, theirs = tcp_pair()
    shaken = loop.run_in_executor(None, Peer(theirs).handshake)
    made = []

    def factory():
        made.append(failing("connection_made")())
        return made[-1]

    with pytest.raises(RuntimeError, match="on purpose"):
        await loop.create_connection(
            factory, sock=ours, ssl=client_context(), server_hostname="localhost"
        )
    assert isinstance(await made[0].lost, RuntimeError)
    assert isinstance(problems.take_one()["exception"], RuntimeError)
    theirs.close()
    await asyncio.wait([shaken])
    shaken.exception()


@pytest.mark.parametrize("where", ["pause_writing", "resume_writing"])
async def test_an_error_in_flow_control_is_reported(loop, problems, where):
    async with tls_connected(failing(where), small_buffers=True) as (
        transport,
        protocol,
        peer,
    ):
        transport.write(bytes(1_000_000))
        transport.write(bytes(1_000_000))
        assert len(await in_thread(peer.receive, 2_000_000)) == 2_000_000
        peer.send(b"x")
        await protocol.received(1)
        assert not transport.is_closing()
        context = problems.take_one()
        assert context["message"] == f"protocol.{where}() failed"
        assert context["transport"] is transport


@pytest.mark.parametrize("where", ["get_buffer", "buffer_updated"])
async def test_an_error_of_a_buffered_protocol(loop, problems, where):
    class FailingBuffered(BufferedRecorder):
        fails = False

        def get_buffer(self, sizehint):
            if where == "get_buffer" and self.fails:
                raise RuntimeError
            return memoryview(super().get_buffer(sizehint))

        def buffer_updated(self, nbytes):
            raise RuntimeError

    async with tls_connected(FailingBuffered) as (_transport, protocol, peer):
        # asyncio asks for a buffer before there is anything to fill it.
        protocol.fails = True
        await in_thread(peer.send, b"data")
        assert isinstance(await protocol.lost, RuntimeError)
        problems.take_one()


@pytest.mark.rondel_only("asyncio takes it for the end of the stream")
async def test_an_empty_buffer(loop, problems):
    async with tls_connected(lambda: BufferedRecorder(0)) as (_transport, protocol, peer):
        await in_thread(peer.send, b"data")
        error = await protocol.lost
        assert str(error) == "get_buffer() returned an empty buffer"
        problems.take_one()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_leaves_the_loop(loop, error):
    async def main():
        async with tls_connected(failing("data_received", error)) as (_, protocol, peer):
            await in_thread(peer.send, b"data")
            await asyncio.wait([protocol.lost])

    task = loop.create_task(main())
    with pytest.raises(error):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)


async def test_writes_in_connection_made_come_first(loop):
    class Greeting(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.write(b"one ")
            transport.write(b"two")

    async with tls_connected(Greeting) as (_transport, protocol, peer):
        assert await in_thread(peer.receive, 7) == b"one two"
        assert protocol.names == ["made"]


@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("where", ["data_received", "eof_received"])
async def test_the_end_from_inside_of_a_callback(loop, where, how):
    class Ending(Recorder):
        def _maybe(self, name):
            if name == where:
                self.transport.write(b"x")
                getattr(self.transport, how)()
                self.transport.write(b"y")

        def data_received(self, data):
            super().data_received(data)
            self._maybe("data_received")

        def eof_received(self):
            super().eof_received()
            self._maybe("eof_received")

    async with tls_connected(Ending) as (_transport, protocol, peer):
        await in_thread(peer.send, b"data")
        peer.close_notify()
        assert await protocol.lost is None
        assert protocol.names[0] == "made"
        assert protocol.names.count("lost") == 1
        assert protocol.names[-1] == "lost"


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_the_end_from_inside_of_connection_made(loop, how):
    made = []

    class Ending(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            made.append(self)
            transport.write(b"x")
            getattr(transport, how)()
            transport.write(b"y")

    async with tls_server(Ending) as (_server, address):
        try:
            with await in_thread(connect, address) as client:
                assert await in_thread(client.recv, 10) == b"x"
        except ConnectionResetError:
            assert how == "abort"
        await made[0].lost
        assert made[0].names[0] == "made"
        assert made[0].names[-1] == "lost"


async def server_with_callback(loop, action):
    """Run action(transport) inside of a server's handshake; give what became of the client."""
    transports = []
    context = server_context()

    def choose(_sslobj, _name, _context):
        action(transports[-1])

    context.sni_callback = choose
    made = loop._make_ssl_transport

    def make(*args, **kwargs):
        transports.append(made(*args, **kwargs))
        return transports[-1]

    loop._make_ssl_transport = make
    try:
        async with tls_server(Recorder, context) as (_server, address):
            try:
                with await in_thread(connect, address) as client:
                    client.settimeout(10)
                    return await in_thread(client.recv, 100)
            except (OSError, ssl.SSLError) as error:
                return error
            finally:
                await turns(5)
    finally:
        del loop._make_ssl_transport


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_the_end_from_inside_of_the_handshake(loop, how):
    """The callback runs inside of OpenSSL, which must not be entered again."""
    outcome = await server_with_callback(loop, lambda transport: getattr(transport, how)())
    assert outcome == b"" or isinstance(outcome, OSError)


async def test_a_write_from_inside_of_the_handshake(loop):
    def action(transport):
        transport.write(b"early")
        transport.pause_reading()
        transport.resume_reading()
        assert transport.get_write_buffer_size() >= 5

    assert await server_with_callback(loop, action) == b"early"


@pytest.mark.rondel_only("asyncio enters OpenSSL again from inside of it")
async def test_a_callback_of_the_context_that_comes_back(loop):
    """`_msg_callback` runs inside of each read and write of OpenSSL."""
    context = client_context()
    transports = []

    def message(*_what):
        if transports:
            transports.pop().write(b"[inside]")

    context._msg_callback = message
    async with tls_connected(context=context) as (transport, protocol, peer):
        transports.append(transport)
        transport.write(b"outside")
        assert await in_thread(peer.receive, 15) == b"outside[inside]"
        transports.append(transport)
        await in_thread(peer.send, b"data")
        assert await protocol.received(4) == b"data"
        assert await in_thread(peer.receive, 8) == b"[inside]"

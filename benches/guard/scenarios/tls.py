"""Messages over TLS, both ends in the loop."""

import asyncio
import contextlib
import pathlib
import ssl

from rondel_guard import Countdown

from benches.guard.scenarios import ends
from benches.guard.scenarios.ends import KB, MESSAGES
from benches.guard.scenarios.registry import scenario

CERTIFICATE = pathlib.Path(__file__).resolve().parents[3] / "tests" / "certificates" / "server.pem"


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Client(asyncio.Protocol):
    left: Countdown
    done: asyncio.Future

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.left.step():
            self.done.set_result(None)
        else:
            self.transport.write(data)


@scenario("tls-1k", "echo of 1 KB over TLS, by Protocols; both ends are counted", MESSAGES)
@contextlib.asynccontextmanager
async def echo():
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    listener = ends.tcp()
    server = await loop.create_server(Echo, sock=listener, ssl=context)
    transport, client = await loop.create_connection(Client, *listener.getsockname(), ssl=trusting)

    async def run(count):
        client.left, client.done = Countdown(count), loop.create_future()
        transport.write(bytes(KB))
        await client.done

    yield run
    transport.abort()
    server.close()
    await asyncio.sleep(0)

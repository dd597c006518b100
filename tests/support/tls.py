"""TLS between a transport of the loop under test and a plain TLS object of the test."""

import asyncio
import contextlib
import pathlib
import socket
import ssl

from support.net import HOST, SECONDS, tcp_pair
from support.protocols import Recorder

CERTIFICATES = pathlib.Path(__file__).resolve().parent.parent / "certificates"
AUTHORITY = CERTIFICATES / "ca.pem"


def server_context(name: str = "server", *, client_authority=None) -> ssl.SSLContext:
    """A server's context; `client_authority` makes it want a certificate of the client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    if client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_authority)
    return context


def client_context(certificate: str | None = None) -> ssl.SSLContext:
    """A client's context that trusts the tests' authority."""
    context = ssl.create_default_context(cafile=AUTHORITY)
    if certificate is not None:
        context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    return context


class Peer:
    """The other end: a blocking socket and an SSLObject, so that each record is the test's to send.

    Its methods block, so they run in a thread where the loop must go on meanwhile.
    """

    def __init__(self, sock: socket.socket, context=None, *, server_side=True, hostname=None):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = context or (server_context() if server_side else client_context())
        if not server_side and hostname is None:
            hostname = "localhost"
        self.tls = context.wrap_bio(
            self.incoming, self.outgoing, server_side=server_side, server_hostname=hostname
        )

    def flush(self) -> None:
        """Send what the TLS object has made."""
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())

    def call(self, function, *args):
        """Call a method of the TLS object, with as much network as it wants."""
        result = self._call_unsent(function, *args)
        self.flush()
        return result

    def _call_unsent(self, function, *args):
        while True:
            try:
                return function(*args)
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                if not data:
                    raise EOFError("the connection ended") from None
                self.incoming.write(data)

    def handshake(self) -> None:
        self.call(self.tls.do_handshake)

    def handshake_unsent(self) -> None:
        """As `handshake`, but its end is kept, and goes in one segment with the first data."""
        self._call_unsent(self.tls.do_handshake)

    def send(self, data: bytes) -> None:
        """Encrypt and send all of data."""
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view) :]
            self.flush()

    def receive(self, count: int) -> bytes:
        """Exactly so many bytes, or fewer up to close_notify."""
        data = bytearray()
        while len(data) < count:
            try:
                more = self.call(self.tls.read, count - len(data))
            except ssl.SSLZeroReturnError:
                more = b""
            if not more:
                break
            data += more
        return bytes(data)

    def close_notify(self) -> None:
        """Say that nothing follows, without waiting for an answer."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.flush()

    def unwrap(self) -> None:
        """Say that nothing follows, and wait until the other end has said it."""
        self.call(self.tls.unwrap)


@contextlib.asynccontextmanager
async def tls_connected(
    factory=Recorder, *, context=None, peer_context=None, small_buffers=False, **options
):
    """A TLS client transport of the loop, its protocol, and the Peer at the other end.

    small_buffers: the kernel keeps some 200 KB at most, instead of megabytes.
    """
    ours, theirs = tcp_pair(65536 if small_buffers else None)
    peer = Peer(theirs, peer_context)
    loop = asyncio.get_running_loop()
    shaking = loop.run_in_executor(None, peer.handshake)
    options = {"server_hostname": "localhost", **options}
    try:
        transport, protocol = await loop.create_connection(
            factory, sock=ours, ssl=context or client_context(), **options
        )
        await shaking
        yield transport, protocol, peer
    finally:
        theirs.close()
        # There is none where the handshake failed; asyncio's has nothing to abort once it is over.
        with contextlib.suppress(AttributeError, UnboundLocalError):
            transport.abort()
        for _ in range(4):
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def tls_server(factory, context=None, **options):
    """A TLS server of the loop, with the address that it listens on."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, HOST, 0, ssl=context or server_context(), **options)
    try:
        yield server, server.sockets[0].getsockname()
    finally:
        server.close()


def connect(address, context=None, hostname="localhost") -> ssl.SSLSocket:
    """A blocking TLS client of a server."""
    sock = socket.create_connection(address, SECONDS)
    return (context or client_context()).wrap_socket(sock, server_hostname=hostname)


async def in_thread(function, *args):
    """Run what blocks beside the loop."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)

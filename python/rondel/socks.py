"""`sock_recv` and its siblings: one operation on a socket of the user's."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .readers import HasFileno, Readers

#: Between attempts to connect to a Unix server whose queue is full, at most; in seconds.
LONGEST_PAUSE = 0.05

#: The families of the internet, as numbers.
INTERNET = (int(socket.AF_INET), int(socket.AF_INET6))


def as_numbers(sock: socket.socket) -> Any:
    """The socket, with `family` and `type` as plain numbers.

    To make enumerations of them, as `socket.socket` does, takes longer than the system's calls.
    """
    # The real type: a stand-in says that it is one, and has its own.
    return super(socket.socket, sock) if issubclass(type(sock), socket.socket) else sock


class SocketCalls(Readers):
    """The part of the loop that reads and writes sockets of the user's.

    Each operation is tried at once, and again when the system says that it may succeed. It is the
    awaiting coroutine itself that receives: cancelled in between, it has taken nothing. The steps
    that a message takes are native: the attempt, and the wait.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        # Native (crates/python/src/sock).
        def _recv_now(self, sock: socket.socket, nbytes: int, /) -> bytes | None: ...
        def _recv_into_now(self, sock: socket.socket, buf: Any, /) -> int | None: ...
        def _send_now(self, sock: socket.socket, data: Any, sent: int, /) -> Any: ...
        def _readable(self, file: HasFileno, /) -> Awaitable[None]: ...
        def _writable(self, file: HasFileno, /) -> Awaitable[None]: ...

    def _check_socket(self, sock: socket.socket) -> None:
        if isinstance(sock, ssl.SSLSocket):
            raise TypeError("Socket cannot be of type SSLSocket")
        if self._debug and sock.gettimeout() != 0:
            raise ValueError("the socket must be non-blocking")

    async def _receive(self, sock: socket.socket, receive: Callable[..., Any], *args: Any) -> Any:
        self._check_socket(sock)
        while True:
            try:
                return receive(*args)
            except (BlockingIOError, InterruptedError):
                pass
            await self._readable(sock)

    async def sock_recv(self, sock: socket.socket, nbytes: int) -> bytes:
        """Receive up to ``nbytes`` bytes; ``b""`` is the end of the stream."""
        while (data := self._recv_now(sock, nbytes)) is None:
            await self._readable(sock)
        return data

    async def sock_recv_into(self, sock: socket.socket, buf: Any) -> int:
        """Receive into a writable buffer. Gives the number of bytes."""
        while (count := self._recv_into_now(sock, buf)) is None:
            await self._readable(sock)
        return count

    async def sock_recvfrom(self, sock: socket.socket, bufsize: int) -> tuple[bytes, Any]:
        """Receive a datagram of up to ``bufsize`` bytes, and the address of its sender."""
        received: tuple[bytes, Any] = await self._receive(sock, sock.recvfrom, bufsize)
        return received

    async def sock_recvfrom_into(
        self, sock: socket.socket, buf: Any, nbytes: int = 0
    ) -> tuple[int, Any]:
        """Receive a datagram into a buffer. Gives the number of bytes and the sender's address."""
        if not nbytes:
            nbytes = len(buf)
        received: tuple[int, Any] = await self._receive(sock, sock.recvfrom_into, buf, nbytes)
        return received

    async def sock_sendall(self, sock: socket.socket, data: Any) -> None:
        """Send all of ``data``."""
        sent = self._send_now(sock, data, 0)
        if sent is None:
            return
        with memoryview(data) as whole, whole.cast("B") as view:
            done = 0
            while sent is not None:
                if sent is NotImplemented:
                    # From the start, or somebody has put other methods into `socket.socket` since.
                    await self._send_through(sock, view[done:])
                    return
                done = sent
                await self._writable(sock)
                sent = self._send_now(sock, view, done)

    async def _send_through(self, sock: socket.socket, view: memoryview) -> None:
        """Send by the socket's own method."""
        self._check_socket(sock)
        sent = 0
        while True:
            try:
                sent += sock.send(view[sent:])
            except (BlockingIOError, InterruptedError):
                pass
            else:
                # Asked after the first call: nothing at all is a datagram, too.
                if sent == len(view):
                    return
            await self._writable(sock)

    async def sock_sendto(self, sock: socket.socket, data: Any, address: Any) -> int:
        """Send a datagram. Gives the number of bytes sent."""
        self._check_socket(sock)
        while True:
            try:
                return sock.sendto(data, address)
            except (BlockingIOError, InterruptedError):
                pass
            await self._writable(sock)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect to ``address``; a host name is looked up first.

        Raises OSError with the address in its text.
        """
        self._check_socket(sock)
        plain = as_numbers(sock)
        family = plain.family
        if family in INTERNET:
            found = await self._ensure_resolved(
                address, family=family, type=plain.type, proto=plain.proto, loop=self
            )
            address = found[0][4]
        pause = 0.001
        while True:
            try:
                sock.connect(address)
            except (BlockingIOError, InterruptedError) as error:
                if error.errno != errno.EAGAIN or family != socket.AF_UNIX:
                    break
                # The server's queue is full. This socket does not connect, though it counts as
                # writable, and nothing reports when there is room again (connect(2)).
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return
        await self._writable(sock)
        failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            raise OSError(failure, f"Connect call failed {address}")

    async def sock_accept(self, sock: socket.socket) -> tuple[socket.socket, Any]:
        """Accept a connection. Gives its non-blocking socket and the peer's address."""
        connection, address = await self._receive(sock, sock.accept)
        connection.setblocking(False)
        return connection, address

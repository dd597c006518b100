"""Unix sockets: connections and servers by a path, or by a name that no file stands for."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
from asyncio.log import logger
from typing import Any

from . import _rondel, _versions
from .connections import Connections, ProtocolFactory

#: Where a Unix socket is: a path, or an abstract name, which begins with a NUL (unix(7)).
Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


class UnixSockets(Connections):
    """The part of the loop that connects and serves Unix sockets."""

    __slots__ = ()

    #: The inodes of the files that go when their servers close.
    _unix_server_sockets: dict[socket.socket, int]

    async def create_unix_connection(
        self,
        protocol_factory: ProtocolFactory,
        path: Path | None = None,
        *,
        ssl: Any = None,
        sock: socket.socket | None = None,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> tuple[Any, Any]:
        """Connect to the socket at ``path``, or take the connected ``sock``.

        Gives the transport and the protocol. Raises OSError when nobody serves there, ValueError
        for arguments that do not go together.
        """
        if not isinstance(server_hostname, str | None):
            raise TypeError(f"server_hostname must be a str or None, not {server_hostname!r}")
        if ssl:
            if server_hostname is None:
                raise ValueError("you have to pass server_hostname when using ssl")
        else:
            if server_hostname is not None:
                raise ValueError("server_hostname is only meaningful with ssl")
            _check_no_timeouts(ssl_handshake_timeout, ssl_shutdown_timeout)
        if path is None:
            if sock is None:
                raise ValueError("no path and sock were specified")
            _check_unix_stream(sock)
            sock.setblocking(False)
        elif sock is not None:
            raise ValueError("path and sock can not be specified at the same time")
        else:
            path = os.fspath(path)
            if not ssl and self._connects_natively():
                connection = _rondel.connect_unix(path)
                if connection is not None:
                    return await self._opened(connection, protocol_factory)
            sock = await self._connected(path)
            protocol_factory = _or_close(sock, protocol_factory)
        return await self._create_connection_transport(
            sock,
            protocol_factory,
            ssl,
            server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )

    async def _connected(self, path: str | bytes) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)
        try:
            sock.setblocking(False)
            await self.sock_connect(sock, path)
        except BaseException:
            sock.close()
            raise
        return sock

    async def create_unix_server(
        self,
        protocol_factory: ProtocolFactory,
        path: Path | None = None,
        *,
        sock: socket.socket | None = None,
        backlog: int = 100,
        ssl: Any = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
        cleanup_socket: bool = _versions.UNIX_SERVERS_CLEAN_UP,
    ) -> asyncio.Server:
        """Serve at ``path``, where a socket that is left from before is replaced, or on ``sock``.

        cleanup_socket: remove the file when the server closes, unless it is another one by then.
        By default what asyncio does: it removes it from Python 3.13 on.

        Raises OSError when there is a file already that is no socket, or no right to make one,
        ValueError for arguments that do not go together.
        """
        if isinstance(ssl, bool):
            raise TypeError("ssl argument must be an SSLContext or None")
        if not ssl:
            _check_no_timeouts(ssl_handshake_timeout, ssl_shutdown_timeout)
        if path is None:
            if sock is None:
                raise ValueError("path was not specified, and no sock specified")
            _check_unix_stream(sock)
        elif sock is not None:
            raise ValueError("path and sock can not be specified at the same time")
        else:
            sock = _bound(os.fspath(path))
        if cleanup_socket:
            self._remember_inode(sock)
        sock.setblocking(False)
        server = asyncio.Server(
            self,
            [sock],
            protocol_factory,
            ssl,
            backlog,
            ssl_handshake_timeout,
            ssl_shutdown_timeout,
        )
        if start_serving:
            try:
                server._start_serving()  # type: ignore[attr-defined]  # typeshed leaves it out
            except BaseException:
                server.close()
                raise
            # As asyncio: others may connect once the caller goes on.
            await asyncio.sleep(0)
        return server

    def _remember_inode(self, sock: socket.socket) -> None:
        path = sock.getsockname()
        if path and not _is_abstract(path):
            # Unless somebody has removed it already.
            with contextlib.suppress(FileNotFoundError):
                self._unix_server_sockets[sock] = os.stat(path).st_ino

    def _stop_serving(self, sock: socket.socket) -> None:
        inode = self._unix_server_sockets.pop(sock, None)
        path = None if inode is None else sock.getsockname()
        super()._stop_serving(sock)
        if path is None:
            return
        try:
            if os.stat(path).st_ino == inode:
                os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.error("Unable to clean up listening UNIX socket %r: %r", path, error)


def _check_no_timeouts(handshake: float | None, shutdown: float | None) -> None:
    if handshake is not None:
        raise ValueError("ssl_handshake_timeout is only meaningful with ssl")
    if shutdown is not None:
        raise ValueError("ssl_shutdown_timeout is only meaningful with ssl")


def _check_unix_stream(sock: socket.socket) -> None:
    if sock.family != socket.AF_UNIX or sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A UNIX Domain Stream Socket was expected, got {sock!r}")


def _is_abstract(path: str | bytes) -> bool:
    return path[0] in (0, "\0")


def _bound(path: str | bytes) -> socket.socket:
    """A socket at that path, in place of one that is left there."""
    if not path:
        raise ValueError("path is empty: give the path of a socket, or an abstract name")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if not _is_abstract(path):
            _remove_stale(path)
        sock.bind(path)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise OSError(errno.EADDRINUSE, f"Address {path!r} is already in use") from None
        raise
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_stale(path: str | bytes) -> None:
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.remove(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        # To make a file one may need fewer rights than to look at one: bind will tell.
        logger.error("Unable to check or remove stale UNIX socket %r: %r", path, error)


def _or_close(sock: socket.socket, protocol_factory: ProtocolFactory) -> ProtocolFactory:
    """The same factory, but when it fails nobody else has the socket."""

    def make() -> Any:
        try:
            return protocol_factory()
        except BaseException:
            sock.close()
            raise

    return make

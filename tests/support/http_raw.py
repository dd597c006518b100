"""A server of bytes for the HTTP clients under test: a script says what each connection is sent."""

import asyncio
import contextlib
import dataclasses
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence

from support.net import HOST, SECONDS, listening, reset

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def response(
    body: bytes = b"", *headers: str, status: str = "200 OK", version: str = "HTTP/1.1"
) -> bytes:
    """An answer with a Content-Length, and these header lines before it."""
    lines = [f"{version} {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(*pieces: bytes, headers: Iterable[str] = (), end: bytes = b"0\r\n\r\n") -> bytes:
    """An answer in these chunks."""
    lines = ["HTTP/1.1 200 OK", *headers, "Transfer-Encoding: chunked", "", ""]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return "\r\n".join(lines).encode("latin-1") + body + end


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it came over the wire. Names of headers are as they were sent."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    head: bytes  # all of it, up to and with the empty line

    def all(self, name: str) -> list[str]:
        """The values of this header, whatever the case of its letters."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The only value of this header."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} was sent {len(values)} times: {values}"
        return values[0] if values else default


class Connection:
    """A connection that was accepted. Its methods block: they are called in its own thread."""

    def __init__(self, server: "RawServer", sock: socket.socket, number: int) -> None:
        self.server = server
        self.sock = sock
        self.number = number  # 0 is the first that was accepted
        self.requests: list[Request] = []
        self.place = 0  # of its last request among those of all connections; the first has 1
        self.closed_by_client = False
        self.over = False  # whether the script has ended, and the connection is closed
        self._pending = bytearray()

    def request(self) -> Request | None:
        """Read a request with its body; None where the client closes before one begins."""
        if (head := self.head()) is None:
            return None
        headers = {key.lower(): value for key, value in head.headers}
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        elif length := int(headers.get("content-length", 0)):
            body = self.receive(length)
        return self._log(dataclasses.replace(head, body=body))

    def head(self) -> Request | None:
        """Read the head of a request alone, which is not put into the log."""
        text = self._until(b"\r\n\r\n")
        if text is None:
            return None
        line, *lines = text[:-4].decode("latin-1").split("\r\n")
        method, target, version = line.split(" ")
        parts = (each.partition(":") for each in lines)
        pairs = tuple((name, value.strip()) for name, _, value in parts)
        return Request(method, target, version, pairs, b"", text)

    def receive(self, count: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._pending) < count:
            if not self._fill():
                raise ConnectionAbortedError(f"closed after {len(self._pending)} of {count} bytes")
        data = bytes(self._pending[:count])
        del self._pending[:count]
        return data

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def until_closed(self) -> bytes:
        """Wait until the client has closed its side, and give what it still sent."""
        try:
            while self._fill():
                pass
        except ConnectionError:
            self.ended()
        return bytes(self._pending)

    def ended(self) -> None:
        """Put into the log that nothing comes from the client any more."""
        with self.server.changed:
            self.closed_by_client = True
            self.server.changed.notify_all()

    def reset(self) -> None:
        """Close it by a RST."""
        reset(self.sock)

    def close(self) -> None:
        """Close it. What nobody has read is taken first, or it would be a RST."""
        with contextlib.suppress(OSError):
            self.sock.setblocking(False)
            while self.sock.recv(65536):
                pass
        self.sock.close()

    def _log(self, request: Request) -> Request:
        with self.server.changed:
            self.requests.append(request)
            self.server.requests.append(request)
            self.place = len(self.server.requests)
            self.server.changed.notify_all()
        return request

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            if (size := self._until(b"\r\n")) is None:
                raise ConnectionAbortedError("closed within a chunked body")
            body += (data := self.receive(int(size.partition(b";")[0], 16)))
            assert self.receive(2) == b"\r\n"
            if not data:
                return bytes(body)

    def _until(self, end: bytes) -> bytes | None:
        while end not in self._pending:
            if not self._fill():
                if self._pending:
                    raise ConnectionAbortedError(f"closed after {bytes(self._pending[:1000])!r}")
                return None
        return self.receive(self._pending.index(end) + len(end))

    def _fill(self) -> bool:
        if not (data := self.sock.recv(1 << 20)):
            self.ended()
        self._pending += data
        return bool(data)


Script = Callable[[Connection], object]


def answering(*answers: bytes) -> Script:
    """Each request gets the next of these, the last one again and again, until it says `close`."""

    def script(connection: Connection) -> None:
        while request := connection.request():
            _answer(connection, request, answers)
            if request.get("Connection") == "close":
                return

    return script


def closing(*answers: bytes) -> Script:
    """As `answering`, but one request a connection, which is closed by the server."""

    def script(connection: Connection) -> None:
        if request := connection.request():
            _answer(connection, request, answers)

    return script


def _answer(connection: Connection, request: Request, answers: Sequence[bytes]) -> None:
    answer = answers[min(connection.place, len(answers)) - 1]
    if request.method == "HEAD":
        answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    connection.send(answer)


class RawServer:
    """Listens, and runs the script for each connection, in a thread of its own.

    `requests` are all that were read whole, in their order; `connections` all that were accepted.
    A script that fails, fails the test. What the client does to the connection is no failure.
    """

    def __init__(
        self,
        script: Script | bytes | Sequence[bytes] = OK,
        *,
        context: ssl.SSLContext | None = None,
        path: str | None = None,
        backlog: int = 100,
        buffer: int | None = None,
        host: str = HOST,
    ) -> None:
        if isinstance(script, bytes):
            script = answering(script)
        elif not callable(script):
            script = answering(*script)
        self._script = script
        self._context = context
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self.changed = threading.Condition()
        #: For scripts: `connection.server.gate.wait(SECONDS)`. Open at the end of the test.
        self.gate = threading.Event()
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._stopping = False
        if path is not None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(path)
            self._listener.listen(backlog)
        else:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._listener = listening(family, host, backlog, buffer)
        self._run(self._accept)

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def url(self, path: str = "/", host: str | None = None) -> str:
        """Where this path is; with TLS by the name `localhost`, which the certificate has."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host or ('localhost' if self._context else HOST)}:{self.port}{path}"

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until this holds for what was accepted and read."""
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, self._wait_for, condition), "it never came to that"

    def stop(self) -> None:
        """End all connections and threads, and raise what a script has raised."""
        self._stopping = True
        self.gate.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(SECONDS)  # from here on nothing more is accepted
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive(), "a script did not end"
        self._listener.close()
        for error in self._errors:
            raise error

    def _wait_for(self, condition: Callable[[], object]) -> bool:
        with self.changed:
            return bool(self.changed.wait_for(condition, SECONDS))

    def _run(self, target, *args) -> None:
        self._threads.append(threading.Thread(target=target, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while not self._stopping:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # it was shut down
            with self.changed:
                connection = Connection(self, sock, len(self.connections))
                self.connections.append(connection)
                self.changed.notify_all()
            self._run(self._serve, connection)

    def _serve(self, connection: Connection) -> None:
        connection.sock.settimeout(SECONDS)
        try:
            if self._context:
                connection.sock = self._context.wrap_socket(
                    connection.sock, server_side=True, do_handshake_on_connect=False
                )
                connection.sock.do_handshake()
            self._script(connection)
        except TimeoutError as error:
            self._errors.append(error)
        except OSError:
            connection.ended()  # the client's doing, or the end of the test
        except Exception as error:
            if not self._stopping:
                self._errors.append(error)
        finally:
            connection.close()
            with self.changed:
                connection.over = True
                self.changed.notify_all()

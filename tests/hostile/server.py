"""The hostile server: plain sockets, and a thread for each connection."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterable

from hostile import frames
from hostile.case import GOOD, GOOD_PATH, Case, Crawl, Drip, Endless, Request, Step, Then
from support.net import SECONDS, listening, reset


class HostileServer:
    """Serves one case, and beside it GOOD_PATH as a server should.

    HTTP/2: the first request is answered as the case says, and each later one well.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.listener = listening()
        self.origin = "http://{}:{}".format(*self.listener.getsockname())
        self.accepted = 0
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._accept, name=f"hostile {case.name}")]
        #: What went wrong with the server itself.
        self._faults: list[BaseException] = []
        self._misbehaved = False

    def __enter__(self) -> "HostileServer":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes accept(), which close() does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(SECONDS)
        with self._changed:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive(), f"{thread.name} does not end"
        self.listener.close()
        assert not self._faults, self._faults

    def wait_open(self, most: int) -> int:
        """Block until at most so many connections are open; give how many are.

        It may be more after half a minute.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._open) <= most, SECONDS)
            return len(self._open)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._open.add(sock)
                self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.accepted == 1))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, first: bool) -> None:
        try:
            with sock, contextlib.suppress(OSError):
                if self.case.at_connect and first:
                    early = Request("", "", self.origin)
                    if not self._act(sock, self.case.answer(early)):
                        return
                if self.case.http2:
                    self._converse_http2(sock, greet=not (self.case.at_connect and first))
                else:
                    self._converse(sock)
        except BaseException as error:
            # Shown by __exit__, in the test's thread.
            self._faults.append(error)
        finally:
            with self._changed:
                self._open.discard(sock)
                self._changed.notify_all()

    def _converse(self, sock: socket.socket) -> None:
        reader = Reader(sock)
        while head := reader.head():
            method, target = head.split(b" ", 2)[:2]
            request = Request(method.decode(), target.decode(), self.origin)
            good = self.case.at_connect or request.target == GOOD_PATH
            if not self._act(sock, [GOOD] if good else self.case.answer(request)):
                return

    def _converse_http2(self, sock: socket.socket, *, greet: bool) -> None:
        for stream in frames.requests(sock, greet=greet):
            with self._changed:
                good, self._misbehaved = self._misbehaved or self.case.at_connect, True
            request = Request("", "", self.origin, stream)
            if not self._act(sock, frames.good(stream) if good else self.case.answer(request)):
                return

    def _act(self, sock: socket.socket, steps: Iterable[Step]) -> bool:
        """Do these; whether the connection goes on."""
        for step in steps:
            match step:
                case Then.CLOSE:
                    # In order: what the client still sends must not turn it into a reset.
                    sock.shutdown(socket.SHUT_WR)
                    read_to_end(sock)
                    return False
                case Then.RESET:
                    reset(sock)
                    return False
                case Then.STALL:
                    read_to_end(sock)
                    return False
                case _:
                    send(sock, step)
        return True


def send(sock: socket.socket, step: bytes | Drip | Crawl | Endless) -> None:
    """Do a step that sends; one without end, until the client's close makes it fail."""
    match step:
        case bytes():
            sock.sendall(step)
        case Drip(data):
            for place in range(len(data)):
                sock.sendall(data[place : place + 1])
        case Crawl(data, pause):
            for place in itertools.cycle(range(len(data))):
                sock.sendall(data[place : place + 1])
                time.sleep(pause)
        case Endless(data):
            while True:
                sock.sendall(data)


def read_to_end(sock: socket.socket) -> None:
    """Until the client closes."""
    while sock.recv(65536):
        pass


class Reader:
    """The requests that come over a connection; those of the cases have no body."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = bytearray()

    def head(self) -> bytes:
        """The next request's head; nothing at the connection's end."""
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            data = self._sock.recv(65536)
            if not data:
                return b""
            self._read += data
        head = bytes(self._read[:end])
        del self._read[: end + 4]
        return head

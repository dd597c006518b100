"""Protocols whose methods raise, stop the loop, close or abort: each method, on TCP and Unix."""

import contextlib
import socket

import pytest

from support.protocols import BufferedRecorder, Recorder

MUCH = 1_000_000

#: What becomes of an exception: the keys of the context that the handler gets.
OF_A_CALLBACK = {"message", "exception", "handle"}
OF_A_TRANSPORT = {"message", "exception", "transport", "protocol"}

#: Of which class the protocol is, what its errors are told as, and whether they abort.
METHODS = {
    "connection_made": (Recorder, OF_A_CALLBACK, False),
    "data_received": (Recorder, OF_A_TRANSPORT, True),
    "get_buffer": (BufferedRecorder, OF_A_TRANSPORT, True),
    "buffer_updated": (BufferedRecorder, OF_A_TRANSPORT, True),
    "eof_received": (Recorder, OF_A_TRANSPORT, True),
    "pause_writing": (Recorder, OF_A_TRANSPORT, False),
    "resume_writing": (Recorder, OF_A_TRANSPORT, False),
    "connection_lost": (Recorder, OF_A_CALLBACK, None),
}


class Unusual(BaseException):
    """Neither an Exception nor one that leaves the loop."""


def acting(method, act):
    """A protocol's factory: once this method has done its work, it calls `act(transport)` once."""
    base = METHODS[method][0]
    done = []

    def overridden(self, *args):
        result = getattr(base, method)(self, *args)
        if not done:
            done.append(True)
            act(self.transport)
        return result

    return type("Acting", (base,), {method: overridden})


class Connection:
    """A connection whose loop runs step by step, and the means to have each method called."""

    def __init__(self, loop, connect, factory):
        self.loop = loop
        self.context = connect(factory, small_buffers=True)
        self.opening = loop.create_task(self.context.__aenter__())
        self.transport = self.protocol = self.peer = None
        self.received = b""

    def open(self):
        """Connect; again, if something came in between."""
        self.transport, self.protocol, self.peer = self.loop.run_until_complete(self.opening)
        self.peer.setblocking(False)

    def close(self):
        self.loop.run_until_complete(self.context.__aexit__(None, None, None))

    def trigger(self, method):
        """Do what has the method called, now or in a later turn."""
        if method == "connection_lost":
            self.transport.close()
        elif method == "eof_received":
            self.peer.shutdown(socket.SHUT_WR)
        elif method in ("pause_writing", "resume_writing"):
            self.loop.call_soon(self.transport.write, bytes(MUCH))
        elif method != "connection_made":
            self.peer.send(b"hello")

    def read(self):
        """Read what has come to the peer, and keep the last of it."""
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            while data := self.peer.recv(65536):
                self.received = data

    def run(self, condition):
        """Run the loop until this holds; the peer reads all the while."""

        def look():
            if condition():
                self.loop.stop()
                return
            self.read()
            handle.append(self.loop.call_soon(look))

        handle = [self.loop.call_soon(look)]
        try:
            self.loop.run_forever()
        finally:
            handle[-1].cancel()

    def still_works(self):
        """Both ways."""
        self.peer.send(b"still")
        self.run(lambda: self.protocol.data.endswith(b"still"))
        self.transport.write(b"and back")
        self.run(lambda: self.received.endswith(b"and back"))


@pytest.fixture
def connection(loop, connect):
    """Makes a connection, and has a method called; the first argument is the protocol's factory."""
    made = []

    def make(factory):
        made.append(Connection(loop, connect, factory))
        return made[-1]

    yield make
    for each in made:
        each.close()


def called(connection, method):
    """Whether it was."""
    name = {
        "connection_made": "made",
        "data_received": "data",
        "get_buffer": "buffer",
        "buffer_updated": "data",
        "eof_received": "eof",
        "pause_writing": "pause",
        "resume_writing": "resume",
        "connection_lost": "lost",
    }[method]
    return name in connection.protocol.names


@pytest.mark.parametrize("exception", [ValueError, Unusual])
@pytest.mark.parametrize("method", METHODS)
def test_raising(connection, problems, method, exception):
    error = exception(method)

    def act(transport):
        raise error

    _, keys, aborts = METHODS[method]
    it = connection(acting(method, act))
    it.open()
    it.trigger(method)
    it.run(lambda: problems.contexts)
    context = problems.take_one()
    assert set(context) - {"source_traceback"} == keys, "debug mode adds the traceback"
    assert context["exception"] is error
    if keys == OF_A_TRANSPORT:
        assert context["transport"] is it.transport
        assert context["protocol"] is it.protocol
        assert f"protocol.{method}() " in context["message"]
    if aborts:
        it.run(it.protocol.lost.done)
        assert it.protocol.lost.result() is error
        assert it.transport.get_write_buffer_size() == 0
    elif aborts is None:
        assert it.transport.get_extra_info("socket").fileno() == -1
    else:
        it.still_works()


@pytest.mark.parametrize("exception", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("method", METHODS)
def test_leaving_the_loop(connection, loop, loop_kind, method, exception):
    """At once; then the loop runs again, and the connection is as it was."""
    if (loop_kind, method) == ("asyncio", "resume_writing"):
        pytest.skip("asyncio goes on watching for room, and complains that it has nothing to send")

    def act(transport):
        raise exception(method)

    it = connection(acting(method, act))
    if method == "connection_made":
        with pytest.raises(exception, match=method):
            it.open()
        it.open()
    else:
        it.open()
        it.trigger(method)
        with pytest.raises(exception, match=method):
            it.run(lambda: False)
    assert not loop.is_running()
    assert called(it, method)
    if method == "eof_received":
        it.transport.abort()
        it.run(it.protocol.lost.done)
    elif method == "connection_lost":
        assert it.transport.get_extra_info("socket").fileno() == -1
    else:
        it.still_works()


@pytest.mark.parametrize("method", METHODS)
def test_stopping_the_loop(connection, loop, method):
    """run_forever returns after this turn; nothing is lost, and the loop can go on."""
    it = connection(acting(method, lambda transport: loop.stop()))
    if method == "connection_made":
        with pytest.raises(RuntimeError, match="Event loop stopped before Future completed"):
            it.open()
        it.open()
    else:
        it.open()
        it.trigger(method)
        it.run(lambda: False)
    assert not loop.is_running()
    assert called(it, method)
    if method == "eof_received":
        it.run(it.protocol.lost.done)
        assert it.protocol.lost.result() is None
    elif method == "connection_lost":
        assert it.transport.get_extra_info("socket").fileno() == -1
    else:
        it.still_works()


@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("method", METHODS)
def test_ending(connection, loop_kind, method, how):
    """connection_lost comes once, in a later turn, and nothing after it."""
    if (loop_kind, method) == ("asyncio", "resume_writing"):
        pytest.skip("asyncio schedules connection_lost twice where nothing is left to send")
    seen = []

    def act(transport):
        getattr(transport, how)()
        assert transport.is_closing()
        seen.extend(transport.get_protocol().names)

    it = connection(acting(method, act))
    it.open()
    if method != "connection_made":
        it.trigger(method)
    it.run(lambda: it.transport.get_extra_info("socket").fileno() == -1)
    if method != "connection_lost":
        assert "lost" not in seen
    names = it.protocol.names
    assert names.count("lost") == 1
    assert names[-1] == "lost"
    assert it.protocol.lost.result() is None

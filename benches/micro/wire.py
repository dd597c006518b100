"""What goes over a connection whose two ends are in one loop, as seen by somebody between them."""

import contextlib
import select
import socket
import threading

PATIENCE = 5.0  # seconds
PIECE = 65536  # bytes


class Wire:
    """Relays one connection from `port` of 127.0.0.1 to `to`, and keeps all that goes by."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self.seen = bytearray(), bytearray()  # from the client, from the server

    def relay(self) -> None:
        """Returns when an end has closed, or nothing comes."""
        with contextlib.suppress(OSError), self._listener:
            client, _ = self._listener.accept()
            with client, socket.create_connection(("127.0.0.1", self._to), PATIENCE) as server:
                ends = {client.fileno(): (client, server, 0), server.fileno(): (server, client, 1)}
                poll = select.poll()
                for descriptor in ends:
                    poll.register(descriptor, select.POLLIN)
                while ready := poll.poll(PATIENCE * 1000):
                    for descriptor, _ in ready:
                        source, target, which = ends[descriptor]
                        data = source.recv(PIECE)
                        if not data:
                            return
                        self.seen[which].extend(data)
                        target.sendall(data)


def watch(to: int) -> Wire:
    """A wire to the port `to` of 127.0.0.1, relayed by a thread until its connection has ended."""
    wire = Wire(to)
    threading.Thread(target=wire.relay, daemon=True).start()
    return wire

"""Servers of HTTP/2 that do as a script says, one step a request, for `http_raw.RawServer`."""

from hostile import frames


def most(streams):
    """SETTINGS: so many streams at a time."""
    return frames.settings(_3=streams)


def answer(stream):
    """An answer as it should be: `good`."""
    return b"".join(frames.good(stream))


class Script:
    """Each connection: the SETTINGS of `most` are said first; then `steps` are done, one a request.

    A step is called with the connection and the request's stream. `streams` are those of the
    requests as they come, by the number of the connection.
    """

    def __init__(self, first, *steps):
        self.first = first
        self.steps = list(steps)
        self.streams = []

    def __call__(self, connection):
        connection.send(self.first)
        for stream in frames.requests(connection.sock, greet=False):
            with connection.server.changed:
                self.streams.append((connection.number, stream))
                place = min(len(self.streams), len(self.steps)) - 1
                connection.server.changed.notify_all()
            self.steps[place](connection, stream)
        connection.ended()


def at_once(connection, stream):
    """A step: the answer."""
    connection.send(answer(stream))


def never(connection, stream):
    """A step: nothing."""

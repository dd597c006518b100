"""What the families with echo servers share: servers that live for a round, and loads on them."""

import contextlib
import json
import pathlib
import tempfile
from collections.abc import Callable

from benches.families import base
from benches.model import MeasureError
from benches.process import Process

LIMIT = "limit"
SIZES = {"1 KB": 1024, "10 KB": 10 * 1024, "100 KB": 100 * 1024}
# What a load may take beside the time it was told to. A server that hangs shall not cost minutes.
PATIENCE = 4.0
# Of all datagrams: more lost ones than this, and a rate says nothing.
LOST = 0.01

# Whoever ends because of a load that fails does so soon.
ENDS_WITHIN = 0.3

LoadOn = Callable[[str], Process]  # a load on an address


class Echoing(base.Participant):
    """A candidate with its servers: one for each kind and place serves a whole round."""

    def __init__(self, candidate: str, bench: base.Bench, stack: contextlib.ExitStack) -> None:
        super().__init__(candidate, bench, stack)
        self._servers: dict[tuple[str, str], tuple[Process, str]] = {}

    def load_on(self, kind: str, place: str, load: LoadOn) -> dict[str, float]:
        """The result of a load on the server of this kind at this place: tcp, udp, tls or unix."""
        key = kind, place
        if key not in self._servers:
            server = self.keep(self._start(kind, place))
            try:
                self._servers[key] = server, server.line(base.STARTS_WITHIN)
            except MeasureError:
                self.drop(server)
                raise
        server, address = self._servers[key]
        try:
            return self._result(load(address))
        except MeasureError as error:
            # The next case gets a new one.
            del self._servers[key]
            end = server.how_it_ended() if server.ends(ENDS_WITHIN) else None
            said = server.last_error()
            self.drop(server)
            if end:
                raise MeasureError(f"the server {end}", end.word) from None
            # What it complained of may be why.
            raise (MeasureError(f"{error}; {said}", error.word) if said else error) from None

    def _start(self, kind: str, place: str) -> Process:
        if place == "unix":
            place = f"unix:{self._path(kind)}"
        if self.candidate == LIMIT:
            return self.bench.load.limit(place)
        core = self.bench.cores.server
        return base.python("echo_server", self.candidate, kind, place, core=core)

    def _path(self, kind: str) -> pathlib.Path:
        """A fresh one for a Unix socket; short, since 108 bytes are all that an address has."""
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="rondel-"))
        return pathlib.Path(folder) / kind

    def _line(self, load: Process, within: float) -> str:
        try:
            return load.line(within)
        except MeasureError as error:
            raise MeasureError(load.last_error() or error, error.word) from None

    def _result(self, load: Process) -> dict[str, float]:
        with load as client:
            self._line(client, PATIENCE)
            seconds = max(self.bench.settings.echo_seconds, self.bench.settings.tail_seconds)
            result: dict[str, float] = json.loads(self._line(client, 1.2 * seconds + PATIENCE))
            client.ends(PATIENCE)  # its last messages would disturb whoever is next
        if (lost := result.get("lost", 0)) > LOST * result["messages"]:
            raise MeasureError(f"lost {lost} of {result['messages']} messages", "lost")
        return result


def rate_of(result: dict[str, float]) -> float:
    """Messages a second."""
    if not result["messages"]:
        raise MeasureError("no message came back", "hung")
    return result["messages"] / result["seconds"]

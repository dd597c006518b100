"""Protocols that record what happens to them."""

import asyncio


class Recorder(asyncio.Protocol):
    """Keeps the events of one connection, the data, and the transport.

    Events are ("made",), ("data", bytes), ("eof",), ("lost", exception), ("pause",), ("resume",).
    """

    def __init__(self, keep_open: bool | None = None) -> None:
        self.keep_open = keep_open  # what eof_received returns
        self.events: list[tuple] = []
        self.data = bytearray()
        self.transport: asyncio.Transport | None = None
        self.loop = asyncio.get_running_loop()
        self.made = self.loop.create_future()
        self.eof = self.loop.create_future()
        self.lost = self.loop.create_future()  # result: the exception or None
        self.waiting: list[tuple[int, asyncio.Future]] = []

    @property
    def names(self) -> list[str]:
        """What happened, without the details."""
        return [event[0] for event in self.events]

    async def received(self, count: int) -> bytes:
        """Wait until this many bytes have come, and give all that came."""
        if len(self.data) < count:
            future = self.loop.create_future()
            self.waiting.append((count, future))
            await future
        return bytes(self.data)

    def connection_made(self, transport) -> None:
        self.events.append(("made",))
        self.transport = transport
        self.made.set_result(transport)

    def data_received(self, data) -> None:
        self.events.append(("data", data))
        self._add(data)

    def _add(self, data) -> None:
        self.data += data
        for count, future in self.waiting:
            if len(self.data) >= count and not future.done():
                future.set_result(None)

    def eof_received(self):
        self.events.append(("eof",))
        self.eof.set_result(None)
        return self.keep_open

    def connection_lost(self, exc) -> None:
        self.events.append(("lost", exc))
        self.lost.set_result(exc)

    def pause_writing(self) -> None:
        self.events.append(("pause",))

    def resume_writing(self) -> None:
        self.events.append(("resume",))


class BufferedRecorder(Recorder, asyncio.BufferedProtocol):
    """The same, with a buffer of its own: ("buffer", sizehint), then ("data", bytes)."""

    def __init__(self, size: int = 65536, keep_open: bool | None = None) -> None:
        super().__init__(keep_open)
        self.buffer = bytearray(size)

    data_received = None

    def get_buffer(self, sizehint):
        self.events.append(("buffer", sizehint))
        return self.buffer

    def buffer_updated(self, nbytes) -> None:
        data = bytes(self.buffer[:nbytes])
        self.events.append(("data", data))
        self._add(data)

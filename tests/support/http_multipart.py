"""What bodies are written to and read from, in tests of forms and parts."""

import pytest


class Writer:
    """Takes what a body writes."""

    def __init__(self):
        self.data = bytearray()

    async def write(self, chunk):
        self.data += chunk


class Stream:
    """What a body is read from, in small pieces."""

    def __init__(self, data, size=7):
        self.data, self.size = data, size

    async def read(self, n=-1):
        count = self.size if n < 0 else min(n, self.size)
        piece, self.data = self.data[:count], self.data[count:]
        return piece


@pytest.fixture
def write(loop):
    """`write(payload)` gives all that it writes."""

    def write(payload, *length):
        writer = Writer()
        method = payload.write_with_length if length else payload.write
        loop.run_until_complete(method(writer, *length))
        return bytes(writer.data)

    return write


def parts(request):
    """The parts of a body that was received: pairs of head and content."""
    kind, _, boundary = request.get("Content-Type").partition("; boundary=")
    assert kind.startswith("multipart/")
    start, *found, end = request.body.split(b"--" + boundary.encode())
    assert (start, end) == (b"", b"--\r\n")
    pairs = []
    for part in found:
        assert part.startswith(b"\r\n") and part.endswith(b"\r\n")
        head, _, content = part[2:-2].partition(b"\r\n\r\n")
        pairs.append((head.decode(), content))
    return pairs

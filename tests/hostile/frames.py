"""HTTP/2 frames by hand (RFC 9113), headers uncompressed (RFC 7541)."""

import socket
import struct
from collections.abc import Iterator

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, _, RST_STREAM, SETTINGS = range(5)
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(5, 10)
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8

NO_ERROR, REFUSED_STREAM = 0, 7
#: All that RFC 9113 names (section 7).
ERROR_CODES = range(14)

Fields = list[tuple[bytes, bytes]]
OK: Fields = [(b":status", b"200")]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def settings(**values: int) -> bytes:
    """SETTINGS, by the numbers of the parameters: `_4=65535` is the initial window."""
    pairs = (struct.pack("!HI", int(name[1:]), value) for name, value in values.items())
    return frame(SETTINGS, 0, 0, b"".join(pairs))


def block(fields: Fields) -> bytes:
    """A field block: each a literal that is not entered into the table."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def indexed(name: bytes, value: bytes) -> bytes:
    """A literal that is entered into the table, at index 62 until another follows."""
    return b"\x40" + _string(name) + _string(value)


def _string(data: bytes) -> bytes:
    """Without Huffman's code: a length with a prefix of seven bits, and the bytes."""
    length = len(data)
    if length < 127:
        return bytes([length]) + data
    prefix, length = bytearray([127]), length - 127
    while length >= 128:
        prefix.append(length % 128 + 128)
        length //= 128
    prefix.append(length)
    return bytes(prefix) + data


def headers(stream: int, fields: Fields, *, end: bool = False) -> bytes:
    """HEADERS, whole; `end`: of the stream too."""
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block(fields))


def data(stream: int, body: bytes, *, end: bool = False) -> bytes:
    """DATA."""
    return frame(DATA, END_STREAM if end else 0, stream, body)


def rst_stream(stream: int, code: int) -> bytes:
    """The end of one stream."""
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def goaway(last: int, code: int = NO_ERROR) -> bytes:
    """No stream after `last` was worked on, and no other will be taken."""
    return frame(GOAWAY, 0, 0, struct.pack("!II", last, code))


def good(stream: int) -> list[bytes]:
    """An answer as it should be."""
    return [headers(stream, OK), data(stream, b"good", end=True)]


def received(sock: socket.socket, *, greet: bool) -> Iterator[tuple[int, int, int, bytes]]:
    """Type, flags, stream and payload of the frames that come, SETTINGS acknowledged.

    `greet`: the server's SETTINGS are sent first.
    """
    preface = _exactly(sock, len(PREFACE))
    if not PREFACE.startswith(preface):
        raise AssertionError("the client does not begin with HTTP/2's preface")
    if greet:
        sock.sendall(settings())
    while head := _exactly(sock, 9):
        kind, flags, stream = struct.unpack("!BBI", head[3:])
        payload = _exactly(sock, int.from_bytes(head[:3]))
        if kind == SETTINGS and not flags & ACK:
            sock.sendall(frame(SETTINGS, ACK, 0))
        yield kind, flags, stream, payload


def requests(sock: socket.socket, *, greet: bool) -> Iterator[int]:
    """The streams of the requests that come, which have no body; `greet` as above."""
    for kind, flags, stream, _ in received(sock, greet=greet):
        if kind == HEADERS and flags & END_STREAM:
            yield stream


def _exactly(sock: socket.socket, count: int) -> bytes:
    """So many bytes; fewer at the connection's end alone."""
    read = bytearray()
    while len(read) < count and (more := sock.recv(count - len(read))):
        read += more
    return bytes(read)

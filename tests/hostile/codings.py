"""Encoded bodies, whole and otherwise, and bombs: little that expands to much.

br and zstd are written by hand, as Python has no encoder of either: stored blocks, and blocks that
repeat one byte.
"""

import functools
import struct
import zlib

GIGABYTE = 1 << 30


def gzip(body: bytes) -> bytes:
    """RFC 1952."""
    return _deflate(body, 31)


def deflate(body: bytes) -> bytes:
    """What `deflate` names in HTTP: zlib's format, RFC 1950."""
    return _deflate(body, 15)


def raw_deflate(body: bytes) -> bytes:
    """What many servers send instead: RFC 1951."""
    return _deflate(body, -15)


def _deflate(body: bytes, window: int) -> bytes:
    encoder = zlib.compressobj(9, zlib.DEFLATED, window)
    return encoder.compress(body) + encoder.flush()


def brotli(body: bytes) -> bytes:
    """RFC 7932: one stored block."""
    bits = Bits()
    bits.put(0, 1)  # a window of 64 KiB
    bits.put(0, 1)  # not the last block
    bits.put(0, 2)  # its length has 16 bits
    bits.put(len(body) - 1, 16)
    bits.put(1, 1)  # stored
    bits.align()
    return bits.bytes() + body + b"\x03"  # an empty last block


def zstd(body: bytes) -> bytes:
    """RFC 8878: a frame of one stored block."""
    return _ZSTD_HEAD + struct.pack("<I", len(body) << 3 | _STORED | _LAST)[:3] + body


@functools.cache
def gzip_bomb() -> bytes:
    """1 GiB of zeros, in members of 16 MiB."""
    return gzip(bytes(1 << 24)) * (GIGABYTE >> 24)


@functools.cache
def deflate_bomb() -> bytes:
    """1 GiB of zeros."""
    # One stream has no members: what repeats is a flushed part of it.
    encoder = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = encoder.compress(bytes(1 << 24)) + encoder.flush(zlib.Z_FULL_FLUSH)
    return part * (GIGABYTE >> 24) + encoder.flush()


@functools.cache
def brotli_bomb() -> bytes:
    """1 GiB of one letter, in some 800 bytes."""
    bits = Bits()
    bits.put(0, 1)  # a window of 64 KiB
    for _ in range(GIGABYTE >> 24):
        _repeat_letter(bits, 1 << 24)
    bits.put(3, 2)  # the last block, empty
    return bits.bytes()


def _repeat_letter(bits: "Bits", length: int) -> None:
    """A block whose three codes have one symbol each, and so need no bits (RFC 7932, 3.4)."""
    bits.put(0, 1)  # not the last block
    bits.put(2, 2)  # its length has 24 bits
    bits.put(length - 1, 24)
    bits.put(0, 1)  # not stored
    bits.put(0, 3)  # one type of block of literals, commands and distances
    bits.put(0, 6)  # no postfix bits, no direct distances
    bits.put(0, 2)  # the context of literals
    bits.put(0, 2)  # one tree of literals, one of distances
    for symbol, size in ((ord("a"), 8), (_INSERT_MANY, 10), (0, 6)):
        bits.put(1, 2)  # a simple code
        bits.put(0, 2)  # of one symbol
        bits.put(symbol, size)
    bits.put(length - 22594, 24)


#: Inserts 22594 literals, and as many as 24 bits say; the block ends before its copy (RFC 7932, 5).
_INSERT_MANY = 448 + (7 << 3)


def zstd_bomb() -> bytes:
    """1 GiB of zeros, in 32 KiB: blocks that repeat one byte."""
    size = 1 << 17
    block = struct.pack("<I", size << 3 | _REPEATED)[:3] + b"\0"
    last = struct.pack("<I", _STORED | _LAST)[:3]
    return _ZSTD_HEAD + block * (GIGABYTE // size) + last


#: The magic number; no sizes, no check sum; a window of 128 KiB.
_ZSTD_HEAD = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([7 << 3])
_LAST, _STORED, _REPEATED = 1, 0 << 1, 1 << 1


class Bits:
    """A stream of bits, the lowest first."""

    def __init__(self) -> None:
        self._value = 0
        self._count = 0

    def put(self, value: int, count: int) -> None:
        """Append a number of so many bits."""
        self._value |= value << self._count
        self._count += count

    def align(self) -> None:
        """Zeros up to the next byte."""
        self._count = -(-self._count // 8) * 8

    def bytes(self) -> bytes:
        """What was put, filled up with zeros."""
        return self._value.to_bytes(-(-self._count // 8), "little")

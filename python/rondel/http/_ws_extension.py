"""What client and server agree on about compression (RFC 7692, 7.1)."""

from __future__ import annotations

import re
from typing import Final

from ._ws_types import WSHandshakeError

_NAME: Final = "permessage-deflate"
#: The largest window, and those that zlib has.
_MAX_WBITS: Final = 15
_WBITS: Final = range(9, 16)
#: What may follow the name. The two about takeover have no value, the window of the server has a
#: number or none.
_PARAMETER: Final = re.compile(
    r"(?P<name>(?:server|client)_no_context_takeover|(?:server|client)_max_window_bits)"
    r"(?:=(?P<bits>\d+))?",
    re.ASCII,
)


def ws_ext_gen(compress: int = _MAX_WBITS) -> str:
    """The offer: messages may be compressed, those of the server with a window of ``compress``
    bits.

    Raises ValueError for a window that zlib does not have.
    """
    if compress not in _WBITS:
        raise ValueError("Compress wbits must between 9 and 15, zlib does not support wbits=8")
    offer = [_NAME, "client_max_window_bits"]
    if compress < _MAX_WBITS:
        offer.append(f"server_max_window_bits={compress}")
    return "; ".join(offer)


def ws_ext_parse(field: str | None) -> tuple[int, bool]:
    """What the server has taken of the offer: the bits of the window to compress with, 0 if it
    wants no compression, and whether each message is to be compressed alone.

    Raises `WSHandshakeError` for what was not offered.
    """
    for extension in (field or "").split(","):
        name, _, parameters = extension.strip().partition(";")
        if name.strip() == _NAME:
            return _agreed(parameters)
    return 0, False


def _agreed(parameters: str) -> tuple[int, bool]:
    bits, alone = _MAX_WBITS, False
    for parameter in filter(None, map(str.strip, parameters.split(";"))):
        found = _PARAMETER.fullmatch(parameter)
        if found is None or (found["bits"] and "takeover" in found["name"]):
            raise WSHandshakeError(f"Extension for deflate not supported;{parameters}")
        if found["name"] == "client_no_context_takeover":
            alone = True
        elif found["name"] == "client_max_window_bits" and found["bits"]:
            bits = int(found["bits"])
            if bits not in _WBITS:
                raise WSHandshakeError("Invalid window size")
    return bits, alone

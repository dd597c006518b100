"""Who the user is, in the place where aiohttp has it."""

from __future__ import annotations

from .auth import BasicAuth, encode_basic_auth

__all__ = ("BasicAuth", "encode_basic_auth")

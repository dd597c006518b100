"""The exceptions, in the place where aiohttp has them."""

from __future__ import annotations

from .exceptions import *  # noqa: F403  all of them

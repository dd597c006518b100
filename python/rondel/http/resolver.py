"""Where addresses of names come from, if not from the connector's own look-ups."""

from __future__ import annotations

import asyncio
import importlib
import socket
from typing import Any

from .abc import AbstractResolver, ResolveResult

__all__ = ("AsyncResolver", "DefaultResolver", "ThreadedResolver")

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class ThreadedResolver(AbstractResolver):
    """The system's own way, ``getaddrinfo(3)`` in a thread. A connector without a resolver does the
    same.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``. Raises ``socket.gaierror`` if there are none."""
        found = await self._loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
        )
        results = []
        for family_, _, proto, _, found_address in found:
            address: Any = found_address
            # A scoped IPv6 address needs its zone in the text.
            if family_ == socket.AF_INET6 and address[3:] and address[3]:
                numeric, _ = await self._loop.getnameinfo(
                    address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
                )
            else:
                numeric = str(address[0])
            results.append(_result(host, numeric, int(address[1]), family_, proto))
        return results

    async def close(self) -> None:
        """Hold nothing, so let nothing go."""


class AsyncResolver(AbstractResolver):
    """The package aiodns, without threads. Arguments beside ``loop`` go to ``aiodns.DNSResolver``.

    Raises RuntimeError if aiodns isn't installed.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None = None, *args: Any, **kwargs: Any
    ) -> None:
        aiodns = _aiodns()
        if aiodns is None:
            raise RuntimeError("Resolver requires aiodns library: pip install aiodns")
        self._loop = loop or asyncio.get_running_loop()
        self._error: type[Exception] = aiodns.error.DNSError
        self._resolver: Any = aiodns.DNSResolver(*args, **({"loop": self._loop} | kwargs))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``. Raises OSError if there are none."""
        if self._resolver is None:
            raise RuntimeError("Resolver is closed")
        try:
            found = await self._resolver.getaddrinfo(
                host, port=port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
            )
            results = []
            for node in found.nodes:
                numeric = node.addr[0].decode("ascii")
                if node.family == socket.AF_INET6 and node.addr[3:] and node.addr[3]:
                    named = await self._resolver.getnameinfo(
                        (numeric, *node.addr[1:]), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
                    )
                    numeric = named.node
                results.append(_result(host, numeric, int(node.addr[1]), node.family, 0))
        except self._error as error:
            message = error.args[1] if len(error.args) > 1 else "DNS lookup failed"
            raise OSError(None, message) from error
        if not results:
            raise OSError(None, "DNS lookup failed")
        return results

    async def close(self) -> None:
        """End what is being looked up."""
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            resolver.cancel()


def _result(hostname: str, host: str, port: int, family: int, proto: int) -> ResolveResult:
    return ResolveResult(
        hostname=hostname, host=host, port=port, family=family, proto=proto, flags=_NUMERIC
    )


def _aiodns() -> Any:
    try:
        return importlib.import_module("aiodns")
    except ImportError:
        return None


#: The system's way: it knows /etc/hosts, mDNS and the like as every other program does.
DefaultResolver = ThreadedResolver

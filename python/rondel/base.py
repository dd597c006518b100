"""What `asyncio.BaseEventLoop` offers its heirs, with types: typeshed leaves the private part out.

This is all that rondel takes from there beside the public interface. tests/test_inherited.py looks
for each of these names in the version at hand.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _rondel


class Attributes(asyncio.BaseEventLoop):
    """Where a loop keeps the attributes that it has from its making on."""

    # The interpreter (3.13, LOAD_ATTR_METHOD_LAZY_DICT) can remember what `loop.call_soon` is only
    # while the loop has no `__dict__`: the other way it has is closed to objects with slots. A
    # program that sets an attribute of its own makes one.
    __slots__ = (
        "_asyncgens",
        "_asyncgens_shutdown_called",
        "_clock_resolution",
        "_core",
        "_coroutine_origin_tracking_enabled",
        "_coroutine_origin_tracking_saved_depth",
        "_current_handle",
        "_default_executor",
        "_exception_handler",
        "_executor_shutdown_called",
        "_internal_fds",
        "_old_agen_hooks",
        "_scheduled",
        "_signal_handlers",
        "_task_factory",
        "_timer_cancelled_count",
        "_unix_server_sockets",
        "slow_callback_duration",
    )


class LoopBase(Attributes):
    """The base of the loop's parts."""

    __slots__ = ()

    #: The native half.
    _core: _rondel.Core

    if TYPE_CHECKING:
        _debug: bool
        _default_executor: concurrent.futures.Executor | None
        _executor_shutdown_called: bool

        def _check_closed(self) -> None: ...
        def _check_running(self) -> None: ...
        def _set_coroutine_origin_tracking(self, enabled: bool) -> None: ...
        def _asyncgen_firstiter_hook(self, agen: Any) -> None: ...
        def _asyncgen_finalizer_hook(self, agen: Any) -> None: ...
        async def _create_connection_transport(
            self,
            sock: socket.socket,
            protocol_factory: Callable[[], asyncio.BaseProtocol],
            ssl: Any,
            server_hostname: str | None,
            server_side: bool = False,
            ssl_handshake_timeout: float | None = None,
            ssl_shutdown_timeout: float | None = None,
        ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]: ...
        def _check_sendfile_params(
            self, sock: socket.socket, file: Any, offset: int, count: int | None
        ) -> None: ...
        async def _ensure_resolved(
            self,
            address: Any,
            *,
            family: int = 0,
            type: int = socket.SOCK_STREAM,  # noqa: A002  the name of the argument there
            proto: int = 0,
            flags: int = 0,
            loop: asyncio.AbstractEventLoop,
        ) -> list[Any]: ...

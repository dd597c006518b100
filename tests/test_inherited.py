"""What rondel takes from asyncio beside its public interface is there in this version."""

import asyncio
import inspect

import pytest

from rondel.base import LoopBase

HOOKS = [
    "_check_callback",
    "_check_closed",
    "_check_running",
    "_check_sendfile_params",
    "_check_thread",
    "_set_coroutine_origin_tracking",
    "_asyncgen_firstiter_hook",
    "_asyncgen_finalizer_hook",
    "_create_connection_transport",
    "_ensure_resolved",
    "_make_datagram_transport",
    "_make_read_pipe_transport",
    "_make_socket_transport",
    "_make_ssl_transport",
    "_make_subprocess_transport",
    "_make_write_pipe_transport",
    "_sendfile_native",
    "_sock_sendfile_native",
    "_write_to_self",
    "_timer_handle_cancelled",
]


@pytest.mark.parametrize("name", HOOKS)
def test_base_event_loop_has(name):
    assert callable(inspect.getattr_static(asyncio.BaseEventLoop, name, None)) or isinstance(
        inspect.getattr_static(asyncio.BaseEventLoop, name, None), property
    )


@pytest.mark.parametrize(
    "name",
    [
        "_closed",
        "_debug",
        "_stopping",
        "_thread_id",
        "_ready",
        "_default_executor",
        "_executor_shutdown_called",
    ],
)
def test_base_event_loop_sets(name):
    """At its making; rondel's properties of the first five take the values over."""
    own = asyncio.BaseEventLoop.__init__.__code__.co_names
    assert name in own or name == "_debug", "set_debug() sets it"


def test_server_has():
    """Unix servers are made by rondel, as `asyncio.Server`."""
    arguments = list(inspect.signature(asyncio.Server).parameters)
    assert arguments == [
        "loop",
        "sockets",
        "protocol_factory",
        "ssl_context",
        "backlog",
        "ssl_handshake_timeout",
        "ssl_shutdown_timeout",
    ]
    assert callable(asyncio.Server._start_serving)


def test_futures_has():
    """What copies the state of a thread's future."""
    arguments = list(inspect.signature(asyncio.futures._copy_future_state).parameters)
    assert arguments == ["source", "dest"]


def test_the_parts_add_no_state():
    assert LoopBase.__slots__ == ()


def test_handles_have_the_attributes_of_asyncio(loop):
    ours, theirs = loop.call_soon(print), asyncio.Handle(print, (), loop)
    for name in asyncio.Handle.__slots__:
        if name != "__weakref__":
            getattr(ours, name)
            getattr(theirs, name)

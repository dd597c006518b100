"""TLS under misuse, with callbacks in the middle of its calls: an error at most, no crash."""

import gc

import pytest

from support.tls import client_context, in_thread, tls_connected


@pytest.mark.rondel_only("the views of asyncio are of memory that Python owns")
async def test_nobody_sees_native_memory(loop):
    """Who looks for all objects in the middle of a call finds its arguments, too."""
    found = []

    def find(*_):
        for it in gc.get_objects():
            # What shows memory is not tracked itself, but the arguments of a call are.
            found.extend(arg for arg in (it if type(it) is tuple else ()) if is_window(arg))
        for window in found:
            with pytest.raises(BufferError, match="nothing to be seen"):
                memoryview(window)

    def is_window(it):
        return type(it).__module__ == "rondel._rondel" and type(it).__name__ == "Window"

    context = client_context()
    context._msg_callback = find
    async with tls_connected(context=context) as (transport, protocol, peer):
        transport.write(bytearray(b"hello"))
        assert await in_thread(peer.receive, 5) == b"hello"
        peer.send(bytes(100_000))
        await protocol.received(100_000)
    assert found
    for window in found:
        with pytest.raises(BufferError, match="nothing to be seen"):
            memoryview(window)

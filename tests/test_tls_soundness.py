"""TLS under misuse, with callbacks in the middle of its calls: an error at most, no crash."""

import gc

import pytest

from support.tls import client_context, in_thread, tls_connected


@pytest.mark.rondel_only("the views of asyncio are of memory that Python owns")
async def test_nobody_keeps_a_view_of_native_memory(loop):
    """Who looks for all objects in the middle of a call finds its buffers, too."""
    found = []

    def find(*_):
        found.extend(it for it in gc.get_objects() if type(it) is memoryview)

    before = {id(it) for it in gc.get_objects() if type(it) is memoryview}
    context = client_context()
    context._msg_callback = find
    async with tls_connected(context=context) as (transport, protocol, peer):
        transport.write(bytearray(b"hello"))
        assert await in_thread(peer.receive, 5) == b"hello"
        peer.send(bytes(100_000))
        await protocol.received(100_000)
    views = [view for view in found if id(view) not in before]
    assert views
    for view in views:
        with pytest.raises(ValueError, match="released memoryview"):
            view.tobytes()

"""What was left open is told by a ResourceWarning, whose source is the object left open."""

import asyncio
import gc
import re
import warnings

from support.loops import new_loop
from support.net import HOST, tcp_pair


def caught_while(act):
    """The ResourceWarnings that come while this runs and as the garbage is collected."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        act()
        gc.collect()
    return [warning for warning in caught if warning.category is ResourceWarning]


def test_unclosed_loop(loop_kind, log):
    kept = [new_loop(loop_kind)]
    (warning,) = caught_while(kept.clear)
    assert re.fullmatch(
        r"unclosed event loop <\S* running=False closed=False debug=False>", str(warning.message)
    )
    assert type(warning.source).__mro__[-3:-1] == (asyncio.BaseEventLoop, asyncio.AbstractEventLoop)


def test_unclosed_transport(loop):
    ours, peer = tcp_pair()
    transport, _protocol = loop.run_until_complete(
        loop.create_connection(asyncio.Protocol, sock=ours)
    )
    number = ours.fileno()
    transport.pause_reading()
    kept = [transport]
    del transport, ours, _protocol
    (warning,) = [w for w in caught_while(kept.clear) if "transport" in str(w.message)]
    assert re.match(rf"unclosed transport <\w+ fd={number}\b", str(warning.message))
    assert isinstance(warning.source, asyncio.Transport)
    del warning
    peer.close()


def test_transport_of_a_loop_closed_around_it(loop):
    ours, peer = tcp_pair()
    kept = [*loop.run_until_complete(loop.create_connection(asyncio.Protocol, sock=ours))]
    del ours
    loop.close()
    messages = [str(warning.message) for warning in caught_while(kept.clear)]
    assert [m for m in messages if m.startswith("unclosed transport <")]
    peer.close()


def test_server_of_a_loop_closed_around_it(loop):
    """asyncio.Server says nothing by itself: its listening socket does."""
    kept = [loop.run_until_complete(loop.create_server(asyncio.Protocol, HOST, 0))]
    loop.close()
    messages = [str(warning.message) for warning in caught_while(kept.clear)]
    assert [m for m in messages if m.startswith("unclosed <socket.socket fd=")]


def test_loop_closed_with_an_executor_and_a_generator_alive(loop):
    async def generate():
        yield 1
        yield 2

    async def main():
        generator = generate()
        await anext(generator)
        await loop.run_in_executor(None, int)
        return generator

    kept = [loop.run_until_complete(main())]
    loop.close()
    assert caught_while(kept.clear) == []


def test_nothing_closed_properly_is_told_of(loop_kind, log):
    async def main():
        server = await asyncio.start_server(lambda _, writer: writer.close(), HOST, 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await reader.read()
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)

    def run():
        loop = new_loop(loop_kind)
        loop.run_until_complete(main())
        loop.close()

    assert caught_while(run) == []

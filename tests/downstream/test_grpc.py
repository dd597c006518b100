"""grpc.aio: its own server and its own channel on one loop.

Real: gRPC's core with its own threads and HTTP/2, over TCP on this machine; its completions reach
the loop over a socket that the loop watches. Messages are bytes: no generated code is needed.
"""

import asyncio
import contextlib

import grpc
import grpc.aio
import pytest


@pytest.fixture
def nothing_left():
    """gRPC's core keeps descriptors of its own for as long as the process lives."""


class Service:
    """One method of each kind, and one that never answers."""

    def __init__(self):
        self.started, self.stopped = asyncio.Event(), asyncio.Event()

    async def unary(self, request, context):
        if not request:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing in it")
        return request.upper()

    async def count(self, request, context):
        for n in range(int(request)):
            yield b"%d" % n

    async def collect(self, requests, context):
        return b"".join([request async for request in requests])

    async def chat(self, requests, context):
        async for request in requests:
            yield b"re: " + request

    async def never(self, request, context):
        self.started.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.stopped.set()

    def handlers(self):
        return grpc.method_handlers_generic_handler(
            "Service",
            {
                "unary": grpc.unary_unary_rpc_method_handler(self.unary),
                "count": grpc.unary_stream_rpc_method_handler(self.count),
                "collect": grpc.stream_unary_rpc_method_handler(self.collect),
                "chat": grpc.stream_stream_rpc_method_handler(self.chat),
                "never": grpc.unary_unary_rpc_method_handler(self.never),
            },
        )


@contextlib.asynccontextmanager
async def serving():
    """A running service, and a channel to it."""
    service = Service()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([service.handlers()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield service, channel
    finally:
        await server.stop(None)


async def test_unary(loop, problems):
    """Real: one call, many at once, and an error with its status."""
    async with serving() as (_, channel):
        call = channel.unary_unary("/Service/unary")
        assert await call(b"hello") == b"HELLO"
        answers = await asyncio.gather(*(call(b"n%d" % n) for n in range(200)))
        assert answers == [b"N%d" % n for n in range(200)]
        assert await call(b"x" * 3_000_000) == b"X" * 3_000_000
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert caught.value.details() == "nothing in it"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/Service/nothing")(b"")
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_streams(loop, problems):
    """Real: a stream of answers, one of requests, and both, each waiting for the other."""
    async with serving() as (_, channel):
        count = channel.unary_stream("/Service/count")
        assert [answer async for answer in count(b"500")] == [b"%d" % n for n in range(500)]

        async def requests():
            for n in range(500):
                yield b"%d," % n

        collected = await channel.stream_unary("/Service/collect")(requests())
        assert collected == b"".join(b"%d," % n for n in range(500))

        chat = channel.stream_stream("/Service/chat")()
        for n in range(100):
            await chat.write(b"%d" % n)
            assert await chat.read() == b"re: %d" % n
        await chat.done_writing()
        assert await chat.read() == grpc.aio.EOF
        assert await chat.code() == grpc.StatusCode.OK


async def test_cancellation(loop, problems):
    """Real: a cancelled task, and a deadline: both end the handler at the other side."""
    async with serving() as (service, channel):
        never = channel.unary_unary("/Service/never")

        async def ask(**options):
            return await never(b"", **options)

        asking = asyncio.create_task(ask())
        await service.started.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await service.stopped.wait()

        service.stopped.clear()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(timeout=0.2)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_graceful_stop(loop, problems):
    """Real: a call that is under way ends well, a new one is refused."""
    async with serving() as (_, channel):
        chat = channel.stream_stream("/Service/chat")()
        await chat.write(b"first")
        assert await chat.read() == b"re: first"
    assert chat.done()
    with pytest.raises(grpc.aio.UsageError):
        await channel.unary_unary("/Service/unary")(b"")

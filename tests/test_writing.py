"""write, writelines, and what may be given to them."""

import array
import asyncio

import pytest

from support.net import connected, receive_all, receive_exactly
from support.protocols import Recorder
from support.turns import turns


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview], ids=lambda make: make.__name__)
async def test_write(loop, make):
    async with connected() as (transport, _, peer):
        assert transport.write(make(b"hello")) is None
        assert receive_exactly(peer, 5) == b"hello", "sent at once"
        assert transport.get_write_buffer_size() == 0


async def test_arguments_by_name(loop):
    async with connected() as (transport, _, peer):
        transport.write(data=b"one ")
        transport.writelines(list_of_data=[b"two ", b"three"])
        assert receive_exactly(peer, 13) == b"one two three"
        for method, name in ((transport.write, "data"), (transport.writelines, "list_of_data")):
            for args, options in (
                ((), {}),
                ((b"", b""), {}),
                ((), {"content": b""}),
                ((b"",), {name: b""}),
                ((b"",), {"content": b""}),
            ):
                with pytest.raises(TypeError, match="argument"):
                    method(*args, **options)


async def test_small_writes_keep_their_order(loop):
    async with connected() as (transport, _, peer):
        for n in range(2000):
            transport.write(b"%d " % n)
        transport.close()
        data = await asyncio.to_thread(receive_all, peer)
    assert data == b"".join(b"%d " % n for n in range(2000))


async def test_writes_behind_a_full_socket_keep_their_order(loop):
    pieces = [bytes([n % 256]) * (1 + n * 37 % 5000) for n in range(1500)]
    async with connected(small_buffers=True) as (transport, _, peer):
        for n, piece in enumerate(pieces):
            if n % 3:
                transport.write(piece)
            else:
                transport.writelines([piece[:7], b"", bytearray(piece[7:])])
        assert transport.get_write_buffer_size() > 0
        reading = asyncio.to_thread(receive_all, peer)
        transport.close()
        assert await reading == b"".join(pieces)


async def test_writelines(loop):
    async with connected() as (transport, _, peer):
        transport.writelines([b"one ", bytearray(b"two "), memoryview(b"three")])
        assert receive_exactly(peer, 13) == b"one two three"
        transport.writelines(part for part in (b"from a ", b"generator"))
        assert receive_exactly(peer, 16) == b"from a generator"
        transport.writelines([])
        transport.writelines([b"x"] * 3000)
        assert await asyncio.to_thread(receive_exactly, peer, 3000) == b"x" * 3000


async def test_writing_nothing_does_nothing(loop):
    async with connected() as (transport, protocol, peer):
        for nothing in (b"", bytearray(), memoryview(b"")):
            transport.write(nothing)
        transport.write(b".")
        assert receive_exactly(peer, 1) == b"."
        assert protocol.names == ["made"]


@pytest.mark.parametrize("wrong", ["text", 7, None, [b"list"], array.array("b", b"x")], ids=repr)
async def test_write_of_the_wrong_type(loop, wrong):
    async with connected() as (transport, protocol, peer):
        name = type(wrong).__name__
        with pytest.raises(
            TypeError, match=f"data argument must be a bytes-like object, not '{name}'"
        ):
            transport.write(wrong)
        transport.write(b"open still")
        assert receive_exactly(peer, 10) == b"open still"
        assert protocol.names == ["made"]


@pytest.mark.parametrize("wrong", [["text"], [b"good", 7], 7], ids=repr)
async def test_writelines_of_the_wrong_type(loop, wrong):
    async with connected() as (transport, _protocol, _peer):
        with pytest.raises(TypeError):
            transport.writelines(wrong)
        assert not transport.is_closing()


@pytest.mark.rondel_only("3.12 and 3.13 keep a view of what is written, and send what it becomes")
async def test_a_buffer_may_be_reused_after_write(loop):
    async with connected(small_buffers=True) as (transport, _, peer):
        buffer = bytearray(b"a" * 3_000_000)
        transport.write(buffer)
        buffer[:] = b"b" * len(buffer)
        transport.write(memoryview(buffer)[:100_000])
        buffer[:] = b"c" * len(buffer)
        transport.writelines([buffer])
        buffer.clear()
        transport.close()
        data = await asyncio.to_thread(receive_all, peer)
    assert data == b"a" * 3_000_000 + b"b" * 100_000 + b"c" * 3_000_000


@pytest.mark.rondel_only("asyncio counts the items of a memoryview, not its bytes")
async def test_a_memoryview_of_wide_items(loop):
    numbers = array.array("q", range(300_000))
    async with connected(small_buffers=True) as (transport, _, peer):
        transport.write(memoryview(numbers))
        transport.close()
        assert await asyncio.to_thread(receive_all, peer) == numbers.tobytes()


@pytest.mark.rondel_only("asyncio takes it for an error of the connection, and aborts")
async def test_a_memoryview_with_gaps(loop):
    async with connected() as (transport, _, peer):
        transport.write(memoryview(b"a.b.c.")[::2])
        assert receive_exactly(peer, 3) == b"abc"


async def test_a_large_write(loop):
    data = bytes(range(256)) * 80_000
    async with connected() as (transport, protocol, peer):
        reading = asyncio.to_thread(receive_all, peer)
        transport.write(data)
        transport.close()
        assert await reading == data
        assert await protocol.lost is None


async def test_both_ways_at_once(loop):
    data = bytes(range(256)) * 20_000

    def exchange(peer):
        import threading

        sender = threading.Thread(target=peer.sendall, args=(data,))
        sender.start()
        got = receive_exactly(peer, len(data))
        sender.join()
        return got

    async with connected() as (transport, protocol, peer):
        talk = asyncio.create_task(asyncio.to_thread(exchange, peer))
        for start in range(0, len(data), 100_000):
            transport.write(data[start : start + 100_000])
            await turns(1)
        assert await protocol.received(len(data)) == data
        assert await talk == data


async def test_writes_after_the_end_are_dropped_and_the_fifth_is_logged(loop, log):
    async with connected() as (transport, protocol, _):
        transport.abort()
        for _ in range(4):
            transport.write(b"dropped")
            transport.write(b"")
        assert log.messages() == []
        transport.write(b"dropped")
        assert log.messages() == ["socket.send() raised exception."]
        await protocol.lost
        await asyncio.sleep(0)
        transport.write(b"dropped")
        assert log.messages() == ["socket.send() raised exception."]
        assert transport.get_write_buffer_size() == 0


async def test_connection_lost_fails_after_the_last_byte_was_sent(loop, problems):
    """The loop runs on, though it is no handle that calls connection_lost then."""

    class Failing(Recorder):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise ValueError("expected")

    async with connected(Failing, small_buffers=True) as (transport, protocol, peer):
        data = b"x" * 10_000_000
        transport.write(data)
        assert transport.get_write_buffer_size()
        transport.close()
        received = loop.run_in_executor(None, receive_exactly, peer, len(data))
        assert len(await received) == len(data)
        await protocol.lost
        await turns(1)
        assert str(problems.take_one()["exception"]) == "expected"

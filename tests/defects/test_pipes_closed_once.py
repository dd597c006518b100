"""A cancelled connect_read_pipe closes its descriptor once (uvloop#763)."""

import asyncio
import os

import pytest

from support.descriptors import DESCRIPTORS, Strangers
from support.pipes import pipe
from support.protocols import Recorder
from support.turns import turns

pytestmark = pytest.mark.skipif(not os.path.isdir(DESCRIPTORS), reason=f"reads {DESCRIPTORS}")


@pytest.mark.parametrize("passed", range(5))
@pytest.mark.parametrize("method", ["connect_read_pipe", "connect_write_pipe"])
async def test_cancelled_connect_of_a_pipe_closes_its_descriptor_once(loop, method, passed):
    ends = pipe()
    ours, theirs = ends if method == "connect_read_pipe" else reversed(ends)
    with theirs:
        strangers = Strangers({ours.fileno()})
        task = asyncio.ensure_future(getattr(loop, method)(Recorder, ours))
        await turns(passed)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            transport, protocol = task.result()
            transport.close()
            await protocol.lost
        elif passed == 0:
            # It never started: the file is still the caller's.
            ours.close()
        await turns(3)
        assert ours.closed
        del ours, ends
        await strangers.survive()


@pytest.mark.parametrize("method", ["connect_read_pipe", "connect_write_pipe"])
async def test_pipe_whose_peer_goes_closes_its_descriptor_once(loop, method):
    ends = pipe()
    ours, theirs = ends if method == "connect_read_pipe" else reversed(ends)
    transport, protocol = await getattr(loop, method)(Recorder, ours)
    strangers = Strangers({ours.fileno()})
    theirs.close()
    await protocol.lost
    transport.close()
    await turns(2)
    transport.close()
    del transport, protocol.transport
    await strangers.survive()

"""Actors for the soak that leave something behind, each of another kind."""

import asyncio
import os
import socket
import threading

from soak.actor import Actor

kept = []


async def descriptor(world, rng):
    await asyncio.sleep(0.01)
    kept.append(os.open(os.devnull, os.O_RDONLY))


async def task(world, rng):
    await asyncio.sleep(0.01)
    kept.append(asyncio.ensure_future(asyncio.Event().wait()))


async def child(world, rng):
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


async def thread(world, rng):
    kept.append(threading.Thread(target=threading.Event().wait, daemon=True))
    kept[-1].start()
    await asyncio.sleep(0.02)


async def object_(world, rng):
    await asyncio.sleep(0.01)
    kept.append(asyncio.Event())


async def transport(world, rng):
    await asyncio.sleep(0.01)
    ours, theirs = socket.socketpair()
    kept.append(theirs.detach())
    await world.loop.create_connection(asyncio.Protocol, sock=ours)


async def error(world, rng):
    await asyncio.sleep(0.01)
    raise ValueError("a mistake of the actor")


async def callback(world, rng):
    await asyncio.sleep(0.01)
    world.loop.call_soon(int, "no number")


async def hang(world, rng):
    threading.Event().wait()


async def crash(world, rng):
    os.abort()


ACTORS = tuple(
    Actor(f"leaks a {run.__name__.strip('_')}", run)
    for run in (descriptor, task, child, thread, object_, transport, error, callback, crash, hang)
)

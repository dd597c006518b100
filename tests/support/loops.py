"""The loops under test: asyncio's own and rondel's, made from one source."""

import asyncio
import os

KINDS = ("asyncio", "rondel")


def selected() -> tuple[str, ...]:
    """The kinds to run on: both, unless RONDEL_TEST_ONLY names one of them."""
    only = os.environ.get("RONDEL_TEST_ONLY")
    if only is None:
        return KINDS
    if only not in KINDS:
        raise ValueError(f"RONDEL_TEST_ONLY={only!r}: expected one of {KINDS}")
    return (only,)


def loop_class(kind: str) -> type[asyncio.AbstractEventLoop]:
    """The class of loop of this kind; rondel is imported only when it is asked for."""
    if kind == "asyncio":
        return asyncio.SelectorEventLoop
    import rondel

    return rondel.EventLoop


def new_loop(kind: str | None = None) -> asyncio.AbstractEventLoop:
    """A new loop of this kind; a child process takes the kind of its parent's test."""
    return loop_class(kind or os.environ["LOOP_KIND"])()


def finish(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left on the loop, let it end, and close the loop."""
    if loop.is_closed():
        return
    loop.set_debug(False)
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()

    async def wind_down() -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()

    try:
        loop.run_until_complete(wind_down())
    finally:
        loop.close()

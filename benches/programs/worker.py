"""A process that measures on request: what all programs share that do.

It reads lines of JSON, each a request, and answers each with one that has `rate`, operations a
second, or `error`, and `word` for the table where that has one. It ends with its input.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from benches import loops
from benches.model import MeasureError

# Takes a request, returns operations a second.
Measure = Callable[[dict[str, Any]], Awaitable[float]]


def serve(loop: str, measure: Measure) -> None:
    """Answers all requests, each on a new loop."""
    for line in sys.stdin:
        print(json.dumps(_answer(loop, measure, json.loads(line))), flush=True)


def _answer(loop: str, measure: Measure, request: dict[str, Any]) -> dict[str, Any]:
    gc.collect()
    try:
        with asyncio.Runner(loop_factory=loops.factory(loop)) as runner:
            return {"rate": runner.run(_awaited(measure(request)))}
    except MeasureError as error:
        return {"error": str(error), "word": error.word}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


async def _awaited(rate: Awaitable[float]) -> float:
    return await rate

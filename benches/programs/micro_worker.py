"""Runs micro-benchmarks. usage: python -m benches.programs.micro_worker LOOP

Reads lines of JSON with `benchmark`, a name, and `seconds`, how long it shall run at least.
Answers each with one that has `rate`, operations a second, or `error`. Ends with its input.
"""

import asyncio
import gc
import json
import sys
from typing import Any

from benches import loops, micro
from benches.micro.registry import Benchmark


async def repeat(benchmark: Benchmark, at_least: float) -> float:
    """Operations a second. Only what the benchmark times itself counts."""
    operations, seconds = 0, 0.0
    while seconds < at_least:
        seconds += await benchmark.run(benchmark.operations)
        operations += benchmark.operations
    return operations / seconds


def answer(loop: str, request: dict[str, Any]) -> dict[str, Any]:
    gc.collect()
    try:
        with asyncio.Runner(loop_factory=loops.factory(loop)) as runner:
            benchmark = micro.ALL[request["benchmark"]]
            return {"rate": runner.run(repeat(benchmark, request["seconds"]))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main(loop: str) -> None:
    for line in sys.stdin:
        print(json.dumps(answer(loop, json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs micro-benchmarks. usage: python -m benches.programs.micro_worker LOOP

A request (see `worker`) has `benchmark`, a name, and `seconds`, how long it shall run at least.
"""

import sys
from typing import Any

from benches import micro
from benches.programs import worker


async def repeat(request: dict[str, Any]) -> float:
    """Operations a second. Only what the benchmark times itself counts."""
    benchmark = micro.ALL[request["benchmark"]]
    operations, seconds = 0, 0.0
    while seconds < request["seconds"]:
        seconds += await benchmark.run(benchmark.operations)
        operations += benchmark.operations
    return operations / seconds


if __name__ == "__main__":
    worker.serve(sys.argv[1], repeat)

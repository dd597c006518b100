"""The micro-benchmarks, by name, in the order of the table."""

from benches.micro import callbacks, network, synchronization, tasks, threads, timers
from benches.micro.registry import Benchmark, of_module

ALL: dict[str, Benchmark] = {
    each.name: each
    for module in (callbacks, timers, tasks, synchronization, threads, network)
    for each in of_module(module)
}

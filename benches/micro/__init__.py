"""The micro-benchmarks, by name, in the order of the table."""

from benches.micro import (
    callbacks,
    datagrams,
    network,
    processes,
    synchronization,
    tasks,
    threads,
    timers,
    tls,
)
from benches.micro.registry import Benchmark, of_module

MODULES = (
    *(callbacks, timers, tasks, synchronization, threads),
    *(network, datagrams, processes, tls),
)

ALL: dict[str, Benchmark] = {each.name: each for module in MODULES for each in of_module(module)}

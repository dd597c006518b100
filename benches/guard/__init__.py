"""The guard: what a message and a callback cost, counted and compared. `make bench-guard`.

It reads no clock: it counts instructions, allocations and system calls, which repeat.
docs/bench-guard.md says what each figure is.
"""

"""Suites of others on rondel: CPython's own test_asyncio, and uvloop's.

`make conformance` runs both on every Python here, holds what differs against differences.toml, and
writes docs/conformance.md.

- `suites`: which modules of which suite;
- `worker`: the child process that runs one module on one loop;
- `supervisor`: starts it, names what hangs or crashes, and goes on with the rest;
- `registry`: the known differences, and the check against them;
- `report`: the page.
"""

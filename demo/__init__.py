"""The demo: runs examples/*.py on asyncio and on rondel and compares them. `python -m demo`."""

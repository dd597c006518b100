"""Runs a program on the event loop of another module: run_on.py MODULE PROGRAM ARGS...

For loops that have no such command of their own. MODULE must have a `new_event_loop`.
"""

import asyncio
import importlib
import pathlib
import runpy
import sys
import warnings


def main() -> None:
    module = importlib.import_module(sys.argv[1])
    with warnings.catch_warnings():
        # Policies are deprecated from 3.14 on, but reach asyncio.run of an unmodified program.
        warnings.simplefilter("ignore", DeprecationWarning)

        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self) -> asyncio.AbstractEventLoop:
                loop: asyncio.AbstractEventLoop = module.new_event_loop()
                return loop

        asyncio.set_event_loop_policy(Policy())
    del sys.argv[:2]
    sys.path[0] = str(pathlib.Path(sys.argv[0]).resolve().parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()

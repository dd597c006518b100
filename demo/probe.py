"""An empty program: prints which module the running event loop comes from.

With arguments it imports them first, which shows whether they are there and warms the disk cache.
"""

import asyncio
import importlib
import sys


async def main() -> None:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    print(type(asyncio.get_running_loop()).__module__)


if __name__ == "__main__":
    asyncio.run(main())

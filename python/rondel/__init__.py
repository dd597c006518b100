"""An asyncio event loop whose engine is written in Rust.

- `python -m rondel prog.py` runs a program on it, unmodified;
- `rondel.run(main())` stands for `asyncio.run(main())`;
- `rondel.install()` has asyncio make its loops from now on;
- `asyncio.Runner(loop_factory=rondel.new_event_loop)` takes it by name.
"""

from . import _require_native, _require_python  # noqa: F401  first: say in one line what is missing
from ._rondel import __version__
from .loop import EventLoop, new_event_loop
from .policy import EventLoopPolicy, install, is_installed, uninstall
from .runners import run

__all__ = [
    "EventLoop",
    "EventLoopPolicy",
    "__version__",
    "install",
    "is_installed",
    "new_event_loop",
    "run",
    "uninstall",
]

"""rondel as the loop that asyncio makes: `install()`, and the policy behind it."""

from . import _versions
from .loop import EventLoop, new_event_loop


class EventLoopPolicy(_versions.DefaultPolicy):
    """asyncio's default policy, except that the loops it makes are rondel's.

    Which thread has which loop, and whether `asyncio.get_event_loop()` makes one, stays as in the
    Python version at hand. Python 3.14 deprecates policies: `install()` works with and without.
    """

    def new_event_loop(self) -> EventLoop:
        """A new `rondel.EventLoop`, not yet the current one of any thread."""
        return new_event_loop()


def is_installed() -> bool:
    """Whether asyncio makes rondel's loops in this process now."""
    if _versions.HAS_POLICIES:
        return isinstance(_versions.get_policy(), EventLoopPolicy)
    return _versions.get_new_event_loop() is new_event_loop


def install() -> None:
    """Have asyncio make rondel's loops, in all threads of this process, from now on.

    That is `asyncio.run()`, `asyncio.Runner()`, `asyncio.new_event_loop()`, and
    `asyncio.get_event_loop()` where it makes a loop. Loops that exist, and code that asks for
    another loop by name (`loop_factory=`, a policy of its own), are left alone. To call it again
    changes nothing.
    """
    if is_installed():
        return
    if _versions.HAS_POLICIES:
        _versions.set_policy(EventLoopPolicy())
    else:
        _versions.set_new_event_loop(new_event_loop)


def uninstall() -> None:
    """Undo `install()`: asyncio makes its own loops again. Another policy is left alone."""
    if not is_installed():
        return
    if _versions.HAS_POLICIES:
        _versions.set_policy(None)
    else:
        _versions.set_new_event_loop(None)

"""Lists of coroutine functions that are called one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableSequence
from typing import Any, Generic, TypeVar, overload

_P = TypeVar("_P")
_F = TypeVar("_F", bound=Callable[..., Awaitable[object]])

Receiver = Callable[..., Awaitable[object]]


class Signal(MutableSequence[Receiver], Generic[_P]):
    """Receivers of one event, as `aiosignal.Signal` has them. Frozen, it does not change any more.

    Each receiver gets the session, the context of the trace, and an object of ``_P``.
    """

    __slots__ = ("_frozen", "_owner", "_receivers")

    def __init__(self, owner: object) -> None:
        self._owner = owner
        self._receivers: list[Receiver] = []
        self._frozen = False

    def __repr__(self) -> str:
        return f"<Signal owner={self._owner}, frozen={self._frozen}, {self._receivers!r}>"

    @property
    def frozen(self) -> bool:
        """Whether it does not change any more."""
        return self._frozen

    def freeze(self) -> None:
        """Let it not change any more."""
        self._frozen = True

    def __call__(self, receiver: _F) -> _F:
        """Append, as a decorator."""
        self.append(receiver)
        return receiver

    async def send(self, *args: Any, **keywords: Any) -> None:
        """Call the receivers, one after the other. Raises RuntimeError unless frozen."""
        if not self._frozen:
            raise RuntimeError("Cannot send non-frozen signal.")
        for receiver in self._receivers:
            await receiver(*args, **keywords)

    def insert(self, index: int, value: Receiver) -> None:
        """Put a receiver before another."""
        self._check()
        self._receivers.insert(index, value)

    @overload
    def __getitem__(self, index: int) -> Receiver: ...
    @overload
    def __getitem__(self, index: slice) -> MutableSequence[Receiver]: ...
    def __getitem__(self, index: int | slice) -> Receiver | MutableSequence[Receiver]:
        return self._receivers[index]

    @overload
    def __setitem__(self, index: int, value: Receiver) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Receiver]) -> None: ...
    def __setitem__(self, index: Any, value: Any) -> None:
        self._check()
        self._receivers[index] = value

    def __delitem__(self, index: int | slice) -> None:
        self._check()
        del self._receivers[index]

    def __len__(self) -> int:
        return len(self._receivers)

    def _check(self) -> None:
        if self._frozen:
            raise RuntimeError(
                "Cannot modify frozen list: a session uses it. Append before the session is made"
            )

"""What requests that Python carries out give: something to await, and for ``async with``."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from .response import ClientResponse
    from .session import ClientSession


class _Closing(Protocol):
    async def __aenter__(self) -> Any: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
        /,
    ) -> Any: ...


_T_co = TypeVar("_T_co", bound=_Closing, covariant=True)


class RequestContextManager(Coroutine[Any, Any, _T_co], Generic[_T_co]):
    """A request, or a WebSocket that is being opened: awaited, it is the response; ``async with``
    also ends that.
    """

    __slots__ = ("_coro", "_resp")

    def __init__(self, coro: Coroutine[Any, Any, _T_co]) -> None:
        self._coro = coro

    def send(self, value: Any, /) -> Any:
        """Go on, as a coroutine does."""
        return self._coro.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where it waits."""
        return self._coro.throw(*error)

    def close(self) -> None:
        """Give it up."""
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, _T_co]:
        return self._coro.__await__()

    def __iter__(self) -> Generator[Any, Any, _T_co]:
        return self.__await__()

    async def __aenter__(self) -> _T_co:
        self._resp = await self._coro
        entered: _T_co = await self._resp.__aenter__()
        return entered

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._resp.__aexit__(exc_type, exc, tb)


class SessionRequestContextManager:
    """One request with a session of its own, which ends with it: `rondel.http.request`."""

    __slots__ = ("_coro", "_resp", "_session")

    def __init__(self, coro: Coroutine[Any, Any, ClientResponse], session: ClientSession) -> None:
        self._coro = coro
        self._resp: ClientResponse | None = None
        self._session = session

    async def __aenter__(self) -> ClientResponse:
        try:
            self._resp = await self._coro
        except BaseException:
            await self._session.close()
            raise
        return self._resp

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._resp is not None:
            self._resp.close()
        await self._session.close()

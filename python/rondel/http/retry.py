"""When requests are tried again: ``retry=Retry(...)`` of a session, or of one request."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ._numbers import MOST
from ._tokens import is_token

#: Methods that may be repeated without harm (RFC 9110, 9.2.2).
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})

#: Answers that say "later": too slow a request, too many of them, and what gateways say of servers.
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


class RetryBudget:
    """A limit on the retries of all requests that share it, so that a server in distress is not
    buried under them.

    In the long run at most ``ratio`` retries per request, at once at most ``reserve``.
    """

    __slots__ = ("_native", "_ratio", "_reserve")

    def __init__(self, ratio: float = 0.1, reserve: int = 10) -> None:
        self._ratio = _seconds_or_share("ratio", ratio)
        self._reserve = _count("reserve", reserve, least=0)
        self._native: Any = None

    @property
    def ratio(self) -> float:
        """Retries per request, in the long run."""
        return self._ratio

    @property
    def reserve(self) -> int:
        """Retries at once."""
        return self._reserve

    def __repr__(self) -> str:
        return f"RetryBudget(ratio={self._ratio!r}, reserve={self._reserve!r})"


class Retry:
    """Exponential backoff with jitter.

    - ``attempts``: how often a request is tried, the first time included.
    - ``backoff``: seconds before the second attempt; ``factor``: by what that is multiplied from
      one to the next.
    - ``jitter``: which part of each pause is left to chance, from 0 to 1. At 0.5 a pause is between
      half and all of it.
    - ``max_delay``: seconds that no pause exceeds. A server whose Retry-After asks for more is not
      asked again.
    - ``statuses``: answers that are worth another attempt. What the server says in Retry-After, in
      seconds or as a date, goes before ``backoff``.
    - ``methods``: what may be repeated; None: the idempotent ones (GET, HEAD, OPTIONS, TRACE, PUT,
      DELETE).
    - ``budget``: a `RetryBudget`, which several may share.

    Besides those answers, what is tried again is what may fare better then: a name that is not
    found, no connection, a connection that broke, and any time limit but ``total``. A body is sent
    again only if it can be: bytes, text, forms and files that seek, not generators.
    ``ClientTimeout.total`` bounds all attempts together.

    When the attempts are used up, the last answer is returned as it is, or the last error raised.
    """

    __slots__ = (
        "_attempts",
        "_backoff",
        "_budget",
        "_factor",
        "_jitter",
        "_max_delay",
        "_methods",
        "_native",
        "_statuses",
    )

    def __init__(
        self,
        attempts: int = 3,
        *,
        backoff: float = 1.0,
        factor: float = 2.0,
        jitter: float = 0.5,
        max_delay: float = 60.0,
        statuses: Iterable[int] = RETRIED_STATUSES,
        methods: Iterable[str] | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        self._attempts = _count("attempts", attempts, least=1)
        self._backoff = _seconds_or_share("backoff", backoff)
        self._factor = _seconds_or_share("factor", factor)
        self._jitter = _seconds_or_share("jitter", jitter)
        if self._jitter > 1:
            raise ValueError(f"jitter is a share of each pause, from 0 to 1, got {jitter!r}")
        self._max_delay = _seconds_or_share("max_delay", max_delay)
        self._statuses = _statuses(statuses)
        self._methods = IDEMPOTENT_METHODS if methods is None else _methods(methods)
        if budget is not None and not isinstance(budget, RetryBudget):
            raise TypeError(f"budget is a RetryBudget or None, got {budget!r}")
        self._budget = budget
        self._native: Any = None

    @property
    def attempts(self) -> int:
        """How often, the first time included."""
        return self._attempts

    @property
    def backoff(self) -> float:
        """Seconds before the second attempt."""
        return self._backoff

    @property
    def factor(self) -> float:
        """By what the pause grows."""
        return self._factor

    @property
    def jitter(self) -> float:
        """The share of a pause that is left to chance."""
        return self._jitter

    @property
    def max_delay(self) -> float:
        """Seconds that no pause exceeds."""
        return self._max_delay

    @property
    def statuses(self) -> frozenset[int]:
        """Answers that are worth another attempt."""
        return self._statuses

    @property
    def methods(self) -> frozenset[str]:
        """What may be repeated."""
        return self._methods

    @property
    def budget(self) -> RetryBudget | None:
        """The limit on all retries together."""
        return self._budget

    def __repr__(self) -> str:
        return (
            f"Retry(attempts={self._attempts!r}, backoff={self._backoff!r}, "
            f"factor={self._factor!r}, jitter={self._jitter!r}, max_delay={self._max_delay!r}, "
            f"statuses={set(self._statuses)!r}, methods={set(self._methods)!r}, "
            f"budget={self._budget!r})"
        )


def check_retry(retry: Any) -> Retry | None:
    """The argument ``retry`` of a session or a request. Raises TypeError if it is none."""
    if retry is None or isinstance(retry, Retry):
        return retry
    raise TypeError(
        f"retry is a rondel.http.Retry or None, got {retry!r}; Retry(attempts=3) tries three times"
    )


def _count(name: str, value: Any, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value!r}")
    if value > MOST:
        raise ValueError(f"{name} can't be above {MOST}, got {value!r}")
    return value


def _seconds_or_share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number, got {value!r}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} must be a finite number and not negative, got {value!r}")
    return float(value)


def _statuses(statuses: Any) -> frozenset[int]:
    try:
        chosen = frozenset(statuses)
    except TypeError:
        raise TypeError(
            f"statuses is a set of status codes, such as {{429, 503}}, got {statuses!r}"
        ) from None
    for status in chosen:
        if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
            raise ValueError(f"statuses holds status codes from 100 to 599, got {status!r}")
    return frozenset(int(status) for status in chosen)


def _methods(methods: Any) -> frozenset[str]:
    if isinstance(methods, str):
        raise TypeError(
            f"methods is a set of names, such as {{{methods!r}}}, got the text {methods!r}"
        )
    try:
        chosen = frozenset(methods)
    except TypeError:
        raise TypeError(f"methods is a set of names, such as {{'GET'}}, got {methods!r}") from None
    for method in chosen:
        if not isinstance(method, str) or not is_token(method):
            raise ValueError(f"methods holds names of HTTP methods, got {method!r}")
    return frozenset(method.upper() for method in chosen)

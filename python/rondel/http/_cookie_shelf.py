"""Where a jar keeps its cookies: by domain, path and name, until they expire or are too many."""

from __future__ import annotations

import heapq
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from typing import Final, TypeAlias

_log: Final = logging.getLogger("rondel.http")

Place: TypeAlias = tuple[str, str]  # domain, path
Key: TypeAlias = tuple[str, str, str]  # domain, path, name

#: What a domain may have, and all together: above the first number, the longest unused go down to
#: the second. Those are what Firefox has.
_MAX_OF_DOMAIN: Final = 180
_QUOTA_OF_DOMAIN: Final = 150
_MAX: Final = 3300
_QUOTA: Final = 3000
#: A heap smaller than this is not worth being cleaned of what is outdated.
_MIN_HEAP: Final = 100


@dataclass(slots=True)
class Kept:
    """What is known of a cookie beside what it says itself."""

    #: When it expires, in seconds since 1970; None: never.
    expires: float | None = None
    #: No subdomain gets it.
    host_only: bool = False
    #: The larger, the later it was sent or set.
    used: int = 0
    #: How it is sent, once that is known, and how long that is in bytes.
    sent: Morsel[str] | None = None
    length: int = 0


class Shelf:
    """The cookies. Those of a place are a `SimpleCookie`. ``limited``: not more of them than
    browsers keep.
    """

    def __init__(self, *, limited: bool) -> None:
        self.cookies: defaultdict[Place, SimpleCookie] = defaultdict(SimpleCookie)
        self.kept: dict[Key, Kept] = {}
        self._limited = limited
        self._domains: dict[str, int] = {}
        # May name cookies that are gone, and times that they had before.
        self._expiries: list[tuple[float, Key]] = []
        self._clock = 0

    def __len__(self) -> int:
        return len(self.kept)

    def of(self, key: Key) -> Kept:
        """What is known of a cookie."""
        kept = self.kept.get(key)
        if kept is None:
            kept = self.kept[key] = Kept()
            self._domains[key[0]] = self._domains.get(key[0], 0) + 1
        return kept

    def put(self, key: Key, cookie: Morsel[str], expires: float | None, *, host_only: bool) -> None:
        """Keep a cookie, instead of another one with that key."""
        domain, path, name = key
        kept = self.of(key)
        kept.host_only = host_only
        if expires is not None and expires != kept.expires:
            heapq.heappush(self._expiries, (expires, key))
        kept.expires = expires
        bucket = self.cookies[domain, path]
        if bucket.get(name) != cookie:
            bucket[name] = cookie
            kept.sent = None
        self.touch((key,))

    def has_room(self, key: Key, expires: float | None, *, secure: bool) -> bool:
        """Make room for a cookie. False: its domain is full of what it must not push out."""
        if not self._limited or key in self.kept:
            return True
        domain = key[0]
        crowded = self._domains.get(domain, 0) >= _MAX_OF_DOMAIN
        if not crowded and len(self.kept) < _MAX:
            return True
        if expires is not None and expires <= time.time():
            return True  # it deletes, and stays for no time
        self.expire()
        if crowded:
            return self._thin_out(domain, secure=secure)
        self._evict(self.kept, len(self.kept) - _QUOTA, f"over {_MAX} in all")
        return True

    def touch(self, keys: Iterable[Key]) -> None:
        """Note that these were used together, now."""
        self._clock += 1
        for key in keys:
            self.of(key).used = self._clock

    def expire(self) -> None:
        """Forget those whose time is over."""
        heap = self._expiries
        if not heap:
            return
        if len(heap) > _MIN_HEAP and len(heap) > 2 * len(self.kept):
            heap = [(when, key) for when, key in heap if self._expires(key) == when]
            heapq.heapify(heap)
            self._expiries = heap
        now = time.time()
        over = []
        while heap and heap[0][0] <= now:
            when, key = heapq.heappop(heap)
            if self._expires(key) == when:
                over.append(key)
        self.remove(over)

    def remove(self, keys: Iterable[Key]) -> None:
        """Forget these."""
        for key in keys:
            domain, path, name = key
            if self.kept.pop(key, None) is not None:
                self._domains[domain] -= 1
                if not self._domains[domain]:
                    del self._domains[domain]
            bucket = self.cookies.get((domain, path))
            if bucket is not None:
                bucket.pop(name, None)
                if not bucket:
                    del self.cookies[domain, path]

    def clear(self) -> None:
        """Forget all."""
        self.cookies.clear()
        self.kept.clear()
        self._domains.clear()
        self._expiries.clear()

    def take_over(self, other: Shelf) -> None:
        """Have what ``other`` has, instead of what is here. Views of ``cookies`` stay views, and
        ``kept`` the dictionary that it is.
        """
        self.cookies.clear()
        self.cookies.update(other.cookies)
        self.kept.clear()
        self.kept.update(other.kept)
        self._domains = other._domains
        self._expiries = other._expiries
        self._clock = other._clock

    def _expires(self, key: Key) -> float | None:
        kept = self.kept.get(key)
        return None if kept is None else kept.expires

    def _thin_out(self, domain: str, *, secure: bool) -> bool:
        """Only a secure cookie may push out secure ones."""
        excess = self._domains.get(domain, 0) + 1 - _QUOTA_OF_DOMAIN
        if excess <= 0:
            return True
        of_domain = [key for key in self.kept if key[0] == domain]
        candidates = [key for key in of_domain if not self.cookies[key[:2]][key[2]]["secure"]]
        if not candidates:
            if len(of_domain) < _MAX_OF_DOMAIN:
                return True  # some have expired just now
            if not secure:
                return False
            candidates = of_domain
        self._evict(candidates, excess, f"of {domain}, which has more than {_MAX_OF_DOMAIN}")
        return True

    def _evict(self, candidates: Iterable[Key], count: int, why: str) -> None:
        if count > 0:
            oldest = heapq.nsmallest(count, candidates, key=lambda key: (self.kept[key].used, key))
            self.remove(oldest)
            _log.debug("Evicted %d cookies %s", len(oldest), why)

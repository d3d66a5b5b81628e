"""Passwords: kept as argon2id, compared few at a time with few waiting, and few tries a minute for each name.

Comparing is dear on purpose. What a guest may ask for is therefore bounded before anything is compared: who comes beyond
it is told to come again, and the rest of the service does not notice.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pwdlib import PasswordHash

from alerts.errors import BusyError, InvalidError

LENGTH_MIN = 10
LENGTH_MAX = 1000
TRIES_PER_MINUTE = 5
WINDOW_MS = 60_000
NAMES_WATCHED = 10_000
HASHED_AT_ONCE = 2
"""Passwords compared at the same time; each takes 64 MiB."""
QUEUE_MAX = 16
"""Logins that are compared or wait for it."""
QUEUE_PER_ADDRESS = 8

_HASHER = PasswordHash.recommended()
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$auqVbkPz+ORhkCGaTG0gLQ$QLgkz0aJQ01fEWIZ+OMCYvA/LAF8jsIQLtnlbTkz5HU"


def hash_password(password: str) -> str:
    """What is kept of a password; refuses one that is too short or too long."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InvalidError(f"A password has at least {LENGTH_MIN} characters.")
    return _HASHER.hash(password)


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries of the last minute, by name, and the few places where passwords are compared; for any thread."""

    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """How many, and when the first was."""
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(HASHED_AT_ONCE))
    queue: Counter[str] = field(default_factory=Counter)
    """How many are in it, by the address that they come from."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def in_queue(self, address: str) -> Iterator[None]:
        """A place in the queue, or :class:`~alerts.errors.BusyError`."""
        with self.lock:
            if self.queue.total() >= QUEUE_MAX or self.queue[address] >= QUEUE_PER_ADDRESS:
                raise BusyError("Too many log in at this moment; try again.", retry_after_s=2)
            self.queue[address] += 1
        try:
            yield
        finally:
            with self.lock:
                self.queue[address] -= 1
                if not self.queue[address]:
                    del self.queue[address]

    def take(self, name: str, *, now_ms: int) -> None:
        """Count a try before it is made, so that of many at once none passes unseen; refused where they are used up."""
        with self.lock:
            count, first_ms = self.counts.get(name, (0, now_ms))
            left_ms = first_ms + WINDOW_MS - now_ms
            if not 0 < left_ms <= WINDOW_MS:
                count, first_ms = 0, now_ms
            if count >= TRIES_PER_MINUTE:
                raise BusyError("Too many tries for this name; wait a minute.", retry_after_s=1 + left_ms // 1000)
            if len(self.counts) >= NAMES_WATCHED and name not in self.counts:
                self.counts.pop(next(iter(self.counts)))
            self.counts[name] = (count + 1, first_ms)

    def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password is the one that was kept; where none was kept, it costs as much time to say no."""
        with self.places:
            is_same = _HASHER.verify(password[:LENGTH_MAX], hashed or _NOBODYS)
        return is_same and hashed is not None

    def succeeded(self, name: str) -> None:
        """Forget the tries."""
        with self.lock:
            self.counts.pop(name, None)

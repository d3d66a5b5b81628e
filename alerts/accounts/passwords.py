"""Passwords: kept as argon2id, compared few at a time, and few tries a minute for each name."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from pwdlib import PasswordHash

from alerts.errors import InvalidError

LENGTH_MIN = 10
LENGTH_MAX = 1000
FAILURES_PER_MINUTE = 5
FAILURES_WATCHED = 10_000
HASHED_AT_ONCE = 4
"""Passwords compared at the same time; each takes 64 MiB."""

_HASHER = PasswordHash.recommended()
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$auqVbkPz+ORhkCGaTG0gLQ$QLgkz0aJQ01fEWIZ+OMCYvA/LAF8jsIQLtnlbTkz5HU"


def hash_password(password: str) -> str:
    """What is kept of a password; refuses one that is too short or too long."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InvalidError(f"A password has at least {LENGTH_MIN} characters.")
    return _HASHER.hash(password)


@dataclass(frozen=True, slots=True)
class Tries:
    """The failed logins of the last minute, by name, and the few places where passwords are compared."""

    failures: dict[str, tuple[int, int]] = field(default_factory=dict)
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(HASHED_AT_ONCE))

    def are_too_many(self, name: str, *, now_ms: int) -> bool:
        """Whether this name has failed too often within a minute."""
        count, first_ms = self.failures.get(name, (0, 0))
        return count >= FAILURES_PER_MINUTE and now_ms - first_ms < 60_000

    def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password is the one that was kept; where none was kept, it costs as much time to say no."""
        with self.places:
            is_same = _HASHER.verify(password[:LENGTH_MAX], hashed or _NOBODYS)
        return is_same and hashed is not None

    def failed(self, name: str, *, now_ms: int) -> None:
        """Count a failure."""
        count, first_ms = self.failures.get(name, (0, now_ms))
        if now_ms - first_ms >= 60_000:
            count, first_ms = 0, now_ms
        if len(self.failures) >= FAILURES_WATCHED and name not in self.failures:
            self.failures.pop(next(iter(self.failures)))
        self.failures[name] = (count + 1, first_ms)

    def succeeded(self, name: str) -> None:
        """Forget the failures."""
        self.failures.pop(name, None)

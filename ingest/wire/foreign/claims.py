"""Claims: who holds a plain name, over a restart; so many names for each who speaks, and fewer where they become scarce.

Names are of spaces (ids of appliances, metrics of a device, ...). Whoever speaks pays for what is claimed on their word: the
account of a topic, the level of a description. One who has spent the share gets names with a hash for all further ones, and
nobody else does: the share is small against the whole, and once half of that is gone nobody gets more than a house needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

CLAIMS_MAX = 100_000
OF_SPEAKER_MAX = 12_500
"""A bridge may describe 2,500 entities under one level, each with a handful of names."""
OF_SPEAKER_MIN = 256
"""What everyone may have until all are gone."""
_PAID_BY = "\x00"
"""Between a holder and who paid, as it is kept; no topic and no JSON that we take holds it."""


class Claims:
    """Who holds a plain name. One thread claims, any may look; bounded, and beyond that every further name is hashed."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}
        self._payers: dict[str, str] = {}
        self._spent: Counter[str] = Counter()
        self._news: dict[str, str | None] = {}
        self._reserved: set[str] = set()

    def of(self, space: str, plain: str, owner: str, *, by: str, is_claiming: bool = True) -> bool:
        """Whether ``owner`` holds ``plain`` in this space: by claiming it now, on the word of ``by``, or since it did before."""
        key = f"{space}\n{plain}"
        holder = self._holders.get(key)
        if holder is not None:
            return holder == owner
        if not self._may_spend(by):
            return False
        if is_claiming:
            self._give(key, owner, by)
        return True

    def holder(self, space: str, plain: str) -> str | None:
        """Who holds a name."""
        return self._holders.get(f"{space}\n{plain}")

    def release(self, space: str, plain: str) -> None:
        """A name is free again; what the operator gave away stays so."""
        key = f"{space}\n{plain}"
        if key not in self._reserved and self._holders.pop(key, None) is not None:
            self._spend(key, None)
            self._news[key] = None

    def reserve(self, space: str, plain: str, owner: str) -> None:
        """Give a name to whom the operator gave it."""
        key = f"{space}\n{plain}"
        self._holders[key] = owner
        self._spend(key, None)
        self._reserved.add(key)

    def release_all(self, space: str) -> None:
        """All names of a space are free again. Looks at every name of all spaces."""
        for key in [key for key in self._holders if key.startswith(f"{space}\n")]:
            self.release(space, key.partition("\n")[2])

    def take(self, space: str, plain: str, owner: str, *, by: str) -> bool:
        """Give a name to whose it is by right; whether somebody else held it. What the operator gave away stays so."""
        key = f"{space}\n{plain}"
        holder = self._holders.get(key)
        if holder == owner or key in self._reserved or (holder is None and not self._may_spend(by)):
            return False
        self._give(key, owner, by)
        return holder is not None

    def learned(self) -> dict[str, str | None]:
        """The names claimed since this was called last and who holds them, None for those that are free again."""
        news, self._news = self._news, {}
        return news

    def load(self, holders: Mapping[str, str], *, is_news: bool = False) -> None:
        """Take over who held names before; what the operator gives away is not touched. ``is_news``: to be kept anew."""
        self._news |= holders if is_news else {}
        for key, said in holders.items():
            if key not in self._holders:
                owner, _, by = said.partition(_PAID_BY)
                self._holders[key] = owner
                self._spend(key, by or None)

    def _may_spend(self, by: str) -> bool:
        """Whether there is a further name for who speaks."""
        count = len(self._holders)
        share = OF_SPEAKER_MAX if count < CLAIMS_MAX // 2 else OF_SPEAKER_MIN
        return count < CLAIMS_MAX and self._spent[by] < share

    def _give(self, key: str, owner: str, by: str) -> None:
        self._holders[key] = owner
        self._news[key] = f"{owner}{_PAID_BY}{by}"
        self._spend(key, by)

    def _spend(self, key: str, by: str | None) -> None:
        """Have a name paid by somebody, and no more by who paid before."""
        before = self._payers.pop(key, None)
        if before is not None:
            self._spent[before] -= 1
            if not self._spent[before]:
                del self._spent[before]
        if by is not None:
            self._payers[key] = by
            self._spent[by] += 1

"""Saved view: a list under a name, as its address says it: view, order, filters and words of the console's queue."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alerts.accounts.account import Role
from alerts.errors import InvalidError
from alerts.words import check_words

NAME_LENGTH_MAX = 60
ADDRESS_LENGTH_MAX = 1000
_PAIR = r"[a-z_]+=[\w.*~%+-]+"
ADDRESS = re.compile(rf"{_PAIR}(?:&{_PAIR})*", re.ASCII)
VIEWS_MAX = 50
"""Views that one person may keep."""


@dataclass(frozen=True, slots=True)
class NewView:
    """A view to keep; private where it is shared with nobody, else for that role and those above it."""

    name: str
    address: str
    shared_with: Role | None = None

    def __post_init__(self) -> None:
        """Refuse what has no name, and an address that is no list of filters."""
        check_words("name", self.name, longest=NAME_LENGTH_MAX, is_needed=True)
        check_words("address", self.address, longest=ADDRESS_LENGTH_MAX, is_needed=True)
        if ADDRESS.fullmatch(self.address) is None:
            raise InvalidError("address: filters as they stand behind the question mark, as in 'view=mine&kind=oven'.")


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view as it is kept."""

    id: str
    owner: str
    name: str
    address: str
    shared_with: Role | None

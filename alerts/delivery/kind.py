"""What a kind of receiver says of itself: the addresses that it answers to, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from alerts.notices.notice import Target
from ingest.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Replies:
    """Where replies to mails go, and what the mail of a ticket with this number carries so that they find it."""

    address: str
    reference: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver as it stands in the settings."""

    address: str
    secret: str | None = field(default=None, repr=False)
    clock: Clock = field(default_factory=SystemClock)
    replies: Replies | None = None

    @property
    def scheme(self) -> str:
        """What stands before the colon."""
        return self.address.partition(":")[0].lower()

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        try:
            return f"{self.scheme}://{urlsplit(self.address).hostname or ''}"
        except ValueError:
            return f"{self.scheme}:"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of receiver: the schemes of its addresses, one address as an example, and how it is opened.

    ``open`` raises :class:`~alerts.errors.InvalidError` with a sentence where an address can't work.
    """

    schemes: tuple[str, ...]
    example: str
    open: Callable[[Receiver], Target]

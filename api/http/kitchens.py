"""Kitchens: the homes around simulated appliances, as the demo lets a visitor step into them."""

from __future__ import annotations

from typing import Literal, Protocol

from api.http.documents import Document

Deed = Literal["stop", "door", "confirm_presence", "service_mode", "do_steps", "work_normally"]
"""What a person at home can do to an appliance."""


class Display(Document):
    """What stands on an appliance's display, and what its door and keys are like."""

    appliance_id: str
    kind: str
    model: str | None
    doing: str
    mode: str | None
    code: str | None
    expires_at: str | None
    scope: str | None
    test: str | None
    door_open: bool
    door_locked: bool
    presence_confirmed: bool
    service_mode: bool
    gentle: str | None = None


class NoKitchenError(Exception):
    """The fleet can't be looked at now; the text says why."""


class Kitchens(Protocol):
    """Every home of a simulated fleet.

    Both calls answer ``None`` for an appliance that is not in the fleet, and raise :class:`NoKitchenError` where the
    fleet does not answer.
    """

    def look_at(self, appliance_id: str) -> Display | None:
        """The display of an appliance now."""
        ...

    def touch(self, appliance_id: str, deed: str, *, is_on: bool) -> Display | None:
        """Do one of :data:`Deed`; the display afterwards."""
        ...

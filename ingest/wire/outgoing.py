"""Outgoing commands: what the desk hands to whoever holds the connection to the broker.

The protocol stands here, between the room that fulfils it and the transport that asks, so that neither sees the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One command to one appliance."""

    command_id: str
    topic: str
    payload: bytes
    not_after_ms: int


class CommandSource(Protocol):
    """Where commands to appliances come from; called in a thread, and may wait for a database."""

    def due(self, now_ms: int) -> Sequence[Outgoing]:
        """Commands to send now, oldest first, a bounded number; one is due until it was sent or is over."""
        ...

    def claim(self, command_id: str, now_ms: int) -> bool:
        """Whether the command may be published now; asked right before, and then published at once or not at all."""
        ...

    def sent(self, command_id: str, now_ms: int) -> None:
        """The broker has taken the command."""
        ...

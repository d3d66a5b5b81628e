"""What can go wrong with the broker, each with a sentence for people.

MqttError          carries a :class:`BrokerReason`; the session decides by it how soon to try again
"""

from __future__ import annotations

from enum import StrEnum


class BrokerReason(StrEnum):
    """Why there is no connection."""

    UNREACHABLE = "unreachable"
    """Nobody listens, or the name isn't known."""
    TLS = "tls"
    """The two ends don't trust each other, or one of them speaks no TLS."""
    REFUSED = "refused"
    """The broker refused user name, password, client id or subscription."""
    OLD_PROTOCOL = "old_protocol"
    """The broker doesn't speak MQTT 5."""
    TAKEN_OVER = "taken_over"
    """Another client came with the same client id."""
    MALFORMED = "malformed"
    """The broker sent what is no MQTT 5."""
    LOST = "lost"
    """The connection ended, or fell silent."""


class MqttError(Exception):
    """There is no connection, or it ended; the message is one sentence that says what to do."""

    def __init__(self, reason: BrokerReason, sentence: str) -> None:
        """Say why in a word for the program and in a sentence for people."""
        super().__init__(sentence)
        self.reason = reason

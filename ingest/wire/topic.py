"""Topics: ``{root}/{kind}/{id}/{channel}``. The topic is the authority on who speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

DEFAULT_ROOT = "fettle/v1"

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Channel(StrEnum):
    """What a topic carries."""

    TELEMETRY = "telemetry"
    EVENT = "event"
    STATUS = "status"
    RESULT = "result"
    COMMAND = "command"
    ACK = "ack"
    NACK = "nack"


TO_APPLIANCE = (Channel.COMMAND, Channel.ACK, Channel.NACK)
FROM_APPLIANCE = tuple(channel for channel in Channel if channel not in TO_APPLIANCE)


_CHANNELS = {channel.value: channel for channel in Channel}
_BEHIND_ROOT = re.compile(rf"/({_KIND.pattern})/({_ID.pattern})/({'|'.join(_CHANNELS)})")


class Topic(NamedTuple):
    """One parsed topic."""

    kind: str
    appliance_id: str
    channel: Channel


def is_kind(text: str) -> bool:
    """Whether this can be the name of an appliance kind."""
    return _KIND.fullmatch(text) is not None


def is_appliance_id(text: str) -> bool:
    """Whether this can be an appliance's id."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class TopicScheme:
    """Topics under one root."""

    root: str = DEFAULT_ROOT

    def parse(self, text: str) -> Topic | None:
        """The topic's parts, or ``None`` if it is none of ours."""
        if not text.startswith(self.root):
            return None
        match = _BEHIND_ROOT.fullmatch(text, len(self.root))
        if match is None:
            return None
        kind, appliance_id, channel = match.groups()
        return Topic(kind, appliance_id, _CHANNELS[channel])

    def format(self, topic: Topic) -> str:
        """The topic as text."""
        return f"{self.root}/{topic.kind}/{topic.appliance_id}/{topic.channel}"

    def of(self, kind: str, appliance_id: str, channel: Channel) -> str:
        """The text of one appliance's channel."""
        return f"{self.root}/{kind}/{appliance_id}/{channel}"

    def subscriptions(self) -> tuple[str, ...]:
        """The filters that the service subscribes to: everything below the root, so that an unknown topic is seen as well."""
        return (f"{self.root}/#",)

    def to_appliance(self, kind: str, appliance_id: str) -> tuple[str, ...]:
        """The topics that one appliance subscribes to."""
        return tuple(self.of(kind, appliance_id, channel) for channel in TO_APPLIANCE)

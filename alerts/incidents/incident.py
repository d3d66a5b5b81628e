"""Incident: many appliances with one presumed cause, and what is presumed where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    CLOSED = "closed"


class IncidentKind(StrEnum):
    """What the appliances have in common."""

    BROKER = "broker"
    REGION = "region"
    HOME = "home"
    WEATHER = "weather"
    FIRMWARE = "firmware"
    BATCH = "batch"


CAUSES: Mapping[IncidentKind, Mapping[str, str]] = {
    IncidentKind.BROKER: {
        "en": "Most appliances fell silent at once: the broker, or the way to it.",
        "zh": "多数电器同时失联：可能是消息服务器或其网络故障。",
    },
    IncidentKind.REGION: {
        "en": "Appliances in {scope} fell silent at once: power or network there.",
        "zh": "{scope} 的电器同时失联：可能是当地停电或断网。",
    },
    IncidentKind.HOME: {
        "en": "All appliances of one home fell silent: its router or its power.",
        "zh": "同一住户的电器全部失联：可能是路由器或停电。",
    },
    IncidentKind.WEATHER: {
        "en": "Many appliances in {scope} deviate at once: heat, cold or the supply there.",
        "zh": "{scope} 的许多电器同时出现偏差：可能是当地的高温、低温或水电供应。",
    },
    IncidentKind.FIRMWARE: {
        "en": "Appliances with {scope} deviate, others don't: the firmware reads differently.",
        "zh": "{scope} 的电器出现偏差，其他电器没有：可能是该固件的读数不同。",
    },
    IncidentKind.BATCH: {
        "en": "Appliances of {scope} fail more often than others: a quality case.",
        "zh": "{scope} 的电器故障率高于其他批次：质量问题。",
    },
}
"""The presumed cause, by language."""


@dataclass(frozen=True, slots=True)
class Member:
    """An appliance that is part of an incident, with its alert where it has one."""

    appliance_id: str
    alert_id: str | None
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """Many appliances with one presumed cause.

    ``affected`` of ``exposed`` appliances now; ``low`` to ``high`` is the 95 % interval of that share, ``elsewhere`` the
    share among all others. ``members`` are the first who joined.
    """

    id: str
    number: int
    kind: IncidentKind
    scope: str
    cause: Mapping[str, str]
    state: IncidentState
    since: datetime
    opened_at: datetime
    closed_at: datetime | None
    affected: int
    peak: int
    exposed: int
    low: float
    high: float
    elsewhere: float | None
    members: tuple[Member, ...] = ()

    @property
    def appliances(self) -> tuple[str, ...]:
        """Who has been part of it."""
        return tuple(member.appliance_id for member in self.members)

    @property
    def alerts(self) -> tuple[str, ...]:
        """Their alerts."""
        return tuple(member.alert_id for member in self.members if member.alert_id is not None)


def interval_of(affected: int, exposed: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    >>> [round(edge, 2) for edge in interval_of(10, 100)]
    [0.06, 0.17]
    """
    if exposed <= 0:
        return 0.0, 1.0
    z, share = 1.96, min(affected / exposed, 1.0)
    middle = (share + z * z / (2 * exposed)) / (1 + z * z / exposed)
    half = z / (1 + z * z / exposed) * math.sqrt(share * (1 - share) / exposed + z * z / (4 * exposed * exposed))
    return max(middle - half, 0.0), min(middle + half, 1.0)

"""The life cycle of a repair, a table {state: {event: state}}."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RepairState(StrEnum):
    """Whether a repair held."""

    WATCHING = "watching"
    HELD = "held"
    CAME_BACK = "came_back"
    UNKNOWN = "unknown"
    """The readings could not tell; the customer is asked."""
    WITHDRAWN = "withdrawn"
    """It was none: its verdict was changed, or the appliance has gone."""


class RepairEvent(StrEnum):
    """What happens to it."""

    HOLD_OUT = "hold_out"
    COME_BACK = "come_back"
    STAY_OPEN = "stay_open"
    WITHDRAW = "withdraw"


REPAIR: Mapping[RepairState, Mapping[RepairEvent, RepairState]] = {
    RepairState.WATCHING: {
        RepairEvent.HOLD_OUT: RepairState.HELD,
        RepairEvent.COME_BACK: RepairState.CAME_BACK,
        RepairEvent.STAY_OPEN: RepairState.UNKNOWN,
        RepairEvent.WITHDRAW: RepairState.WITHDRAWN,
    },
    RepairState.UNKNOWN: {
        RepairEvent.HOLD_OUT: RepairState.HELD,
        RepairEvent.COME_BACK: RepairState.CAME_BACK,
    },
    RepairState.HELD: {},
    RepairState.CAME_BACK: {},
    RepairState.WITHDRAWN: {},
}

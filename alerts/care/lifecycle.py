"""The life cycle of a piece of advice, a table {state: {event: state}}."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class AdviceState(StrEnum):
    """How far a piece of advice is."""

    STANDING = "standing"
    FOLLOWED = "followed"
    """Somebody has said that it is done; from now on the readings are compared."""
    DECLINED = "declined"
    PASSED = "passed"
    """Its cause has gone by itself before anybody said anything."""
    WITHDRAWN = "withdrawn"
    """The customer wants no advice, or it is no longer their appliance."""
    HELPED = "helped"
    NOT_HELPED = "not_helped"
    UNKNOWN = "unknown"
    """It was done, and the readings can't say what came of it."""


class AdviceEvent(StrEnum):
    """What happens to it."""

    FOLLOW = "follow"
    DECLINE = "decline"
    PASS = "pass"  # noqa: S105 - what it does, and no secret
    WITHDRAW = "withdraw"
    HELP = "help"
    NOT_HELP = "not_help"
    STAY_OPEN = "stay_open"


ADVICE: Mapping[AdviceState, Mapping[AdviceEvent, AdviceState]] = {
    AdviceState.STANDING: {
        AdviceEvent.FOLLOW: AdviceState.FOLLOWED,
        AdviceEvent.DECLINE: AdviceState.DECLINED,
        AdviceEvent.PASS: AdviceState.PASSED,
        AdviceEvent.WITHDRAW: AdviceState.WITHDRAWN,
    },
    AdviceState.FOLLOWED: {
        AdviceEvent.HELP: AdviceState.HELPED,
        AdviceEvent.NOT_HELP: AdviceState.NOT_HELPED,
        AdviceEvent.STAY_OPEN: AdviceState.UNKNOWN,
    },
    AdviceState.DECLINED: {AdviceEvent.FOLLOW: AdviceState.FOLLOWED},
    AdviceState.PASSED: {},
    AdviceState.WITHDRAWN: {},
    AdviceState.HELPED: {},
    AdviceState.NOT_HELPED: {},
    AdviceState.UNKNOWN: {},
}

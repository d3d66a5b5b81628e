"""When appliances are taken for one incident: rules as data. The widest that holds speaks; narrower ones are part of it.

*Silence* looks at appliances that were heard lately and are not now; *deviation* at alerts of the appliances themselves.
A rule holds where enough appliances of one scope are affected, in number and in share, and many times more than elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerts.incidents.incident import IncidentKind

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Sign(StrEnum):
    """What is seen at an appliance."""

    SILENCE = "silence"
    DEVIATION = "deviation"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which appliances have a cause in common; ``columns`` of the directory name the scope."""

    kind: IncidentKind
    sign: Sign
    columns: tuple[str, ...]
    at_least: int
    share: float
    times_elsewhere: float = 1.0
    holds_tickets: bool = False
    """Whether its appliances get no tickets while it stands: what they show is not theirs."""


RULES: tuple[Rule, ...] = (
    Rule(IncidentKind.BROKER, Sign.SILENCE, (), 20, 0.5),
    Rule(IncidentKind.REGION, Sign.SILENCE, ("region",), 10, 0.3, 3.0),
    Rule(IncidentKind.HOME, Sign.SILENCE, ("home",), 2, 0.99, 3.0),
    Rule(IncidentKind.FIRMWARE, Sign.DEVIATION, ("model", "firmware"), 10, 0.2, 4.0, holds_tickets=True),
    Rule(IncidentKind.WEATHER, Sign.DEVIATION, ("region",), 20, 0.25, 4.0, holds_tickets=True),
    Rule(IncidentKind.BATCH, Sign.DEVIATION, ("model", "batch"), 5, 0.1, 4.0),
)

OF_SILENCE = tuple(rule.kind.value for rule in RULES if rule.sign is Sign.SILENCE)
HEARD_WITHIN_MS = 6 * HOUR_MS
"""An appliance that was not heard for longer has not fallen silent now."""
WAIT_MS = 2 * MINUTE_MS
"""How long the first of a silence waits for the others, so that one cut is not first three small ones."""
DEVIATES_WITHIN_MS = 7 * DAY_MS
ENDS_BELOW = 0.3
"""An incident ends where so small a part of its peak is affected."""
STANDS_AT_LEAST_MS = 10 * MINUTE_MS
SCOPE_SEPARATOR = " · "


def scope_of(values: tuple[str | None, ...]) -> str:
    """The scope as one text, as it is kept and shown."""
    return SCOPE_SEPARATOR.join(str(value) for value in values)


def holding() -> tuple[Rule, ...]:
    """The rules whose appliances get no tickets while they stand."""
    return tuple(rule for rule in RULES if rule.holds_tickets)

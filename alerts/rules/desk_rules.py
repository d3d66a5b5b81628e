"""Desk rules: everything about the desk that an organisation decides for itself.

Values, and nothing that acts: who acts reads them from its transaction (``t.rules``). Without a file the defaults hold.
"""

from __future__ import annotations

from pydantic import Field

from alerts.rules.quantity import Rules, quantity


class Reopening(Rules):
    """When a fault that comes back opens its old ticket again."""

    within_days: float = quantity(
        14, "days", "a fault that comes back so soon after its ticket was closed opens that ticket again", most=3650
    )


class RestartGrace(Rules):
    """What is raised right after the service was away."""

    minutes: float = quantity(
        10, "minutes", "for so long it waits, as its backlog comes at once; 0 lets all go on", most=1440
    )
    away_at_least_minutes: float = quantity(5, "minutes", "a shorter absence is none", most=1440)


class Flapping(Rules):
    """What comes and goes."""

    times: int = quantity(4, "times", "raised so often within the days below, a finding flaps", least=2, most=1000)
    within_days: float = quantity(7, "days", "in which it is counted", most=365)
    steady_hours: float = quantity(
        24, "hours", "having stood so long without a break it opens its ticket all the same", most=8760
    )
    cleared_again_hours: float = quantity(
        24, "hours", "an open ticket says at most so often that its finding is no longer seen", most=8760
    )


class Refractory(Rules):
    """A rule that has just cleared."""

    hours: float = quantity(6, "hours", "for so long a fixed limit rests after it was no longer crossed", most=8760)


class DeskRules(Rules):
    """All rules of one installation."""

    restart_grace: RestartGrace = Field(
        default_factory=RestartGrace, description="what is raised right after the service was away"
    )
    flapping: Flapping = Field(default_factory=Flapping, description="what comes and goes")
    refractory: Refractory = Field(default_factory=Refractory, description="a fixed limit that has just cleared")
    reopening: Reopening = Field(default_factory=Reopening, description="a fault that comes back")

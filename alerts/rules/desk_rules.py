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


class DeskRules(Rules):
    """All rules of one installation."""

    reopening: Reopening = Field(default_factory=Reopening, description="a fault that comes back")

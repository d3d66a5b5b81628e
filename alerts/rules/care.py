"""Rules of care: how much is advised, and how soon again."""

from __future__ import annotations

from alerts.rules.quantity import Rules, quantity


class CareRules(Rules):
    """How quiet advice is."""

    most_at_once: float = quantity(2, "pieces", "of advice that stand for one appliance at a time", most=10)
    pause_days: float = quantity(7, "days", "between two new pieces for one appliance", most=365)
    rest_days: float = quantity(90, "days", "before the same is said again", most=1000)
    declined_rest_days: float = quantity(365, "days", "before the same is said again to who said no", most=1000)
    due_share: float = quantity(0.1, "share", "of its life from which on renewing a consumable is advised", most=0.9)

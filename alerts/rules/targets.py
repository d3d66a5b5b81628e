"""Rules of indicators: what an organisation wants to reach."""

from __future__ import annotations

from alerts.rules.quantity import Rules, quantity


class Targets(Rules):
    """Targets of figures; a figure without one is only shown."""

    first_response_hours: float = quantity(24, "hours", "within so long nine of ten are answered", most=8760)
    solved_hours: float = quantity(72, "hours", "within so long nine of ten are solved", most=8760)
    in_time: float = quantity(0.9, "share", "answered, and solved, by their deadline", most=1)
    satisfaction: float = quantity(0.9, "share", "of ratings with four or five stars", most=1)
    first_time_fix: float = quantity(0.8, "share", "of repairs with a visit that took one", most=1)
    remote_solved: float = quantity(0.3, "share", "of those tried from afar that are solved from afar", most=1)
    visits_in_vain: float = quantity(0.2, "share", "of visits that find nothing to repair, at most", most=1)
    repeat_visits: float = quantity(0.15, "share", "of visits that are not the first of their ticket, at most", most=1)

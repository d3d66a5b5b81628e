"""Subscriptions, as they are asked for: rules tried on what was, and the lanes of people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alerts.database import Transaction, UnitOfWork
from alerts.notices.notice import Target
from alerts.rules.desk_rules import DeskRules
from alerts.rules.telling import Person
from alerts.subscriptions.dry_run import Trial, try_rules
from alerts.subscriptions.person_lane import PersonLane
from ingest.clock import from_ms

OpenTarget = Callable[[str, Person], Target]
"""Opens the way to a person, given the name of the lane."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Who is told what; one method, one transaction."""

    unit: UnitOfWork

    def try_rules(self, rules: DeskRules | None, *, over: timedelta) -> Trial:
        """Who would have been told in the span that ends now, under these rules, or those in force."""

        def work(t: Transaction) -> Trial:
            end = from_ms(t.now_ms)
            return try_rules(t, rules or t.rules, start=end - over, end=end)

        return self.unit.look(work)


def lanes_of(unit: UnitOfWork, rules: DeskRules, open_target: OpenTarget) -> Sequence[PersonLane]:
    """The lanes of all people of the rules."""
    return [
        PersonLane(unit, open_target(f"person:{name}", person), person=name, rules=rules)
        for name, person in rules.people.items()
    ]

"""What if, as it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from alerts.database import Transaction, UnitOfWork
from alerts.rules.desk_rules import DeskRules
from alerts.supposing.cases import read_cases
from alerts.supposing.what_if import Assumption, WhatIf, what_if
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed otherwise; what is left out is as the rules have it."""

    probability_at_least: float = 0.0
    severity_at_least: float = 0.0
    visit_price: float | None = None
    consequence_times: float = 1.0
    false_share: float | None = None


@dataclass(frozen=True, slots=True)
class Supposing:
    """The past under something else; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def what_if(self, supposed: Supposed, *, over: timedelta, rules: DeskRules | None = None) -> WhatIf:
        """The cases of the span that ends now, decided under something else; ``rules`` in place of those in force."""

        def work(t: Transaction) -> WhatIf:
            start_ms = t.now_ms - round(over.total_seconds() * 1000)
            cases = read_cases(t, self.profiles, start_ms=start_ms, end_ms=t.now_ms + 1)
            return what_if(cases, _assumed(supposed, rules or t.rules), today=t.rules.gate)

        return self.unit.look(work)


def _assumed(supposed: Supposed, rules: DeskRules) -> Assumption:
    gate, budget, times = rules.gate, rules.budget, supposed.consequence_times
    dearer = {name: getattr(gate.consequence, name) * times for name in type(gate.consequence).model_fields}
    changes: dict[str, Any] = {"consequence": gate.consequence.model_copy(update=dearer)}
    if supposed.visit_price is not None:
        changes |= {"visit_price": supposed.visit_price, "visit_price_by_contract": {}}
    if supposed.false_share is not None:
        budget = budget.model_copy(update={"false_share": supposed.false_share})
    return Assumption(
        gate.model_copy(update=changes), budget, supposed.probability_at_least, supposed.severity_at_least
    )

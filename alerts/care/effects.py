"""What each piece of advice has come to over all appliances: those who followed, beside those who did not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Any

from sqlalchemy import select

from alerts.care.care import AdviceEffect, Change
from alerts.care.lifecycle import AdviceState
from alerts.care.tables import advices
from alerts.database import Transaction
from alerts.indicators.intervals import Z

FOLLOWED = frozenset(
    one.value for one in (AdviceState.FOLLOWED, AdviceState.HELPED, AdviceState.NOT_HELPED, AdviceState.UNKNOWN)
)


def effects(t: Transaction) -> tuple[AdviceEffect, ...]:
    """Every piece of advice that was given at least once, what was given most often first."""
    by_name: dict[tuple[str, str], list[Any]] = {}
    query = select(advices.c.kind, advices.c.name, advices.c.state, advices.c.change)
    for row in t.connection.execute(query.where(advices.c.state != AdviceState.WITHDRAWN.value)):
        by_name.setdefault((row.kind, row.name), []).append(row)
    found = [_effect(kind, name, rows) for (kind, name), rows in by_name.items()]
    return tuple(sorted(found, key=lambda one: (-one.given, one.kind, one.name)))


def _effect(kind: str, name: str, rows: Sequence[Any]) -> AdviceEffect:
    counts = Counter(row.state for row in rows)
    return AdviceEffect(
        kind=kind,
        name=name,
        given=len(rows),
        followed=sum(counts[state] for state in FOLLOWED),
        declined=counts[AdviceState.DECLINED.value],
        helped=counts[AdviceState.HELPED.value],
        not_helped=counts[AdviceState.NOT_HELPED.value],
        unknown=counts[AdviceState.UNKNOWN.value],
        change=_mean([row.change["mean"] for row in rows if row.change and row.state in FOLLOWED]),
        change_else=_mean([row.change["mean"] for row in rows if row.change and row.state not in FOLLOWED]),
    )


def _mean(changes: Sequence[float]) -> Change | None:
    """The mean over appliances, with its 95 % interval; None where a single one says nothing of chance."""
    if len(changes) < 2:
        return None
    mean, half = fmean(changes), Z * math.sqrt(variance(changes) / len(changes))
    return Change(round(mean, 4), round(mean - half, 4), round(mean + half, 4))

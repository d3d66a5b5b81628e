"""Fault modes as they were predicted: how often it was true, how long before, how often somebody drove in vain, and what came unforeseen.

Counted from episodes closed in the period with a verdict. ``lead_days_median``: days from the prediction to the failure (the
appliance reports the component by itself), or to the repair where it did not fail before. Running example: of four
predictions three are confirmed, known 5, 8 and 20 days ahead: precision 0.75 (0.30 to 0.95), median 8 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from sqlalchemy import Row, func, select

from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.incidents.incident import interval_of
from alerts.indicators.moments import ended_episodes, is_closed
from alerts.tickets.sla import DAY_MS
from alerts.tickets.ticket import TicketSource, Verdict
from detectors.finding import FindingChannel

REAL = (Verdict.CONFIRMED.value, Verdict.OTHER_FAULT.value)
UNNAMED = ""


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """One fault mode of a kind over a period; ``low`` to ``high`` is the 95 % interval of the precision."""

    kind: str
    fault_mode: str
    judged: int
    """Predictions closed with a verdict."""
    confirmed: int
    precision: float | None
    low: float
    high: float
    visits: int
    in_vain: int
    lead_days_median: float | None
    failed_first: int
    """Confirmed predictions whose appliance failed before it was repaired."""
    unforeseen: int
    """Real faults that came in without a prediction."""


def read_modes(t: Transaction, *, start_ms: int, end_ms: int) -> tuple[ModeFigures, ...]:
    """Every fault mode of which something was closed in [start, end), the most often predicted first."""
    ended = ended_episodes(start_ms=start_ms, end_ms=end_ms)
    failed_ms = (
        select(func.min(alerts.c.raised_ms))
        .where(
            alerts.c.appliance_id == ended.c.appliance_id,
            alerts.c.component == ended.c.component,
            alerts.c.channel == FindingChannel.ERROR_CODE.value,
            alerts.c.raised_ms > ended.c.opened_ms,
            alerts.c.raised_ms <= ended.c.ended_ms,
        )
        .scalar_subquery()
    )
    query = select(ended, failed_ms.label("failed_ms")).where(is_closed(ended), ended.c.verdict.is_not(None))
    groups: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in t.connection.execute(query):
        groups.setdefault((row.kind, row.fault_mode or UNNAMED), []).append(row)
    found = [_figures(kind, mode, rows) for (kind, mode), rows in groups.items()]
    return tuple(sorted(found, key=lambda one: (-one.judged, -one.unforeseen, one.kind, one.fault_mode)))


def _figures(kind: str, fault_mode: str, rows: Sequence[Row[Any]]) -> ModeFigures:
    predicted = [row for row in rows if row.source == TicketSource.PREDICTION]
    confirmed = [row for row in predicted if row.verdict == Verdict.CONFIRMED]
    visited = [row for row in predicted if row.visited]
    leads = [((row.failed_ms or row.ended_ms) - row.opened_ms) / DAY_MS for row in confirmed]
    low, high = interval_of(len(confirmed), len(predicted))
    return ModeFigures(
        kind=kind,
        fault_mode=fault_mode,
        judged=len(predicted),
        confirmed=len(confirmed),
        precision=round(len(confirmed) / len(predicted), 4) if predicted else None,
        low=round(low, 4),
        high=round(high, 4),
        visits=len(visited),
        in_vain=sum(row.verdict not in REAL for row in visited),
        lead_days_median=round(median_low(leads), 2) if leads else None,
        failed_first=sum(row.failed_ms is not None for row in confirmed),
        unforeseen=sum(row.source != TicketSource.PREDICTION and row.verdict in REAL for row in rows),
    )

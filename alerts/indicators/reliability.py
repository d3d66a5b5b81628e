"""Reliability: failures per exposure, by model, batch, firmware, kind, component, fault mode or region, each with its interval.

A *failure* is an episode closed in the period whose verdict was *confirmed* or *other_fault*. *Exposure* is the time that
appliances were in service in the period: from their registration to its end, or to their retirement. The rate is per 1,000
appliance-months of 730.5 hours, with Byar's 95 % interval; the mean time between failures is its inverse, in hours.

Running example: 40 appliances for 30 days are 28,800 hours, 39.4 months; two failures are 50.7 per 1,000 months, once in 14,400 h.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select

from alerts.appliances.directory import greater
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.indicators.intervals import rate_interval
from alerts.indicators.moments import ended_episodes, is_closed
from alerts.tickets.ticket import Verdict
from ingest.clock import from_ms

HOUR_MS = 3_600_000
MONTH_H = 730.5
REAL = (Verdict.CONFIRMED.value, Verdict.OTHER_FAULT.value)
COHORTS_MAX = 1000


class Cohort(StrEnum):
    """By what appliances, or their faults, are told apart."""

    MODEL = "model"
    BATCH = "batch"
    FIRMWARE = "firmware"
    KIND = "kind"
    REGION = "region"
    COMPONENT = "component"
    FAULT_MODE = "fault_mode"


@dataclass(frozen=True, slots=True)
class Reliability:
    """One cohort over the period. ``rate`` per 1,000 appliance-months; ``low`` to ``high`` is its 95 % interval."""

    cohort: str
    kind: str | None
    appliances: int
    exposure_months: float
    failures: int
    rate: float | None
    low: float | None
    high: float | None
    mtbf_h: float | None
    mtbf_low_h: float | None
    mtbf_high_h: float | None


@dataclass(frozen=True, slots=True)
class ReliabilityTable:
    """All cohorts of a period, the worst first."""

    start: datetime
    end: datetime
    by: Cohort
    cohorts: tuple[Reliability, ...]


def read_reliability(t: Transaction, by: Cohort, *, start_ms: int, end_ms: int) -> ReliabilityTable:
    """Failures and exposure of [start, end) by cohort; the directory says of what cohort an appliance is."""
    exposure = _exposure(t, by, start_ms=start_ms, end_ms=end_ms)
    failures = _failures(t, by, start_ms=start_ms, end_ms=end_ms)
    of_faults = by in {Cohort.COMPONENT, Cohort.FAULT_MODE}
    rows = []
    for key in failures if of_faults else exposure.keys() | failures.keys():
        count, hours = exposure.get((key[0], "") if of_faults else key, (0, 0.0))
        rows.append(_row(key, count, hours, failures.get(key, 0)))
    rows.sort(key=lambda one: (-(one.low or 0.0), -one.failures, one.cohort))
    return ReliabilityTable(from_ms(start_ms), from_ms(end_ms), by, tuple(rows[:COHORTS_MAX]))


Key = tuple[str, str]


def _exposure(t: Transaction, by: Cohort, *, start_ms: int, end_ms: int) -> Mapping[Key, tuple[int, float]]:
    """Per cohort how many appliances were in service, and for how many hours together."""
    column = _column(by)
    until_ms = case((appliances.c.retired, func.coalesce(appliances.c.retired_ms, end_ms)), else_=end_ms)
    until_ms = case((until_ms > end_ms, end_ms), else_=until_ms)
    span_ms = until_ms - greater(appliances.c.registered_ms, literal(start_ms))
    served = select(appliances.c.kind, column.label("cohort"), span_ms.label("span_ms")).subquery()
    query = (
        select(served.c.kind, served.c.cohort, func.count(), func.sum(served.c.span_ms))
        .where(served.c.span_ms > 0, served.c.cohort.is_not(None))
        .group_by(served.c.kind, served.c.cohort)
    )
    return {(row[0], row[1]): (int(row[2]), float(row[3]) / HOUR_MS) for row in t.connection.execute(query)}


def _failures(t: Transaction, by: Cohort, *, start_ms: int, end_ms: int) -> Mapping[Key, int]:
    ended = ended_episodes(start_ms=start_ms, end_ms=end_ms)
    cohort: ColumnElement[Any]
    if by is Cohort.COMPONENT:
        cohort = ended.c.component
    elif by is Cohort.FAULT_MODE:
        cohort = ended.c.fault_mode
    else:
        cohort = _column(by)
    query = (
        select(ended.c.kind, cohort, func.count())
        .select_from(ended.outerjoin(appliances, appliances.c.id == ended.c.appliance_id))
        .where(is_closed(ended), ended.c.verdict.in_(REAL), cohort.is_not(None))
        .group_by(ended.c.kind, cohort)
    )
    return {(row[0], row[1]): int(row[2]) for row in t.connection.execute(query)}


def _column(by: Cohort) -> ColumnElement[Any]:
    if by in {Cohort.COMPONENT, Cohort.FAULT_MODE}:
        return func.substr(appliances.c.kind, 1, 0)
    if by is Cohort.FIRMWARE:
        return func.coalesce(appliances.c.model, "") + " · " + appliances.c.firmware
    if by is Cohort.BATCH:
        return func.coalesce(appliances.c.model, "") + " · " + appliances.c.batch
    return {Cohort.MODEL: appliances.c.model, Cohort.KIND: appliances.c.kind, Cohort.REGION: appliances.c.region}[by]


def _row(key: Key, count: int, hours: float, failures: int) -> Reliability:
    months = hours / MONTH_H
    low, high = rate_interval(failures, months)
    is_known = months > 0
    return Reliability(
        cohort=key[1],
        kind=key[0],
        appliances=count,
        exposure_months=round(months, 2),
        failures=failures,
        rate=round(1000 * failures / months, 3) if is_known else None,
        low=round(1000 * low, 3) if is_known else None,
        high=round(1000 * high, 3) if is_known else None,
        mtbf_h=round(hours / failures, 1) if failures and is_known else None,
        mtbf_low_h=round(MONTH_H / high, 1) if is_known and math.isfinite(high) and high > 0 else None,
        mtbf_high_h=round(MONTH_H / low, 1) if is_known and low > 0 else None,
    )

"""Product: how often appliances fail, and where a cohort stands out."""

from __future__ import annotations

from sqlalchemy import Subquery, literal, null, select

from alerts.incidents.incident import IncidentKind
from alerts.incidents.tables import incidents
from alerts.indicators.figure import FigureOf, FigureUnit, Look, Measure
from alerts.indicators.moments import is_closed
from alerts.indicators.quality import cases_of, ended_of, yes
from alerts.indicators.reliability import REAL, Cohort, read_reliability

RECALL_SIGNALS = (IncidentKind.BATCH.value, IncidentKind.FIRMWARE.value)


def _failures(look: Look) -> Subquery:
    ended = ended_of(look)
    is_real = is_closed(ended) & ended.c.verdict.in_(REAL)
    return cases_of(ended, yes(is_real), is_real)


def _thousand_months(look: Look) -> float:
    kinds = read_reliability(look.t, Cohort.KIND, start_ms=look.start_ms, end_ms=look.end_ms).cohorts
    return sum(one.exposure_months for one in kinds) / 1000


def _signals(look: Look) -> Subquery:
    column = incidents.c
    query = select(null().label("ticket_id"), column.opened_ms.label("at_ms"), literal(1).label("value"))
    return query.where(look.holds(column.opened_ms), column.kind.in_(RECALL_SIGNALS)).subquery()


FIGURES = (
    FigureOf(
        "failures_per_1000_months", FigureUnit.RATE, Measure.SUM, _failures,
        "Episodes closed in the period as confirmed or another fault, per 1,000 appliance-months in service in it.",
        "周期内以“证实”或“其他故障”关闭的处理数，每 1,000 个电器在役月。", is_at_most=True, per=_thousand_months,
    ),
    FigureOf(
        "recall_signals", FigureUnit.COUNT, Measure.SUM, _signals,
        "Quality cases opened in the period: a batch or a firmware that stands out from all others.",
        "周期内开立的质量案例：某批次或固件明显异于其他。", is_at_most=True,
    ),
)  # fmt: skip

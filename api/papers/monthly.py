"""A month of the desk on paper: the five families with the month before beside them, failures, fault modes, what predictions are worth."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from alerts.errors import InvalidError
from alerts.indicators.desk import Indicators
from alerts.indicators.figure import FigureUnit, KeyFigure
from alerts.indicators.reliability import Cohort
from alerts.indicators.titles import OF_FAMILIES
from alerts.indicators.worth import Interval, Worth
from api.papers.paper import Facts, Grid, Paper, Section, Words
from ingest.profiles.definition import Profile

ROWS_MAX = 15
_LAST = timedelta(milliseconds=1)
WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Report of the desk, {month}", "服务台月报 {month}"),
    "figure": ("Figure", "指标"),
    "value": ("This month", "本月"),
    "before": ("Month before", "上月"),
    "target": ("Target", "目标"),
    "n": ("Cases", "案例数"),
    "met": ("reached", "达成"),
    "missed": ("missed", "未达成"),
    "failures": ("Failures by model", "按型号的故障"),
    "model": ("Model", "型号"),
    "count": ("Failures", "故障数"),
    "rate": ("Per 1,000 months (95 %)", "每千月（95%）"),
    "modes": ("Fault modes as they were predicted", "故障模式的预测情况"),
    "fault": ("Fault", "故障"),
    "precision": ("Confirmed (95 %)", "被证实（95%）"),
    "lead": ("Days ahead", "提前天数"),
    "vain": ("Visits in vain", "空跑"),
    "unforeseen": ("Unforeseen", "未预见"),
    "worth": ("What predictions were worth, over a year", "过去一年预测的价值"),
    "avoided": ("Breakdowns avoided", "避免的故障"),
    "spent": ("Spent on predictions", "预测处理花费"),
    "each": ("Cost of each avoided", "每避免一次的成本"),
    "nobody": ("Nobody is held out, so that it can't be told.", "未设对照组，无法得知。"),
    "none": ("Nothing in this month.", "本月没有。"),
    "open": ("not bounded", "无上限"),
    "footer": (
        "Counted from the history as it was known at the month's end (UTC); made again later it says the same.",
        "按月末（UTC）已知的历史统计；以后重新生成结果相同。",
    ),
}


def month_of(text: str) -> datetime:
    """The first moment of a month such as 2026-10."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError(f"month: {text!r} is none such as 2026-10.") from error


def last_whole_month(now: datetime) -> datetime:
    """The first moment of the month before the present one."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - timedelta(days=1)).replace(day=1)


Say = Callable[[str], str]


def monthly_report(desk: Indicators, profiles: Mapping[str, Profile], first: datetime, language: str) -> Paper:
    """The paper of a month that is over; :class:`InvalidError` where it is not."""

    def say(name: str) -> str:
        return WORDS[name][language == "zh"]

    period, end = _month(first)
    earlier, until = _month(last_whole_month(first))
    now, then = desk.families(period, at=end), desk.families(earlier, at=until)
    sections = [
        Section(
            OF_FAMILIES[family][language == "zh"],
            (
                Grid(
                    (say("figure"), say("value"), say("target"), say("before"), say("n")),
                    tuple(_row(figure, then[family][name], say, language) for name, figure in figures.items()),
                ),
            ),
        )
        for family, figures in now.items()
    ]
    sections += [_failures(desk, first, say), _modes(desk, profiles, first, say, language)]
    sections.append(_worth(desk.worth(timedelta(days=365), at=end), say))
    title = say("title").format(month=f"{first:%Y-%m}")
    return Paper(language, title, tuple(sections), say("footer"))


def _month(first: datetime) -> tuple[timedelta, datetime]:
    days = calendar.monthrange(first.year, first.month)[1]
    return timedelta(days=days) - _LAST, first + timedelta(days=days) - _LAST


def shown(figure: KeyFigure) -> str:
    """A value with its unit, as people read it; a dash where there is none."""
    return "–" if figure.value is None else _with_unit(figure.value, figure.unit)


def _with_unit(value: float, unit: FigureUnit) -> str:
    if unit is FigureUnit.SHARE:
        return f"{value:.1%}"
    if unit is FigureUnit.HOURS:
        return f"{value:.1f} h"
    if unit is FigureUnit.MINUTES:
        return f"{value:.0f} min"
    return f"{value:,.0f}" if unit is FigureUnit.COUNT else f"{value:,.2f}"


def _row(figure: KeyFigure, before: KeyFigure, say: Say, language: str) -> tuple[str, ...]:
    target = ""
    if figure.target is not None:
        sign = "≤" if figure.is_at_most else "≥"
        target = f"{sign} {_with_unit(figure.target, figure.unit)}"
    if figure.is_met is not None:
        target += f" · {say('met' if figure.is_met else 'missed')}"
    return (figure.title[language], shown(figure), target, shown(before), str(figure.n))


def _failures(desk: Indicators, first: datetime, say: Say) -> Section:
    period, end = _month(first)
    found = [one for one in desk.reliability(Cohort.MODEL, period, at=end).cohorts if one.failures][:ROWS_MAX]
    rows = tuple(
        (one.cohort, str(one.failures), f"{one.rate or 0:.1f} ({one.low or 0:.1f}–{one.high or 0:.1f})")
        for one in found
    )
    grid = Grid((say("model"), say("count"), say("rate")), rows)
    return Section(say("failures"), (grid if rows else Words(say("none")),))


def _modes(desk: Indicators, profiles: Mapping[str, Profile], first: datetime, say: Say, language: str) -> Section:
    period, end = _month(first)
    rows = []
    for one in desk.modes(period, at=end)[:ROWS_MAX]:
        mode = profiles[one.kind].fault_modes.get(one.fault_mode) if one.kind in profiles else None
        precision = "–" if one.precision is None else f"{one.precision:.0%} ({one.low:.0%}–{one.high:.0%})"
        rows.append(
            (
                one.fault_mode or "–" if mode is None else mode.title.get(language, one.fault_mode),
                precision,
                "–" if one.lead_days_median is None else f"{one.lead_days_median:.1f}",
                f"{one.in_vain} / {one.visits}",
                str(one.unforeseen),
            )
        )
    grid = Grid(tuple(say(name) for name in ("fault", "precision", "lead", "vain", "unforeseen")), tuple(rows))
    return Section(say("modes"), (grid if rows else Words(say("none")),))


def _worth(worth: Worth, say: Say) -> Section:
    facts = [(say("spent"), f"{worth.spent:,.2f} {worth.currency}")]
    if worth.avoided is None or worth.cost_per_avoided is None:
        return Section(say("worth"), (Facts(tuple(facts)), Words(say("nobody"))))
    facts.append((say("avoided"), _interval(worth.avoided, say)))
    facts.append((say("each"), f"{_interval(worth.cost_per_avoided, say)} {worth.currency}"))
    return Section(say("worth"), (Facts(tuple(facts)),))


def _interval(one: Interval, say: Say) -> str:
    value, low, high = (say("open") if end is None else f"{end:,.1f}" for end in (one.value, one.low, one.high))
    return f"{value} (95 %: {low} – {high})"

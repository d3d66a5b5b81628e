"""How a fault mode of a model stands: its visits and how many were in vain, what was tried instead, and whether it is only watched.

The rule, as it is printed: a mode falls to *watch* where, over the days of the budget, at least so many visits were judged and
the lower end of the 95 % interval (Wilson) of those in vain lies above the budget. It comes back when that is so no longer, at
the earliest after the days of watch. While it is watched nobody drives, so that old visits leave the count by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, and_, case, func, insert, select, update

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.gate.tables import mode_standings
from alerts.incidents.incident import interval_of
from alerts.lifecycle import TicketState
from alerts.notices.changes import put_notice
from alerts.page import moment
from alerts.remote.tables import sessions
from alerts.tickets.sla import DAY_MS
from alerts.tickets.tables import ticket_episodes, tickets
from alerts.tickets.ticket import Verdict

IN_VAIN = (Verdict.NO_FAULT_FOUND.value, Verdict.USAGE.value, Verdict.SELF_CLEARED.value)
ANY_MODEL = ""


class StandingState(StrEnum):
    """Whether a mode sends anybody."""

    ACTIVE = "active"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class ModeStanding:
    """Counts over the budget's days; ``low`` to ``high`` is the 95 % interval of the share of visits in vain."""

    kind: str
    model: str
    fault_mode: str
    state: StandingState
    since: datetime | None
    visits: int
    in_vain: int
    low: float
    high: float
    budget: float
    remote_tried: int
    remote_solved: int
    rule: Mapping[str, str]
    back_at_earliest: datetime | None


Key = tuple[str, str, str]


def has_counted(t: Transaction) -> bool:
    """Whether any episode of a ticket is over, or any mode stands somewhere already: else there is nothing to count."""
    over = select(ticket_episodes).limit(1)
    standing = select(mode_standings.c.n).limit(1)
    return any(t.connection.execute(query).first() is not None for query in (over, standing))


def look_at_modes(t: Transaction) -> int:
    """Count anew, and let modes fall to watch or come back; returns how many did."""
    counted = _counted(t)
    standing = {_key(row): row for row in t.connection.execute(select(mode_standings)).all()}
    changed = 0
    for key in counted.keys() | standing.keys():
        changed += _settle(t, key, counted.get(key, (0, 0, 0, 0)), standing.get(key))
    return changed


def read_standing(t: Transaction, kind: str, model: str | None, fault_mode: str) -> Row[Any] | None:
    """The row of one mode of one model, if anything was counted of it yet."""
    columns = mode_standings.c
    mine = and_(columns.kind == kind, columns.model == (model or ANY_MODEL), columns.fault_mode == fault_mode)
    return t.connection.execute(select(mode_standings).where(mine)).one_or_none()


def list_standings(t: Transaction) -> tuple[ModeStanding, ...]:
    """All modes of all models that were counted, what is watched first."""
    rows = t.connection.execute(
        select(mode_standings).order_by(mode_standings.c.state.desc(), mode_standings.c.n)
    ).all()
    return tuple(_standing(t, row) for row in rows)


def _counted(t: Transaction) -> Mapping[Key, tuple[int, int, int, int]]:
    """Per kind, model and mode: judged visits, those in vain, closed without a visit behind a session, of these solved."""
    ended = ticket_episodes.c
    is_visit = (ended.visited > 0) & ended.verdict.is_not(None)
    was_tried = select(sessions.c.n).where(sessions.c.ticket_id == tickets.c.id).exists()
    model = func.coalesce(appliances.c.model, ANY_MODEL)
    query = (
        select(
            tickets.c.kind,
            model.label("model"),
            tickets.c.fault_mode,
            func.sum(case((is_visit, 1), else_=0)),
            func.sum(case((is_visit & ended.verdict.in_(IN_VAIN), 1), else_=0)),
            func.sum(case((was_tried, 1), else_=0)),
            func.sum(case((was_tried & (ended.visited == 0), 1), else_=0)),
        )
        .select_from(ticket_episodes.join(tickets, tickets.c.id == ended.ticket_id))
        .outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
        .where(ended.ended_ms > t.now_ms - t.rules.budget.over_days * DAY_MS, tickets.c.fault_mode.is_not(None))
        .where(ended.status == TicketState.CLOSED.value)
        .group_by(tickets.c.kind, model, tickets.c.fault_mode)
    )
    return {
        (row[0], row[1], row[2]): (int(row[3]), int(row[4]), int(row[5]), int(row[6]))
        for row in t.connection.execute(query).all()
    }


def _settle(t: Transaction, key: Key, counts: tuple[int, int, int, int], row: Row[Any] | None) -> bool:
    visits, in_vain, remote_tried, remote_solved = counts
    budget = t.rules.budget
    low, high = interval_of(in_vain, visits)
    is_over = visits >= budget.visits_at_least and low > budget.false_share
    since_ms = row.since_ms if row is not None and row.state == StandingState.WATCH else None
    was_watched = since_ms is not None
    rests = since_ms is not None and t.now_ms - since_ms < budget.watch_days * DAY_MS
    is_watched = is_over or rests
    values: dict[str, Any] = {"visits": visits, "in_vain": in_vain, "low": low, "high": high}
    values |= {"remote_tried": remote_tried, "remote_solved": remote_solved}
    values["state"] = (StandingState.WATCH if is_watched else StandingState.ACTIVE).value
    has_changed = is_watched != was_watched
    if has_changed:
        values["since_ms"] = t.now_ms
    if row is None:
        kind, model, fault_mode = key
        t.connection.execute(insert(mode_standings).values(kind=kind, model=model, fault_mode=fault_mode, **values))
    elif any(row._mapping[name] != value for name, value in values.items()):  # noqa: SLF001 - public name of a mapping
        t.connection.execute(update(mode_standings).where(mode_standings.c.n == row.n).values(values))
    if has_changed:
        _tell(t, key, "demoted" if is_watched else "restored", visits=visits, in_vain=in_vain)
    return has_changed


def _tell(t: Transaction, key: Key, event: str, *, visits: int, in_vain: int) -> None:
    kind, model, fault_mode = key
    subject = f"{kind}/{model}/{fault_mode}"
    why = f"{in_vain} of {visits} visits in vain"
    told = {
        "kind": kind,
        "model": model or kind,
        "fault_mode": fault_mode,
        "visits": visits,
        "in_vain": in_vain,
        "why": why,
    }
    states = [{"state": one.value} for one in (StandingState.ACTIVE, StandingState.WATCH)]
    before, after = states if event == "demoted" else reversed(states)
    record_audit(t.by(SYSTEM), f"mode.{event}", subject, before=before, after=after, about=told)
    told["to"] = t.rules.budget.owner
    put_notice(t, f"mode.{event}", subject[:64], told, dedupe_key=f"{subject}:{event}:{t.now_ms}"[:200])


def _standing(t: Transaction, row: Row[Any]) -> ModeStanding:
    budget = t.rules.budget
    is_watched = row.state == StandingState.WATCH
    back_ms = row.since_ms + round(budget.watch_days * DAY_MS) if is_watched else None
    return ModeStanding(
        kind=row.kind,
        model=row.model or "",
        fault_mode=row.fault_mode,
        state=StandingState(row.state),
        since=moment(row.since_ms),
        visits=row.visits,
        in_vain=row.in_vain,
        low=row.low,
        high=row.high,
        budget=budget.false_share,
        remote_tried=row.remote_tried,
        remote_solved=row.remote_solved,
        rule=printed_rule(t),
        back_at_earliest=moment(back_ms),
    )


def printed_rule(t: Transaction) -> Mapping[str, str]:
    """The rule in words, with its numbers."""
    budget = t.rules.budget
    share, days, rest = f"{budget.false_share:.0%}", f"{budget.over_days:g}", f"{budget.watch_days:g}"
    return {
        "en": f"Only watched where of at least {budget.visits_at_least} judged visits of the last {days} days more than {share}"
        f" were in vain (lower end of the 95 % interval); back when that is so no longer, at the earliest after {rest} days.",
        "zh": f"最近 {days} 天内至少 {budget.visits_at_least} 次已判定的上门中，若空跑比例（95% 区间下限）超过 {share}，则仅关注；"
        f"不再如此时恢复，最早在 {rest} 天后。",
    }


def _key(row: Row[Any]) -> Key:
    return row.kind, row.model, row.fault_mode

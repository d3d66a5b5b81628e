"""Cases: what the desk has lived through, as the gate sees it: the finding, what was done, and what a person found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from alerts.alerting.tables import alerts
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.gate.standing import IN_VAIN
from alerts.tickets.tables import ticket_episodes, tickets
from detectors.finding import FindingChannel
from ingest.profiles.definition import Profile

CASES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    """One finding that the detectors concluded, to its end. ``is_real`` is empty where nobody has judged it."""

    at_ms: int
    mode: tuple[str, str, str]
    """Kind, model, fault mode."""
    probability: float
    severity: float
    danger: int
    window: tuple[int, int, float] | None
    contract: str | None
    helps: float | None
    """How often the customer can end it, by the profile."""
    can_test: bool
    is_real: bool | None
    was_visited: bool
    had_ticket: bool


def read_cases(t: Transaction, profiles: Mapping[str, Profile], *, start_ms: int, end_ms: int) -> Sequence[Case]:
    """The cases that began in [start, end), oldest first: episodes of tickets, and alerts that never had one."""
    said = (alerts.c.probability, alerts.c.severity, alerts.c.failure_window, alerts.c.kind, alerts.c.fault_mode)
    ended = ticket_episodes.c
    with_ticket = (
        select(ended.opened_ms.label("at_ms"), ended.verdict, ended.visited, tickets.c.contract, appliances.c.model)
        .add_columns(*[tickets.c[column.name] for column in said], tickets.c.id.label("ticket_id"))
        .select_from(ticket_episodes.join(tickets, tickets.c.id == ended.ticket_id))
        .outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
        .where(
            tickets.c.channel == FindingChannel.EVIDENCE.value, ended.opened_ms >= start_ms, ended.opened_ms < end_ms
        )
        .where(tickets.c.fault_mode.is_not(None))
        .order_by(ended.opened_ms)
        .limit(CASES_MAX)
    )
    without = (
        select(alerts.c.created_ms.label("at_ms"), appliances.c.model, *said)
        .outerjoin(appliances, appliances.c.id == alerts.c.appliance_id)
        .where(alerts.c.channel == FindingChannel.EVIDENCE.value, alerts.c.ticket_id.is_(None))
        .where(alerts.c.created_ms >= start_ms, alerts.c.created_ms < end_ms)
        .order_by(alerts.c.created_ms)
        .limit(CASES_MAX)
    )
    found = [_case(row, profiles, has_ticket=True) for row in t.connection.execute(with_ticket)]
    found += [_case(row, profiles, has_ticket=False) for row in t.connection.execute(without)]
    return sorted(found, key=lambda one: one.at_ms)[:CASES_MAX]


def _case(row: Any, profiles: Mapping[str, Profile], *, has_ticket: bool) -> Case:
    known = profiles.get(row.kind)
    mode = None if known is None else known.fault_modes.get(row.fault_mode)
    window, verdict = row.failure_window, row.verdict if has_ticket else None
    return Case(
        at_ms=row.at_ms,
        mode=(row.kind, row.model or "", row.fault_mode),
        probability=row.probability or 0.0,
        severity=row.severity or 0.0,
        danger=mode.danger if mode else 1,
        window=None if window is None else (window["from"], window["to"], window["coverage"]),
        contract=row.contract if has_ticket else None,
        helps=mode.self_help.helps if mode and mode.self_help else None,
        can_test=mode is not None and mode.test is not None,
        is_real=None if verdict is None else verdict not in IN_VAIN,
        was_visited=bool(row.visited) if has_ticket else False,
        had_ticket=has_ticket,
    )

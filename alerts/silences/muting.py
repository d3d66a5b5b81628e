"""Silences: a person mutes an appliance, a fault mode, or both, until a time and with a reason that everyone sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import InvalidError, UnknownError
from alerts.silences.tables import silences
from alerts.words import check_words
from ingest.clock import from_ms, to_ms

LONGEST_MS = 366 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Silence:
    """What is muted until when, by whom and why; ``None`` stands for every appliance or every fault mode."""

    id: str
    appliance_id: str | None
    fault_mode: str | None
    until: datetime
    reason: str
    created_by: str


def add_silence(
    t: Transaction,
    *,
    appliance_id: str | None,
    fault_mode: str | None,
    until: datetime,
    reason: str,
) -> Silence:
    """Mute until a time; everything at once can't be muted."""
    until_ms = to_ms(until)
    if appliance_id is None and fault_mode is None:
        raise InvalidError("A silence names an appliance, a fault mode, or both.")
    if not t.now_ms < until_ms <= t.now_ms + LONGEST_MS:
        raise InvalidError("A silence ends in the future, within a year.")
    check_words("reason", reason, longest=1000, is_needed=True)
    for name, value in (("appliance_id", appliance_id), ("fault_mode", fault_mode)):
        check_words(name, value, longest=64)
    silence = Silence(t.new_id("si"), appliance_id, fault_mode, until, reason, t.who)
    t.connection.execute(
        insert(silences).values(
            id=silence.id,
            appliance_id=appliance_id,
            fault_mode=fault_mode,
            until_ms=until_ms,
            reason=reason,
            created_by=t.who,
            created_ms=t.now_ms,
        ),
    )
    record_audit(t, "silence.add", silence.id, {"appliance_id": appliance_id, "fault_mode": fault_mode})
    return silence


def lift_silence(t: Transaction, silence_id: str) -> None:
    """End a silence now."""
    found = t.connection.execute(delete(silences).where(silences.c.id == silence_id).returning(silences.c.id)).first()
    if found is None:
        raise UnknownError(f"There is no silence {silence_id!r}.")
    record_audit(t, "silence.lift", silence_id, {})


def list_silences(t: Transaction) -> list[Silence]:
    """What is muted now, the newest first."""
    query = select(silences).where(silences.c.until_ms > t.now_ms).order_by(silences.c.n.desc())
    return [
        Silence(row.id, row.appliance_id, row.fault_mode, from_ms(row.until_ms), row.reason or "", row.created_by)
        for row in t.connection.execute(query)
    ]

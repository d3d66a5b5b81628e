"""What the readings say of a command: it worked, it was answered and did nothing, or it did something unanswered.

A test of the profile may name the reading that proves that it ran. Samples decide that name the test's own cycle
(``test-COMMAND``), or lie between its sending and its answer; which ones decided is kept with the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import CommandState, SessionState
from alerts.remote.catalogue import rule_of
from alerts.remote.policy import SessionLimits
from alerts.remote.tables import commands, sessions
from alerts.remote.transcript import add_line
from ingest.profiles.definition import Effect, Profile

SAMPLES_KEPT = 3
_LOOKED_AT = 500
_IS_TEST = commands.c.answer_by_ms.is_not(None)
"""What takes its time; a snapshot that a test reads first has no effect of its own."""
_AT_IT = (
    CommandState.SENDING.value,
    CommandState.SENT.value,
    CommandState.ACCEPTED.value,
    CommandState.RUNNING.value,
    CommandState.SUCCEEDED.value,
    CommandState.UNKNOWN.value,
)


class Confirmation(StrEnum):
    """What the readings say."""

    WORKED = "worked"
    NO_EFFECT = "no_effect"
    """Answered as done, and no reading shows it."""
    UNANSWERED = "unanswered"
    """No last word came, and a reading shows that it acted."""


@dataclass(frozen=True, slots=True)
class SeenSample:
    """A sample of an appliance with a live session."""

    appliance_id: str
    ts_ms: int
    cycle: str | None
    metrics: Mapping[str, float]


def take_samples(t: Transaction, samples: Sequence[SeenSample], profiles: Mapping[str, Profile]) -> None:
    """Let samples prove what the commands of their appliances did."""
    mine: dict[str, list[SeenSample]] = {}
    for one in samples:
        mine.setdefault(one.appliance_id, []).append(one)
    if not mine:
        return
    query = (
        select(commands)
        .join(sessions, sessions.c.id == commands.c.session_id)
        .where(sessions.c.state == SessionState.ACTIVE.value, sessions.c.appliance_id.in_(list(mine)))
        .where(_IS_TEST, commands.c.state.in_(_AT_IT))
        .where(commands.c.effect.is_(None) | (commands.c.effect == Confirmation.NO_EFFECT.value))
    )
    for row in t.connection.execute(query.order_by(commands.c.n.desc())).all():
        effect = _effect_of(row, profiles)
        told = mine[row.appliance_id]
        proof = [] if effect is None else [one for one in told if _is_of(one, row) and _shows(one, effect)]
        if effect is not None and proof:
            _note_proof(t, row, effect, proof)


def settle_effects(t: Transaction, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    """What has had its last word for a while: proved, or without effect; and what never had one although it acted."""
    states = (CommandState.SUCCEEDED.value, CommandState.UNKNOWN.value)
    query = select(commands).where(
        commands.c.state.in_(states),
        commands.c.effect.is_(None),
        commands.c.procedure_id.is_not(None),
        _IS_TEST,
        commands.c.not_after_ms > t.now_ms - 86_400_000,
    )
    for row in t.connection.execute(query.order_by(commands.c.n.desc()).limit(_LOOKED_AT)).all():
        if _effect_of(row, profiles) is None:
            continue
        if row.effect_data:
            is_answered = row.state == CommandState.SUCCEEDED
            _write(t, row, Confirmation.WORKED if is_answered else Confirmation.UNANSWERED, row.effect_data)
        elif row.state == CommandState.SUCCEEDED and t.now_ms >= (row.answered_ms or 0) + limits.last_word_s * 1000:
            _write(t, row, Confirmation.NO_EFFECT, None)


def _note_proof(t: Transaction, row: Row[Any], effect: Effect, proof: Sequence[SeenSample]) -> None:
    data = {
        "metric": effect.metric,
        "above": effect.above,
        "below": effect.below,
        "samples": [{"ts_ms": one.ts_ms, "value": one.metrics[effect.metric]} for one in proof[:SAMPLES_KEPT]],
    }
    if row.state == CommandState.SUCCEEDED:
        _write(t, row, Confirmation.WORKED, data)
    elif row.state == CommandState.UNKNOWN:
        _write(t, row, Confirmation.UNANSWERED, data)
    else:
        t.connection.execute(update(commands).where(commands.c.id == row.id).values(effect_data=data))


def _write(t: Transaction, row: Row[Any], found: Confirmation, data: Mapping[str, Any] | None) -> None:
    t.connection.execute(update(commands).where(commands.c.id == row.id).values(effect=found.value, effect_data=data))
    add_line(t.by(SYSTEM), row.session_id, event=f"effect_{found.value}", command_id=row.id, data=data)


def _effect_of(row: Row[Any], profiles: Mapping[str, Profile]) -> Effect | None:
    if "test" not in (row.args or {}) or row.kind not in profiles:
        return None
    test = rule_of(profiles[row.kind], row.name, row.args).test
    return None if test is None else test.effect


def _is_of(sample: SeenSample, row: Row[Any]) -> bool:
    if sample.cycle is not None and sample.cycle.startswith("test-"):
        return sample.cycle == f"test-{row.id}"
    begun_ms = row.sent_ms or row.issued_ms
    return bool(begun_ms <= sample.ts_ms <= (row.answered_ms or row.answer_by_ms or row.not_after_ms))


def _shows(sample: SeenSample, effect: Effect) -> bool:
    value = sample.metrics.get(effect.metric)
    if value is None:
        return False
    return (effect.above is None or value > effect.above) and (effect.below is None or value < effect.below)

"""Issuing a command inside a session: consent, time and policy are checked here, and the appliance checks again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, IllegalStepError, InvalidError
from alerts.lifecycle import SESSION, SessionState
from alerts.remote.command import find_repeated, put_command, refuse_flood
from alerts.remote.consent import find_session, overdue, touch
from alerts.remote.policy import Scope, SessionLimits, permit

KEY_LENGTH_MAX = 200


def issue_command(
    t: Transaction,
    session_id: str,
    name: str,
    args: Mapping[str, Any],
    limits: SessionLimits,
    *,
    idempotency_key: str | None,
) -> str:
    """Queue a command and return its id; fails closed."""
    row = find_session(t, session_id)
    state = SessionState(row.state)
    if state is not SessionState.ACTIVE:
        raise IllegalStepError("session", state=state, step="command", legal=sorted(SESSION[state]))
    over = overdue(row, t.now_ms, limits)
    if over is not None:
        raise ConflictError(f"The session is over: {over}.")
    if idempotency_key is not None and not 1 <= len(idempotency_key) <= KEY_LENGTH_MAX:
        raise InvalidError(f"An idempotency key has 1 to {KEY_LENGTH_MAX} characters.")
    if idempotency_key is not None:
        repeated = find_repeated(t, session_id, name, args, idempotency_key=idempotency_key)
        if repeated is not None:
            return repeated
    rule = permit(name, args, scope=Scope(row.scope))
    refuse_flood(t, session_id, limits)
    not_after_ms = min(t.now_ms + round(limits.command_life_s * 1000), row.ends_by_ms)
    command_id = put_command(
        t,
        row,
        name,
        args,
        danger_class=rule.danger_class,
        not_after_ms=not_after_ms,
        idempotency_key=idempotency_key,
    )
    touch(t, session_id)
    record_audit(t, "command.issue", command_id, {"session_id": session_id, "name": name, "args": dict(args)})
    return command_id

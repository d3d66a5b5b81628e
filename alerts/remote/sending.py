"""Commands on their way out: what is due, and the claim right before each is published.

A command is published only after a claim, and a claim is one transaction that looks at everything again: the session is
active, time is left, nothing stands in the way. So after a session has ended nothing of it is claimed, and what was
claimed before is the last that can be on its way; where nobody can say whether a claimed command was published, it is
called unknown, never expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import msgspec
from sqlalchemy import Row, bindparam, select

from alerts.database import SYSTEM, Transaction
from alerts.lifecycle import CommandEvent, CommandState, SessionState
from alerts.remote.catalogue import rule_of
from alerts.remote.command import find_command, move_command
from alerts.remote.consent import find_session
from alerts.remote.ending import EndReason
from alerts.remote.facts import moment_of
from alerts.remote.policy import CONSENT_SHOW, PROTECT_END, PROTECT_RENEW, SESSION_END, SessionLimits, obstacles
from alerts.remote.protecting import may_renew
from alerts.remote.standing import overdue
from alerts.remote.tables import commands
from ingest.profiles.definition import Profile
from ingest.wire.command import CommandClass, CommandMessage, encode_command
from ingest.wire.outgoing import Outgoing
from ingest.wire.topic import Channel, TopicScheme

DUE_LIMIT = 200
_DUE = (CommandState.QUEUED.value, CommandState.SENDING.value)
_DUE_NOW = (
    select(commands)
    .where(commands.c.state.in_(_DUE), commands.c.not_after_ms > bindparam("now_ms"))
    .order_by(commands.c.n)
    .limit(DUE_LIMIT)
)


class Signer(Protocol):
    """Signs a command for one appliance; :class:`ingest.wire.signature.SigningKeys` is one."""

    def sign(self, appliance_id: str, command: Mapping[str, Any]) -> str:
        """The command's ``sig``."""
        ...


def due_commands(t: Transaction, topics: TopicScheme, signer: Signer | None = None) -> list[Outgoing]:
    """What is to be claimed and sent, oldest first, as it goes over the wire; signed where there is who signs."""
    return [_outgoing(row, topics, signer) for row in t.connection.execute(_DUE_NOW, {"now_ms": t.now_ms})]


def claim_command(t: Transaction, command_id: str, limits: SessionLimits, profiles: Mapping[str, Profile]) -> bool:
    """Whether the command may be published now; it is called *sending* from here on. What may not go is given up."""
    row = find_command(t, command_id)
    if row is None or row.state not in _DUE or t.now_ms >= row.not_after_ms:
        return False
    why_not = _why_not(t, row, limits, profiles)
    if why_not is None:
        if row.state == CommandState.QUEUED:
            move_command(t.by(SYSTEM), row, CommandEvent.CLAIM, {})
        return True
    event = CommandEvent.EXPIRE if row.state == CommandState.QUEUED else CommandEvent.LOSE
    move_command(t.by(SYSTEM), row, event, {"reason": why_not})
    return False


def note_sent(t: Transaction, command_id: str) -> None:
    """Note that the broker has the command; an answer may have overtaken this note, then it changes nothing."""
    row = find_command(t, command_id)
    if row is None or row.state not in _DUE:
        return
    move_command(t.by(SYSTEM), row, CommandEvent.SEND, {"sent_ms": t.now_ms})


def _why_not(t: Transaction, row: Row[Any], limits: SessionLimits, profiles: Mapping[str, Profile]) -> str | None:
    session = find_session(t, row.session_id)
    state = SessionState(session.state)
    if row.name == CONSENT_SHOW:
        return None if state is SessionState.REQUESTED else EndReason.NOT_WANTED
    if row.name in {SESSION_END, PROTECT_END}:
        return None  # it tells that all is over, and does nothing else
    if row.name == PROTECT_RENEW:
        return None if may_renew(t, row.id) else EndReason.NOT_WANTED
    if state is not SessionState.ACTIVE or overdue(session, t.now_ms, limits) is not None:
        return EndReason.SESSION_OVER
    if row.name.startswith("session."):
        return None
    rule = rule_of(profiles.get(row.kind), row.name, row.args or {})
    found = obstacles(moment_of(t, session, rule, limits, command=row))
    return None if not found else found[0].value


def _outgoing(row: Row[Any], topics: TopicScheme, signer: Signer | None) -> Outgoing:
    message = CommandMessage(
        command_id=row.id,
        session=row.session_id,
        name=row.name,
        command_class=CommandClass(row.danger_class),
        issued_ms=row.issued_ms,
        not_after_ms=row.not_after_ms,
        args=row.args or {},
    )
    topic = topics.of(row.kind, row.appliance_id, Channel.COMMAND)
    if signer is not None:
        fields = msgspec.json.decode(encode_command(message), type=dict[str, Any])
        message = replace(message, sig=signer.sign(row.appliance_id, fields))
    return Outgoing(row.id, topic, encode_command(message), row.not_after_ms)

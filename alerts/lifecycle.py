"""The life cycles of alert, ticket, session and command, each a table {state: {event: state}}.

A step that the table does not name raises :class:`IllegalStepError`, and whoever asked has changed nothing. The table of
the ticket is the contract's, line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from alerts.errors import IllegalStepError

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class TicketState(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    TRIAGED = "triaged"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    REPAIRED = "repaired"
    ON_HOLD = "on_hold"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TicketStep(StrEnum):
    """What can be done with a ticket."""

    TRIAGE = "triage"
    SCHEDULE = "schedule"
    START = "start"
    FINISH = "finish"
    ACCEPT = "accept"
    REJECT = "reject"
    CLOSE = "close"
    REOPEN = "reopen"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"
    COMMENT = "comment"
    VERDICT = "verdict"


class Back(StrEnum):
    """In place of a state: the one before the hold."""

    BEFORE_HOLD = "before_hold"


OVER: frozenset[TicketState] = frozenset({TicketState.CLOSED, TicketState.CANCELLED})
"""States in which a ticket no longer stands in the way of a new one."""

_ALWAYS = {TicketStep.HOLD: TicketState.ON_HOLD, TicketStep.CANCEL: TicketState.CANCELLED}

TICKET: Mapping[TicketState, Mapping[TicketStep, TicketState | Back]] = {
    TicketState.OPEN: {
        TicketStep.TRIAGE: TicketState.TRIAGED,
        TicketStep.START: TicketState.IN_PROGRESS,
        TicketStep.CLOSE: TicketState.CLOSED,
        TicketStep.COMMENT: TicketState.OPEN,
        **_ALWAYS,
    },
    TicketState.TRIAGED: {
        TicketStep.SCHEDULE: TicketState.SCHEDULED,
        TicketStep.START: TicketState.IN_PROGRESS,
        TicketStep.CLOSE: TicketState.CLOSED,
        TicketStep.COMMENT: TicketState.TRIAGED,
        **_ALWAYS,
    },
    TicketState.SCHEDULED: {
        TicketStep.SCHEDULE: TicketState.SCHEDULED,
        TicketStep.START: TicketState.IN_PROGRESS,
        TicketStep.COMMENT: TicketState.SCHEDULED,
        **_ALWAYS,
    },
    TicketState.IN_PROGRESS: {
        TicketStep.FINISH: TicketState.REPAIRED,
        TicketStep.SCHEDULE: TicketState.SCHEDULED,
        TicketStep.CLOSE: TicketState.CLOSED,
        TicketStep.COMMENT: TicketState.IN_PROGRESS,
        TicketStep.VERDICT: TicketState.IN_PROGRESS,
        **_ALWAYS,
    },
    TicketState.REPAIRED: {
        TicketStep.ACCEPT: TicketState.CLOSED,
        TicketStep.REJECT: TicketState.IN_PROGRESS,
        TicketStep.CLOSE: TicketState.CLOSED,
        TicketStep.COMMENT: TicketState.REPAIRED,
        TicketStep.VERDICT: TicketState.REPAIRED,
        **_ALWAYS,
    },
    TicketState.ON_HOLD: {
        TicketStep.RESUME: Back.BEFORE_HOLD,
        TicketStep.COMMENT: TicketState.ON_HOLD,
        **_ALWAYS,
    },
    TicketState.CLOSED: {
        TicketStep.REOPEN: TicketState.OPEN,
        TicketStep.COMMENT: TicketState.CLOSED,
        TicketStep.VERDICT: TicketState.CLOSED,
    },
    TicketState.CANCELLED: {TicketStep.COMMENT: TicketState.CANCELLED},
}


class AlertState(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class AlertEvent(StrEnum):
    """What happens to an alert."""

    FIRE = "fire"
    RESOLVE = "resolve"


ALERT: Mapping[AlertState, Mapping[AlertEvent, AlertState]] = {
    AlertState.PENDING: {AlertEvent.FIRE: AlertState.FIRING, AlertEvent.RESOLVE: AlertState.RESOLVED},
    AlertState.FIRING: {AlertEvent.RESOLVE: AlertState.RESOLVED},
    AlertState.RESOLVED: {},
}


class SessionState(StrEnum):
    """Where a remote diagnosis stands."""

    REQUESTED = "requested"
    GRANTED = "granted"
    ACTIVE = "active"
    ENDED = "ended"
    EXPIRED = "expired"
    REFUSED = "refused"


class SessionEvent(StrEnum):
    """What happens to a session."""

    GRANT = "grant"
    BEGIN = "begin"
    REFUSE = "refuse"
    END = "end"
    EXPIRE = "expire"


_STOP = {SessionEvent.END: SessionState.ENDED, SessionEvent.EXPIRE: SessionState.EXPIRED}

SESSION: Mapping[SessionState, Mapping[SessionEvent, SessionState]] = {
    SessionState.REQUESTED: {
        SessionEvent.GRANT: SessionState.GRANTED,
        SessionEvent.REFUSE: SessionState.REFUSED,
        **_STOP,
    },
    SessionState.GRANTED: {SessionEvent.BEGIN: SessionState.ACTIVE, **_STOP},
    SessionState.ACTIVE: _STOP,
    SessionState.ENDED: {},
    SessionState.EXPIRED: {},
    SessionState.REFUSED: {},
}

SESSION_LIVE: frozenset[SessionState] = frozenset({state for state, steps in SESSION.items() if steps})
"""States in which a session may still lead to something."""


class CommandState(StrEnum):
    """How far a command has come."""

    WAITING = "waiting"
    """For people: a key at the appliance, a second person."""
    QUEUED = "queued"
    SENDING = "sending"
    """Claimed: it is being handed to the broker, and from here on it may act."""
    SENT = "sent"
    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class CommandEvent(StrEnum):
    """What happens to a command."""

    RELEASE = "release"
    CLAIM = "claim"
    SEND = "send"
    ACCEPT = "accept"
    RUN = "run"
    SUCCEED = "succeed"
    FAIL = "fail"
    REJECT = "reject"
    EXPIRE = "expire"
    """Its time was over before it was sent: it will never act."""
    LOSE = "lose"
    """It was sent and its time is over without a last word: nobody knows whether it acted."""


_LAST_WORD = {
    CommandEvent.SUCCEED: CommandState.SUCCEEDED,
    CommandEvent.FAIL: CommandState.FAILED,
    CommandEvent.REJECT: CommandState.REJECTED,
}

# An answer may overtake the note that the command was sent, and a late last word is still the truth.
COMMAND: Mapping[CommandState, Mapping[CommandEvent, CommandState]] = {
    CommandState.WAITING: {CommandEvent.RELEASE: CommandState.QUEUED, CommandEvent.EXPIRE: CommandState.EXPIRED},
    CommandState.QUEUED: {
        CommandEvent.CLAIM: CommandState.SENDING,
        CommandEvent.SEND: CommandState.SENT,
        CommandEvent.ACCEPT: CommandState.ACCEPTED,
        CommandEvent.RUN: CommandState.RUNNING,
        CommandEvent.EXPIRE: CommandState.EXPIRED,
        **_LAST_WORD,
    },
    CommandState.SENDING: {
        CommandEvent.CLAIM: CommandState.SENDING,
        CommandEvent.SEND: CommandState.SENT,
        CommandEvent.ACCEPT: CommandState.ACCEPTED,
        CommandEvent.RUN: CommandState.RUNNING,
        CommandEvent.LOSE: CommandState.UNKNOWN,
        **_LAST_WORD,
    },
    CommandState.SENT: {
        CommandEvent.ACCEPT: CommandState.ACCEPTED,
        CommandEvent.RUN: CommandState.RUNNING,
        CommandEvent.LOSE: CommandState.UNKNOWN,
        **_LAST_WORD,
    },
    CommandState.ACCEPTED: {
        CommandEvent.RUN: CommandState.RUNNING,
        CommandEvent.LOSE: CommandState.UNKNOWN,
        **_LAST_WORD,
    },
    CommandState.RUNNING: {CommandEvent.LOSE: CommandState.UNKNOWN, **_LAST_WORD},
    CommandState.UNKNOWN: _LAST_WORD,
    CommandState.EXPIRED: _LAST_WORD,
    CommandState.SUCCEEDED: {},
    CommandState.FAILED: {},
    CommandState.REJECTED: {},
}

COMMAND_LIVE: frozenset[CommandState] = frozenset(
    {
        CommandState.WAITING,
        CommandState.QUEUED,
        CommandState.SENDING,
        CommandState.SENT,
        CommandState.ACCEPTED,
        CommandState.RUNNING,
    },
)
"""States in which a command still waits for its last word."""

COMMAND_MAY_ACT: frozenset[CommandState] = COMMAND_LIVE - {CommandState.WAITING, CommandState.QUEUED}
"""States in which an appliance may be at it."""


class ProcedureState(StrEnum):
    """How far a procedure has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ProcedureEvent(StrEnum):
    """What happens to a procedure."""

    FINISH = "finish"
    FAIL = "fail"


PROCEDURE: Mapping[ProcedureState, Mapping[ProcedureEvent, ProcedureState]] = {
    ProcedureState.RUNNING: {
        ProcedureEvent.FINISH: ProcedureState.DONE,
        ProcedureEvent.FAIL: ProcedureState.FAILED,
    },
    ProcedureState.DONE: {},
    ProcedureState.FAILED: {},
}


class ProtectionState(StrEnum):
    """How a gentle mode of an appliance stands."""

    ASKED = "asked"
    STANDING = "standing"
    ENDED = "ended"
    FAILED = "failed"
    """It never began."""


class ProtectionEvent(StrEnum):
    """What happens to a gentle mode."""

    BEGIN = "begin"
    END = "end"
    FAIL = "fail"


PROTECTION: Mapping[ProtectionState, Mapping[ProtectionEvent, ProtectionState]] = {
    ProtectionState.ASKED: {
        ProtectionEvent.BEGIN: ProtectionState.STANDING,
        ProtectionEvent.END: ProtectionState.ENDED,
        ProtectionEvent.FAIL: ProtectionState.FAILED,
    },
    ProtectionState.STANDING: {ProtectionEvent.END: ProtectionState.ENDED},
    ProtectionState.ENDED: {},
    ProtectionState.FAILED: {},
}


class FixFirstState(StrEnum):
    """How far it is with what a customer does themselves."""

    WATCHING = "watching"
    """It was done; the readings are watched."""
    HELPED = "helped"
    DID_NOT_HELP = "did_not_help"
    DECLINED = "declined"
    RELAPSED = "relapsed"
    """It had helped, and the fault came back."""


class FixFirstEvent(StrEnum):
    """What happens to it."""

    HELP = "help"
    FAIL = "fail"
    RELAPSE = "relapse"


FIX_FIRST: Mapping[FixFirstState, Mapping[FixFirstEvent, FixFirstState]] = {
    FixFirstState.WATCHING: {
        FixFirstEvent.HELP: FixFirstState.HELPED,
        FixFirstEvent.FAIL: FixFirstState.DID_NOT_HELP,
    },
    FixFirstState.HELPED: {FixFirstEvent.RELAPSE: FixFirstState.RELAPSED},
    FixFirstState.DID_NOT_HELP: {},
    FixFirstState.DECLINED: {},
    FixFirstState.RELAPSED: {},
}


def next_ticket_state(state: TicketState, step: TicketStep, *, before_hold: TicketState | None) -> TicketState:
    """The state behind a step; ``before_hold`` is where a ticket that is on hold came from."""
    after = TICKET[state].get(step)
    if after is None:
        raise IllegalStepError("ticket", state=state, step=step, legal=sorted(TICKET[state]))
    if isinstance(after, Back):
        if before_hold is None:
            raise LookupError("a ticket on hold remembers where it came from")
        return before_hold
    return after


def next_state(noun: str, table: Mapping[S, Mapping[E, S]], state: S, event: E) -> S:
    """The state behind an event of an alert, a session or a command."""
    after = table[state].get(event)
    if after is None:
        raise IllegalStepError(noun, state=state, step=event, legal=sorted(table[state]))
    return after

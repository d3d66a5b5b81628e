"""Testing again: a test that saw nothing while its fault still stands is proposed again by itself, and says when and why.

Detectors see many a fault before a test does. So a clean answer alone clears no ticket whose finding stands: the test comes
back when the severity has grown by :data:`GROWN` (to what the test sees, at least), or after :data:`DAYS`, twice as many each
time that it grows no further. That ends with a confirmed answer, with the finding, or when :data:`ENOUGH` tests that could
see the fault were clean, :data:`DAYS` apart, and it did not grow between them.

What is planned stands in the ticket's ``recommended`` as ``again``, its date in ``test_again_ms``: a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from alerts.tickets.sla import DAY_MS
from ingest.profiles.definition import RemoteTest

DAYS = 14
DAYS_MOST = 56
GROWN = 0.2
STEADY = 0.1
"""A severity that rises by less has not grown."""
ENOUGH = 2
CONFIRMED, CLEARED = "confirmed", "cleared"

Answers = Sequence[Mapping[str, Any]]


def planned(ticket: Row[Any], test: RemoteTest, answers: Answers) -> dict[str, Any] | None:
    """When the test that has answered last comes back; nothing where the ticket needs it no more.

    ``answers``: the ticket's ``tested``, each with its ``verdict``, ``severity`` and ``at_ms``.
    """
    last, severity = answers[-1], ticket.severity
    stands = ticket.alert_id is not None and ticket.cleared_ms is None
    if not stands or severity is None or last["verdict"] == CONFIRMED or is_enough(answers, test.name):
        return None
    days = min(DAYS * 2 ** (_steady(answers, test.name) - 1), DAYS_MOST)
    return {
        "test": test.name,
        "because": last["verdict"],
        "due_ms": last["at_ms"] + days * DAY_MS,
        "above": min(max(severity + GROWN, test.sees_from), 1.0),
        "is_due": False,
    }


def is_enough(answers: Answers, test: str) -> bool:
    """Whether enough tests that could see the fault were clean, far enough apart, while it did not grow."""
    counted: list[Mapping[str, Any]] = []
    for one in answers:
        if one["test"] != test:
            continue
        if one["verdict"] != CLEARED or (counted and _grew(counted[-1], one)):
            counted.clear()
        is_apart = not counted or one.get("at_ms", 0) - counted[-1].get("at_ms", 0) >= DAYS * DAY_MS
        if one["verdict"] == CLEARED and is_apart:
            counted.append(one)
    return len(counted) >= ENOUGH


def of_this_episode(ticket: Row[Any], answers: Answers) -> list[Mapping[str, Any]]:
    """What tests have said since the ticket was opened, or opened again: what they said before was of another fault."""
    since_ms = ticket.episode_ms or ticket.opened_ms
    return [one for one in answers if one.get("at_ms", 0) >= since_ms]


def is_tested_clean(ticket: Row[Any]) -> bool:
    """Whether enough tests of the ticket's own fault were clean in its last episode."""
    answers = [one for one in of_this_episode(ticket, ticket.tested or ()) if ticket.fault_mode in one["modes"]]
    return any(is_enough(answers, test) for test in {one["test"] for one in answers})


def is_waiting(recommended: Mapping[str, Any]) -> bool:
    """Whether a test is to come back, and not yet."""
    again = recommended.get("again")
    return again is not None and not again["is_due"]


def call_off(recommended: Mapping[str, Any]) -> dict[str, Any]:
    """What is recommended where no test comes back."""
    return {"recommended": {**recommended, "again": None}, "test_again_ms": None}


def _steady(answers: Answers, test: str) -> int:
    """How many answers in a row, the newest among them, found a fault that had not grown since the one before."""
    mine = [one for one in answers if one["test"] == test]
    count = 1
    while count < len(mine) and not _grew(mine[-count - 1], mine[-count]):
        count += 1
    return count


def _grew(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return bool((after.get("severity") or 0.0) - (before.get("severity") or 0.0) >= STEADY)

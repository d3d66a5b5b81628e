"""A procedure: a scripted diagnosis, a generator that yields what to ask of the appliance and receives its answers.

It knows no database and no wire. Whoever runs it may lose it at any time and make it again from the answers that were
given so far (:func:`replay`): the same answers lead to the same place.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.remote.catalogue import arguments_of
from ingest.profiles.definition import RemoteTest


@dataclass(frozen=True, slots=True)
class Asked:
    """What the procedure wants to be commanded next."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """How that ended: with data, or not, and then why."""

    is_done: bool
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of the procedure: the measured value, or why there is none."""

    measured: float | None
    reason: str | None = None


Procedure = Generator[Asked, Answered, Ended]


def procedure_of(test: RemoteTest) -> Procedure:
    """Read what is to be read first, do the test, and take the measurement from its answer."""
    for name in test.before:
        answered = yield Asked(name)
        if not answered.is_done:
            return Ended(None, answered.reason or "no_answer")
    answered = yield Asked(test.command, arguments_of(test))
    if not answered.is_done:
        return Ended(None, answered.reason or "no_answer")
    value = answered.data.get(test.measure)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Ended(None, "nothing_measured")
    return Ended(float(value))


def replay(procedure: Procedure, answers: Sequence[Answered]) -> Asked | Ended:
    """Where a procedure stands after some answers: what it asks next, or how it has ended."""
    try:
        asked = next(procedure)
        for answered in answers:
            asked = procedure.send(answered)
    except StopIteration as end:
        ended: Ended = end.value
        return ended
    return asked

"""The type of a ticket: what it asks for, what was ticked off and written down, and whether that is enough to end it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from alerts.errors import ConflictError, InvalidError
from alerts.lifecycle import TicketStep
from alerts.rules.desk_rules import DeskRules
from alerts.rules.ticket_types import TicketType
from alerts.tickets.ticket import ChecklistItem, FilledField, TicketSource, TypeWork
from ingest.clock import from_ms

_ENDS = frozenset({TicketStep.FINISH, TicketStep.CLOSE})
"""Steps that need what the type needs. Who cancels needs nothing."""


def type_of(rules: DeskRules, name: str) -> TicketType:
    """The type of this name; :class:`InvalidError` names those that there are."""
    found = rules.ticket_types.get(name)
    if found is None:
        raise InvalidError(f"type: {name!r} is none of {', '.join(sorted(rules.ticket_types))}.")
    return found


def checked_type(rules: DeskRules, name: str) -> str:
    """The same name, where there is such a type."""
    type_of(rules, name)
    return name


def source_for(rules: DeskRules, name: str, source: TicketSource | None) -> TicketSource:
    """How a ticket of this type comes in; :class:`InvalidError` where the type does not come in so."""
    allowed = type_of(rules, name).sources
    if source is None:
        return TicketSource(allowed[0])
    if source.value not in allowed:
        raise InvalidError(
            f"source: a ticket of type {name!r} comes in by {', '.join(allowed)}, not by {source.value}."
        )
    return source


def work_of(rules: DeskRules, row: Row[Any]) -> TypeWork:
    """What the type of a ticket asks for, and how far that is; a type that the rules have no longer asks for nothing."""
    known = rules.ticket_types.get(row.type)
    if known is None:
        return TypeWork({"en": row.type}, (), ())
    done, values = _kept(row)
    checklist = tuple(_item(step.name, step.label, done.get(step.name), is_needed=step.needed) for step in known.steps)
    form = tuple(
        FilledField(one.name, one.label, one.kind, one.choices, one.needed, values.get(one.name)) for one in known.form
    )
    return TypeWork(known.label, checklist, form)


def check_complete(rules: DeskRules, row: Row[Any], step: TicketStep) -> None:
    """Raise :class:`ConflictError` that names what is missing, where the ticket's type needs more before this step."""
    if step not in _ENDS:
        return
    work = work_of(rules, row)
    missing = [one.name for one in work.checklist if one.is_needed and one.done_at is None]
    missing += [one.name for one in work.form if one.is_needed and one.value is None]
    if missing:
        raise ConflictError(f"A ticket of type {row.type} can't be ended so: {', '.join(missing)} is missing.")


def _kept(row: Row[Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    work = row.work or {}
    return work.get("steps", {}), work.get("form", {})


def _item(name: str, label: Mapping[str, str], done: Mapping[str, Any] | None, *, is_needed: bool) -> ChecklistItem:
    if done is None:
        return ChecklistItem(name, label, is_needed, None, None)
    return ChecklistItem(name, label, is_needed, from_ms(done["at_ms"]), done["by"])

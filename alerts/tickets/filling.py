"""Ticking off and writing down what a ticket's type asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError
from alerts.lifecycle import OVER
from alerts.rules.ticket_types import FormField
from alerts.tickets.reading import find_row
from alerts.tickets.steps import check_version, write_ticket
from alerts.tickets.typed import type_of
from alerts.words import check_words

TEXT_LENGTH_MAX = 2000


def fill(
    t: Transaction,
    ref: str,
    *,
    steps: Mapping[str, bool],
    form: Mapping[str, Any],
    expected_version: int | None,
) -> str:
    """Tick steps off, or take that back, and write fields down, None empties one; the ticket's id."""
    row = find_row(t, ref)
    check_version(row, expected_version)
    if row.status in OVER:
        raise ConflictError(f"Ticket {row.number} is {row.status}: reopen it to go on with it.")
    known = type_of(t.rules, row.type)
    fields = {one.name: one for one in known.form}
    for name, there in (("steps", {one.name for one in known.steps}), ("form", set(fields))):
        given = steps if name == "steps" else form
        if unknown := sorted(set(given) - there):
            raise InvalidError(f"{name}: a ticket of type {row.type!r} has no {unknown[0]!r}.")
    kept = row.work or {}
    done = {**kept.get("steps", {})}
    for name, is_done in steps.items():
        if not is_done:
            done.pop(name, None)
        elif name not in done:
            done[name] = {"at_ms": t.now_ms, "by": t.who}
    values = {**kept.get("form", {}), **{name: _checked(fields[name], value) for name, value in form.items()}}
    work = {"steps": done, "form": {name: value for name, value in values.items() if value is not None}}
    if work != {"steps": kept.get("steps", {}), "form": kept.get("form", {})}:
        data = {"steps": dict(steps), "form": {name: values[name] for name in form}}
        write_ticket(t, row, "filled_in", {"status": row.status, "work": work}, note=None, data=data)
    return str(row.id)


def _checked(field: FormField, value: Any) -> Any:
    """The value, or :class:`InvalidError` with what the field takes."""
    if value is None:
        return None
    if field.kind == "yes_no":
        if isinstance(value, bool):
            return value
        raise InvalidError(f"form: {field.name} is true or false.")
    if field.kind == "number":
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value
        raise InvalidError(f"form: {field.name} is a number.")
    if not isinstance(value, str):
        raise InvalidError(f"form: {field.name} is text.")
    check_words(f"form: {field.name}", value, longest=TEXT_LENGTH_MAX)
    if field.kind == "choice" and value not in field.choices:
        raise InvalidError(f"form: {field.name} is one of {', '.join(field.choices)}.")
    return value.strip() or None

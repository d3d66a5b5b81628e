"""Types of tickets as data: how such a ticket may come in, its steps, its form, its clocks and its own ladder.

Eight are shipped (``ticket_types.toml``); the desk's rules replace one by ``[ticket_types.NAME]``, or add another.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from alerts.rules.quantity import Rules, quantity
from alerts.rules.rung import Rung

REPAIR = "repair"
"""What a ticket is where nobody says another type."""
_NAME = "^[a-z][a-z0-9_]{0,59}$"


class TypeStep(Rules):
    """Something that is ticked off."""

    name: str = Field(pattern=_NAME, description="its word in the API")
    label: dict[str, str] = Field(description="as people read it: `en`, `zh`")
    needed: bool = Field(default=False, description="before the ticket is finished or closed")


class FormField(Rules):
    """Something that is written down."""

    name: str = Field(pattern=_NAME, description="its word in the API")
    label: dict[str, str] = Field(description="as people read it: `en`, `zh`")
    kind: Literal["text", "number", "choice", "yes_no"] = Field("text", description="text, number, choice or yes_no")
    choices: tuple[str, ...] = Field((), description="of a choice")
    words: dict[str, dict[str, str]] = Field({}, description="each choice as people read it: `en`, `zh`")
    needed: bool = Field(default=False, description="before the ticket is finished or closed")

    @model_validator(mode="after")
    def _check_choices(self) -> FormField:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"field {self.name!r}: a choice has choices, and nothing else has")
        if strange := sorted(set(self.words) - set(self.choices)):
            raise ValueError(f"field {self.name!r}: words for {strange[0]!r}, which is no choice of it")
        return self


class TicketType(Rules):
    """A kind of work, with its own way from the beginning to the end."""

    label: dict[str, str] = Field(description="as people read it: `en`, `zh`")
    sources: tuple[str, ...] = Field(
        min_length=1, description="how such a ticket may come in; the first where nobody says"
    )
    steps: tuple[TypeStep, ...] = Field((), description="What is ticked off")
    form: tuple[FormField, ...] = Field((), description="What is written down")
    respond_hours: float | None = quantity(
        None,
        "hours",
        "to answer; with `resolve_hours` in place of the policies that name no type",
        least=0.01,
        most=8760,
    )
    resolve_hours: float | None = quantity(None, "hours", "to solve", least=0.01, most=8760)
    calendar: str | None = Field(None, description="the calendar of these hours; day and night where it is left out")
    escalation: tuple[Rung, ...] = Field((), description="A ladder of its own in place of the desk's")

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of what is needed before such a ticket ends."""
        steps = [one.name for one in self.steps if one.needed]
        return (*steps, *(one.name for one in self.form if one.needed))

    @model_validator(mode="after")
    def _check(self) -> TicketType:
        if (self.respond_hours is None) != (self.resolve_hours is None):
            raise ValueError("respond_hours and resolve_hours: both, or neither")
        names = [*(one.name for one in self.steps), *(one.name for one in self.form)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} is there twice")
        return self


@lru_cache(maxsize=1)
def shipped_types() -> Mapping[str, TicketType]:
    """The types that come with Fettle."""
    said = tomllib.loads((Path(__file__).parent / "ticket_types.toml").read_text("utf-8"))
    return {name: TicketType.model_validate(one) for name, one in said.items()}

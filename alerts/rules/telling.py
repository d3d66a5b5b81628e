"""Rules of notices: who there is, how each is reached and when not, and who is told what."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from alerts.calendars.business_hours import ALWAYS, Calendar
from alerts.rules.calendars import calendar_of, checked_zone, parse_week
from alerts.rules.quantity import Rules, quantity

_HOURS = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")


class Person(Rules):
    """Somebody who may be told, or a channel of several."""

    address: SecretStr = Field(
        description="how: `mailto://`, `slack://`, `msteams://`, `ntfy://` and others as apprise writes them, `https://` for a"
        " webhook, `log:`"
    )
    role: str | None = Field(None, description="what they are: rules and ladders name it")
    teams: tuple[str, ...] = Field((), description="where they belong")
    regions: tuple[str, ...] = Field((), description="of these regions alone; of all where empty")
    language: str = Field("en", pattern="^(en|zh)$", description="of the words: `en` or `zh`")
    timezone: str = Field("UTC", description="where their quiet hours are meant")
    quiet: str | None = Field(
        None, description="every day not between these: `22:00-07:00`; what comes then waits for the end"
    )
    quiet_priority: int = quantity(
        1, "priority", "as urgent as this goes through all the same; 0 lets nothing through", most=4
    )
    digest_minutes: float = quantity(
        60, "minutes", "what comes within so long is one message, unless its rule says `at_once`", most=10080
    )

    _zone = field_validator("timezone")(staticmethod(checked_zone))

    @field_validator("quiet")
    @classmethod
    def _check_quiet(cls, value: str | None) -> str | None:
        if value is not None and _HOURS.fullmatch(value) is None:
            raise ValueError(f"{value!r} is no span such as 22:00-07:00")
        if value is not None:
            parse_week(f"mon-sun {value}")
        return value

    @property
    def quiet_hours(self) -> Calendar | None:
        """When they are not to be disturbed."""
        return None if self.quiet is None else calendar_of(self.timezone, f"mon-sun {self.quiet}")


class NoticeRule(Rules):
    """Who is told what; what is left empty fits every notice, and somebody must be named."""

    name: str = Field(min_length=1, max_length=60, description="what people call it; the log of deliveries says it")
    types: tuple[str, ...] = Field((), description="kinds of notices: `ticket.opened`, `ticket.sla_*`, `incident.*`")
    priorities: tuple[int, ...] = Field((), description="1 to 4")
    severity_at_least: float = quantity(
        0, "share of failure", "0 to 1; what has no severity is told all the same", most=1
    )
    regions: tuple[str, ...] = Field((), description="regions of appliances")
    kinds: tuple[str, ...] = Field((), description="kinds of appliances")
    sources: tuple[str, ...] = Field((), description="how we came to know of the ticket")
    hours: str | None = Field(None, description="only then: `mon-fri 08:00-18:00`; at any time where it is left out")
    timezone: str = Field("UTC", description="where these hours are meant")
    at_once: bool = Field(default=False, description="not in a digest")
    roles: tuple[str, ...] = Field((), description="tells everybody of these roles")
    teams: tuple[str, ...] = Field((), description="tells everybody of these teams")
    people: tuple[str, ...] = Field((), description="tells these, by their names in this file")
    addressed: bool = Field(
        default=False, description="tells whom the notice is for: the ladder's role, or who has the ticket"
    )

    _zone = field_validator("timezone")(staticmethod(checked_zone))

    @field_validator("hours")
    @classmethod
    def _check_hours(cls, value: str | None) -> str | None:
        if value is not None:
            parse_week(value)
        return value

    @property
    def calendar(self) -> Calendar:
        """When it tells."""
        return ALWAYS if self.hours is None else calendar_of(self.timezone, self.hours)

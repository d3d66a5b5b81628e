"""Who is told of a notice, by the rules alone: a function of rules, facts and time; nothing is read, nothing is sent.

Quiet by default: without rules nobody is told, what comes together is one message, and a night is left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from alerts.calendars.business_hours import DAY_MS, MINUTE_MS, Calendar
from alerts.notices.records import is_record
from alerts.rules.desk_rules import DeskRules
from alerts.rules.telling import NoticeRule, Person

ASSIGNEE = "assignee"


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules look at."""

    type: str
    priority: int | None = None
    severity: float | None = None
    region: str | None = None
    kind: str | None = None
    source: str | None = None
    assignee: str | None = None
    to: str | None = None
    """A role, or *assignee*: whom the notice is for."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told, by which rule, and from when on."""

    person: str
    rule: str
    due_ms: int
    is_quiet: bool
    """Whether it waits for the end of quiet hours."""
    at_once: bool = False


def recipients(rules: DeskRules, facts: Facts, *, at_ms: int) -> Iterator[Recipient]:
    """Everybody who is told of it, each once: by the first rule that names them, at once where any does."""
    for name in rules.people:
        told = recipient(rules, name, facts, at_ms=at_ms)
        if told is not None:
            yield told


def recipient(rules: DeskRules, name: str, facts: Facts, *, at_ms: int) -> Recipient | None:
    """How one person is told of it, or nothing."""
    person = rules.people.get(name)
    if person is None or (person.regions and facts.region not in person.regions):
        return None
    naming = [rule for rule in rules.notices if _names(rule, name, person, facts) and _fits(rule, facts, at_ms)]
    return _told(name, person, naming, facts, at_ms=at_ms) if naming else None


def _told(name: str, person: Person, naming: list[NoticeRule], facts: Facts, *, at_ms: int) -> Recipient:
    urgent = facts.priority is not None and facts.priority <= person.quiet_priority
    at_once = any(rule.at_once for rule in naming) or urgent
    due_ms = at_ms if at_once else at_ms + round(person.digest_minutes * MINUTE_MS)
    quiet = person.quiet_hours
    until_ms = due_ms if quiet is None or urgent else _end_of(quiet, due_ms)
    return Recipient(name, naming[0].name, until_ms, is_quiet=until_ms > due_ms, at_once=at_once)


def _fits(rule: NoticeRule, facts: Facts, at_ms: int) -> bool:
    asked = (
        (rule.priorities, facts.priority),
        (rule.regions, facts.region),
        (rule.kinds, facts.kind),
        (rule.sources, facts.source),
    )
    named = [one for one in rule.types if not is_record(facts.type) or is_record(one)]
    is_wanted = any(fnmatchcase(facts.type, one) for one in named) or not (rule.types or is_record(facts.type))
    is_severe = facts.severity is None or facts.severity >= rule.severity_at_least
    return (
        is_wanted
        and is_severe
        and all(not wanted or value in wanted for wanted, value in asked)
        and (rule.hours is None or rule.calendar.between(at_ms, at_ms + MINUTE_MS) > 0)
    )


def _names(rule: NoticeRule, name: str, person: Person, facts: Facts) -> bool:
    is_for = rule.addressed and (
        facts.to in {name, person.role} - {None} or (facts.to in {ASSIGNEE, None} and facts.assignee == name)
    )
    return name in rule.people or person.role in rule.roles or bool(set(rule.teams) & set(person.teams)) or is_for


def _end_of(quiet: Calendar, at_ms: int) -> int:
    """The first moment from then on that is not quiet; where two days have none, then."""
    until_ms = quiet.open_until(at_ms, days=3)
    return until_ms if until_ms - at_ms < 2 * DAY_MS else at_ms

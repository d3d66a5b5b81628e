"""What the API answers of care."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import Field

from alerts.care.care import AdviceEffect, Care, GivenAdvice, Quiet, UsedUp, UseSeen
from alerts.care.lifecycle import AdviceState
from alerts.care.settling import text_of
from alerts.tickets.sentence import in_language
from api.http.document_shape import Document, show
from ingest.profiles.care import Advice, Goal
from ingest.profiles.definition import Profile


class ChangeDocument(Document):
    """By how much a use has changed a day, with its 95 % interval."""

    mean: float
    low: float
    high: float


class UseDocument(Document):
    """How an appliance is used: mean of the last four weeks of days that have a number, and of the four before."""

    name: str
    label: str
    unit: str
    days: int
    mean: float
    mean_before: float | None
    newest: float


class AdviceDocument(Document):
    """A piece of advice that was given, and what came of it."""

    id: str
    appliance_id: str
    kind: str
    name: str
    goal: Goal | None = Field(description="null where it is about something that is used up")
    title: str
    text: str
    state: AdviceState
    given_at: datetime
    use: str | None = Field(description="the use that it goes by, in words")
    unit: str | None
    before: float
    after: float | None
    change: ChangeDocument | None
    told_by: str | None
    told_at: datetime | None
    settles_at: datetime = Field(description="when the readings say what came of it")
    measured_at: datetime | None


class ConsumableDocument(Document):
    """What is used up, and how much of its life remains."""

    name: str
    title: str
    text: str
    sku: str | None
    remaining: float = Field(description="share of its life, 1 as new, 0 used up")
    used: float
    life: float
    unit: str
    since: date
    is_since_known: bool = Field(description="false: counted from the first day that we know")
    due_on: date


class CareDocument(Document):
    """All of one appliance."""

    appliance_id: str
    quiet: Quiet | None = Field(description="why nothing is advised about it now")
    counted_until: date | None
    uses: list[UseDocument]
    advice: list[AdviceDocument]
    consumables: list[ConsumableDocument]


class EffectDocument(Document):
    """What one piece of advice has come to over all appliances."""

    kind: str
    name: str
    title: str
    given: int
    followed: int
    declined: int
    helped: int
    not_helped: int
    unknown: int
    change: ChangeDocument | None = Field(description="of those who followed")
    change_else: ChangeDocument | None = Field(description="of those who did not, over the same time")


def care_document(care: Care, profile_units: dict[str, str], language: str) -> CareDocument:
    """All of one appliance, in a language."""
    return CareDocument(
        appliance_id=care.appliance_id,
        quiet=care.quiet,
        counted_until=care.counted_until,
        uses=[_use(one, language) for one in care.uses],
        advice=[advice_document(one, language) for one in care.advice],
        consumables=[_consumable(one, profile_units.get(one.consumable.use, ""), language) for one in care.consumables],
    )


def advice_document(one: GivenAdvice, language: str) -> AdviceDocument:
    """One piece of advice, in a language."""
    text = one.text
    return AdviceDocument(
        id=one.id,
        appliance_id=one.appliance_id,
        kind=one.kind,
        name=one.name,
        goal=text.goal if isinstance(text, Advice) else None,
        title=one.name if text is None else in_language(text.title, language) or one.name,
        text="" if text is None else in_language(text.text, language) or "",
        state=one.state,
        given_at=one.given_at,
        use=None if one.use is None else in_language(one.use.label, language),
        unit=None if one.use is None else one.use.unit,
        before=one.before,
        after=one.after,
        change=None if one.change is None else show(ChangeDocument, one.change),
        told_by=one.told_by,
        told_at=one.told_at,
        settles_at=one.settles_at,
        measured_at=one.measured_at,
    )


def effect_document(one: AdviceEffect, profiles: Mapping[str, Profile], language: str) -> EffectDocument:
    """What one piece of advice has come to, under the title that its profile has now."""
    text = text_of(profiles, one.kind, one.name)
    title = one.name if text is None else in_language(text.title, language) or one.name
    change, change_else = (
        None if found is None else show(ChangeDocument, found) for found in (one.change, one.change_else)
    )
    return EffectDocument(
        kind=one.kind,
        name=one.name,
        title=title,
        given=one.given,
        followed=one.followed,
        declined=one.declined,
        helped=one.helped,
        not_helped=one.not_helped,
        unknown=one.unknown,
        change=change,
        change_else=change_else,
    )


def _use(one: UseSeen, language: str) -> UseDocument:
    return UseDocument(
        name=one.use.name,
        label=in_language(one.use.label, language) or one.use.name,
        unit=one.use.unit,
        days=one.days,
        mean=one.mean,
        mean_before=one.mean_before,
        newest=one.newest,
    )


def _consumable(one: UsedUp, unit: str, language: str) -> ConsumableDocument:
    of = one.consumable
    return ConsumableDocument(
        name=of.name,
        title=in_language(of.title, language) or of.name,
        text=in_language(of.text, language) or "",
        sku=of.sku,
        remaining=one.remaining,
        used=one.used,
        life=of.life,
        unit=unit,
        since=one.since,
        is_since_known=one.is_since_known,
        due_on=one.due_on,
    )

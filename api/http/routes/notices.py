"""``/notices`` and ``/receivers``: what others were told, what they were not, and another try."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from alerts.notices.notice import Delivery, DeliveryState
from alerts.rules.reading import rules_to_try
from api.http.access import Dispatcher, Manager
from api.http.context import Here
from api.http.documents import Document, show
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request

router = APIRouter(tags=["notices"])


class NoticeDelivery(Document):
    """One notice on its way to one receiver; ``notice_id`` is what the receiver knows it by."""

    id: int
    notice_id: str
    at: datetime
    type: str
    subject_id: str
    data: dict[str, Any]
    receiver: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    last_error: str | None
    tried_at: datetime | None
    delivered_at: datetime | None
    rule: str | None = Field(description="the rule by which a person is told; null for a receiver of the settings")


class Parked(Document):
    """How many deliveries were given another day."""

    count: int


class RetryRequest(Request):
    """Which parked deliveries."""

    receiver: str | None = Field(
        default=None, min_length=1, max_length=200, description="of this one alone; of all where left out"
    )


class TrialRequest(Request):
    """Rules to try on what was; those in force where left out."""

    days: int = Field(default=7, ge=1, le=365)
    rules: dict[str, Any] | None = Field(
        default=None,
        description="`people` and `notices` as the rules' file has them, as JSON; an address may be left out, as nothing is sent",
    )


class TrialMessage(Document):
    """One message that somebody would have got."""

    at: datetime
    notices: int
    types: list[str]
    rules: list[str]
    subjects: list[str] = Field(description="ids of the tickets and incidents, the first ones")


class Told(Document):
    """What one person would have got."""

    person: str
    notices: int
    message_count: int
    messages: list[TrialMessage] = Field(description="the first ones")


class Trial(Document):
    """Who would have been told of the notices of a span."""

    start: datetime
    end: datetime
    notices: int
    untold: int = Field(description="how many of them reach nobody")
    people: list[Told]


class Receiver(Document):
    """A receiver of notices: misses in a row, left in peace until when, switched off since when, and what it said last."""

    name: str
    begun_at: datetime
    misses: int
    waits_until: datetime | None
    off_since: datetime | None
    said: str | None


@router.get("/notices")
def list_notices(
    here: Here,
    account: Dispatcher,
    page: PageQuery,
    state: DeliveryState | None = None,
    receiver: Annotated[
        str | None, Query(max_length=200, description="a receiver's name; person:NAME is one of the rules")
    ] = None,
    subject_id: Annotated[str | None, Query(max_length=64, description="the id of a ticket or incident")] = None,
) -> Page[NoticeDelivery]:
    """The log of deliveries, newest first; ``state=parked`` are those that were given up."""
    found = here.desk.by(account.name).notices.page(
        state=state, receiver=receiver, subject_id=subject_id, cursor=page.cursor, limit=page.limit
    )
    return Page(items=[_shown(item) for item in found.items], next=found.next)


@router.post("/notices/retry-parked")
def retry_parked(here: Here, account: Dispatcher, body: RetryRequest | None = None) -> Parked:
    """Give all parked deliveries another day, of one receiver or of all; each goes out once more."""
    receiver = None if body is None else body.receiver
    return Parked(count=here.desk.by(account.name).notices.retry_parked(receiver=receiver))


@router.post("/notices/dry-run")
def try_rules(here: Here, account: Manager, body: TrialRequest | None = None) -> Trial:
    """Who would have been told of the last days' notices, and when, under these rules; nothing is sent."""
    asked = body or TrialRequest()
    rules = None if asked.rules is None else rules_to_try(asked.rules)
    found = here.desk.by(account.name).subscriptions.try_rules(rules, over=timedelta(days=asked.days))
    return show(Trial, found)


@router.post("/notices/{number}/retry", responses=CONFLICT)
def retry_notice(here: Here, account: Dispatcher, number: int) -> NoticeDelivery:
    """Give a parked delivery another day, beginning now; a receiver that was switched off is on again."""
    return _shown(here.desk.by(account.name).notices.retry(number))


@router.get("/receivers")
def list_receivers(here: Here, account: Dispatcher, page: PageQuery) -> Page[Receiver]:
    """All receivers of notices."""
    del page
    return Page(items=[show(Receiver, one) for one in here.desk.by(account.name).notices.receivers()])


def _shown(delivery: Delivery) -> NoticeDelivery:
    notice = delivery.notice
    return NoticeDelivery(
        id=delivery.number,
        notice_id=notice.id,
        at=notice.at,
        type=notice.type,
        subject_id=notice.subject_id,
        data=dict(notice.data),
        receiver=delivery.target,
        state=delivery.state,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        last_error=delivery.last_error,
        tried_at=delivery.tried_at,
        delivered_at=delivery.delivered_at,
        rule=delivery.rule,
    )

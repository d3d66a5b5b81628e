"""``/notices`` and ``/receivers``: what others were told, what they were not, and another try."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from alerts.notices.notice import Delivery, DeliveryState
from api.http.access import Dispatcher
from api.http.context import Here
from api.http.documents import Document, show
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT

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
    here: Here, account: Dispatcher, page: PageQuery, state: DeliveryState | None = None
) -> Page[NoticeDelivery]:
    """Deliveries of notices, newest first; ``state=parked`` are those that were given up."""
    found = here.desk.by(account.name).notices.page(state=state, cursor=page.cursor, limit=page.limit)
    return Page(items=[_shown(item) for item in found.items], next=found.next)


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
    )

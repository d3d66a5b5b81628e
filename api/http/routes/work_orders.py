"""``/work-orders/status``: what became of a ticket in another system, by a signed webhook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from alerts.delivery.webhook import is_signed
from alerts.tickets.following_status import OutsideState
from api.http.bodies import read_json
from api.http.context import Context, Here
from api.http.documents import Document
from api.http.parameters import refuse_wrong_parameters
from api.http.problems import CONFLICT, Problem
from api.http.request import Request

router = APIRouter(tags=["work orders"])

WHO = "work order"
"""Who acts where another system says so."""
BODY_BYTES_MAX = 64 * 1024
Id = Annotated[str, Header(alias="webhook-id", max_length=200)]
Timestamp = Annotated[str, Header(alias="webhook-timestamp", max_length=40)]
Signature = Annotated[str, Header(alias="webhook-signature", max_length=2000)]


class StatusRequest(Request):
    """What became of a work order; ``external_id`` is the id by which it was made, the ticket's."""

    external_id: str = Field(min_length=1, max_length=64)
    status: OutsideState
    note: str | None = Field(default=None, max_length=10_000)
    by: str | None = Field(default=None, max_length=200, description="who did it there; it stands in the note")


def _schema() -> dict[str, Any]:
    """The schema of :class:`StatusRequest` in one piece: what a route writes down itself has no place for parts."""
    schema = StatusRequest.model_json_schema()
    schema["properties"]["status"] = schema.pop("$defs")["OutsideState"]
    return schema


TAKES_STATUS: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": _schema()}}, "required": True}
}
"""The body is read as it comes, since what is signed are its bytes."""


class StatusAnswer(Document):
    """The ticket behind it; ``changed`` is false where it stood so already."""

    number: int
    status: str
    changed: bool


@router.post(
    "/work-orders/status",
    responses=CONFLICT,
    openapi_extra=TAKES_STATUS,
    dependencies=[Depends(refuse_wrong_parameters)],
)
async def take_status(
    here: Here, request: HttpRequest, webhook_id: Id, webhook_timestamp: Timestamp, webhook_signature: Signature
) -> StatusAnswer:
    """Bring a ticket to the state that its work order has elsewhere, step by step; signed as Standard Webhooks say.

    The secret is ``FETTLE_WORK_ORDER_SECRET``; a message older than five minutes or without its signature is 401, and the
    same message twice changes nothing. A state that can't be reached is 409.
    """
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        raise Problem(413, "The body is too large.")
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": webhook_timestamp,
        "webhook-signature": webhook_signature,
    }
    _verify(here, body, headers)
    said = _read(body)
    note = " · ".join(part for part in (said.note, said.by) if part) or None
    desk = here.desk.by(WHO).tickets
    ticket, changed = await run_in_threadpool(desk.follow, said.external_id, said.status, note)
    return StatusAnswer(number=ticket.number, status=ticket.status.value, changed=changed)


def _verify(here: Context, body: bytes, headers: dict[str, str]) -> None:
    """Let through only what is signed."""
    secret = here.settings.work_order_secret
    if secret is None:
        raise Problem(404, "No work orders are taken here: FETTLE_WORK_ORDER_SECRET is not set.")
    if not is_signed(body, headers, secret.get_secret_value()):
        raise Problem(401, "The message has no signature that holds, or is older than five minutes.")


def _read(text: bytes) -> StatusRequest:
    try:
        return StatusRequest.model_validate(read_json(text))
    except ValidationError as error:
        raise Problem(422, "The body is no status of a work order: external_id and status.") from error

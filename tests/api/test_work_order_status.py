"""What another system says of its work order: signed, by the life cycle's own steps, and twice is once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from alerts.lifecycle import TicketStep
from alerts.tickets.ticket import NewTicket
from ingest.clock import SystemClock
from tests.api.house import House

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def ticket_id(house: House) -> str:
    """An open ticket, in an installation that takes work orders."""
    settings = house.context.settings.model_copy(update={"work_order_secret": SecretStr(SECRET)})
    object.__setattr__(house.context, "settings", settings)
    house.register("R-1")
    return house.context.desk.tickets.open(NewTicket("R-1", "noise")).id


def say(
    house: House, body: dict[str, Any] | str, *, secret: str = SECRET, age: timedelta = timedelta()
) -> httpx.Response:
    """Another system says so, without an account."""
    text, at = body if isinstance(body, str) else json.dumps(body), SystemClock().now() - age
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, text),
        "content-type": "application/json",
    }
    return house.call("POST", "/api/v1/work-orders/status", None, content=text, headers=headers)


def test_a_status_comes_back_by_the_steps_that_lead_there(house: House, ticket_id: str) -> None:
    """From open to repaired by two steps in the other system's name; the same again changes nothing; then it is closed."""
    said = {"external_id": ticket_id, "status": "repaired", "note": "pump changed", "by": "K. Lee"}

    first, again = say(house, said), say(house, said)
    closed = say(house, {"external_id": ticket_id, "status": "closed"})

    assert [(one.status_code, one.json()["status"], one.json()["changed"]) for one in (first, again, closed)] == [
        (200, "repaired", True),
        (200, "repaired", False),
        (200, "closed", True),
    ]
    lines = house.context.desk.tickets.read(ticket_id).history
    assert [line.event for line in lines] == ["open", "start", "finish", "close"]
    assert (lines[1].actor, lines[1].note) == ("work order", "pump changed · K. Lee")


def test_what_is_not_signed_or_can_not_be_is_refused_and_changes_nothing(house: House, ticket_id: str) -> None:
    """Another secret, an old message, an unknown ticket or state, and a state that no step leads to."""
    said = {"external_id": ticket_id, "status": "closed"}
    other = "whsec_" + "A" * 32

    assert say(house, said, secret=other).status_code == 401
    assert say(house, said, age=timedelta(minutes=10)).status_code == 401
    assert say(house, {"external_id": "tk_no", "status": "closed"}).status_code == 404
    assert say(house, {"external_id": ticket_id, "status": "lost"}).status_code == 422
    assert house.context.desk.tickets.read(ticket_id).status == "open"
    house.context.desk.tickets.step(ticket_id, TicketStep.CLOSE)
    assert say(house, {"external_id": ticket_id, "status": "in_progress"}).status_code == 409


@pytest.mark.parametrize(
    ("added", "word"),
    [
        (', "status": "repaired"', "body.status: this key stands twice"),
        (', "zzz": 1', "external_id"),
        (', "note": NaN', "NaN is no number"),
        (f', "zzz": {"[" * 70}{"]" * 70}', "nested deeper"),
    ],
)
def test_a_signed_body_is_read_as_strictly_as_any(house: House, ticket_id: str, added: str, word: str) -> None:
    """A key that stands twice, one that nobody knows, no number, and endless depth are 422 and change nothing."""
    answer = say(house, f'{{"external_id": "{ticket_id}", "status": "closed"{added}}}')

    assert (answer.status_code, word in answer.json()["detail"]) == (422, True), answer.text
    assert house.context.desk.tickets.read(ticket_id).status == "open"


def test_without_a_secret_nothing_is_taken(house: House) -> None:
    """An installation that has no such partner has no such door."""
    assert say(house, {"external_id": "tk_1", "status": "closed"}).status_code == 404

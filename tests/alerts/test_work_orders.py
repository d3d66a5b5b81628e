"""Work orders in other systems, against recorded exchanges: what is asked, in which order, and that twice is once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from alerts.delivery.kind import Receiver
from alerts.delivery.systems import Known
from alerts.delivery.work_orders import KIND, WorkOrders, orders_of
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.lifecycle import TicketStep
from alerts.notices.notice import DeliveryError, Notice, NoticeRefusedError
from alerts.notices.tables import outbox
from tests.alerts.made import FINDING, step_of

EXCHANGES = Path(__file__).parent / "exchanges"
ADDRESSES = {
    "servicenow": "servicenow://user:pw@sn.example",
    "jira": "jira://user:pw@jira.example/FIELD",
    "salesforce": "salesforce://:pw@sf.example",
    "zammad": "zammad://:pw@zammad.example/Service",
}
OPENED = Notice(
    "no_1",
    datetime(2026, 11, 21, tzinfo=UTC),
    "ticket.opened",
    "tk_1",
    {
        "number": 7, "title": "The drain pump is clogging", "status": "open", "priority": 2, "appliance_id": "WM-0231",
        "summary": {"en": "Drain time 96 s, normal 52 to 64."}, "first_check": "Clean the filter.", "parts": ["00145"],
    },
)  # fmt: skip
HELD = replace(OPENED, id="no_3", type="ticket.hold", data={"number": 7, "status": "on_hold"})
CLOSED = replace(OPENED, id="no_2", type="ticket.close", data={"number": 7, "status": "closed"})


class Recorded(httpx.AsyncBaseTransport):
    """Answers as recorded, and holds every request to the record."""

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        """These exchanges, in this order."""
        self.left = list(exchanges)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The next of the record."""
        expected = self.left.pop(0)
        body = json.loads(request.content) if request.content else None
        asked = {"method": request.method, "path": request.url.path, "query": dict(request.url.params), "body": body}
        assert asked == {"query": {}, "body": None, **expected["request"]}
        assert request.headers["authorization"].split()[0] in {"Basic", "Bearer", "Token"}
        answer = expected["response"]
        content = b"" if answer.get("body") is None else json.dumps(answer["body"]).encode()
        return httpx.Response(answer["status"], content=content)


def recorded(system: str, name: str) -> tuple[WorkOrders, Recorded]:
    """A system that answers as recorded."""
    target = KIND.open(Receiver(ADDRESSES[system]))
    assert isinstance(target, WorkOrders)
    transport = Recorded(json.loads((EXCHANGES / f"{system}.json").read_text("utf-8"))[name])
    return replace(target, line=replace(target.line, transport=transport)), transport


@pytest.mark.parametrize("system", ADDRESSES)
@pytest.mark.parametrize(
    ("name", "notice"), [("opened", OPENED), ("repeated", OPENED), ("held", HELD), ("closed", CLOSED)]
)
def test_a_ticket_is_one_order_however_often_it_is_told(system: str, name: str, notice: Notice) -> None:
    """Opened it is made, with all that is said; told again it is changed and not made anew; held it waits; closed it ends."""
    target, transport = recorded(system, name)

    target.deliver(notice)

    assert transport.left == []


@pytest.mark.parametrize("system", ["servicenow", "jira", "zammad"])
def test_what_was_just_made_is_not_looked_for(system: str) -> None:
    """A search of Jira or Zammad does not find it for minutes: told again at once it is changed all the same, and not doubled."""
    exchanges = json.loads((EXCHANGES / f"{system}.json").read_text("utf-8"))
    target, _ = recorded(system, "opened")
    transport = Recorded([*exchanges["opened"], *exchanges["repeated"][1:]])
    target = replace(target, line=replace(target.line, transport=transport))

    target.deliver(OPENED)
    target.deliver(replace(OPENED, id="no_2"))

    assert transport.left == []


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten first, and looked for again."""
    monkeypatch.setattr("alerts.delivery.systems.KNOWN_MAX", 2)
    known, [order] = Known(), orders_of(OPENED)
    for name in ("a", "b", "a", "c"):
        known.note(replace(order, id=name), name)

    assert list(known.names) == ["a", "c"]


def test_a_request_of_service_management_is_made_where_its_type_is_named() -> None:
    """It is found later by the label that it is given at once."""
    target, transport = recorded("jira", "request")

    replace(target, place="FIELD/25").deliver(OPENED)

    assert transport.left == []


@pytest.mark.parametrize("system", ADDRESSES)
def test_what_a_system_does_not_take_is_an_error_of_its_kind(system: str) -> None:
    """Refused speaks of this notice, down of the system; and a title goes nowhere without its order."""
    for status, error in ((422, NoticeRefusedError), (503, DeliveryError)):
        target, _ = recorded(system, "opened")
        transport = Recorded([{"request": None, "response": {"status": status, "body": {"error": "no"}}}])
        transport.left[0]["request"] = json.loads((EXCHANGES / f"{system}.json").read_text("utf-8"))["opened"][0][
            "request"
        ]
        with pytest.raises(error, match=f"the system answered {status}"):
            replace(target, line=replace(target.line, transport=transport)).deliver(OPENED)


def test_a_digest_is_each_ticket_once_and_other_notices_are_none() -> None:
    """Opened and closed within the hour: one order, closed; an incident is no order."""
    parts = [
        {"type": one.type, "subject_id": one.subject_id, "data": one.data, "id": one.id, "at_ms": 0}
        for one in (OPENED, CLOSED)
    ]
    parts.append({"type": "incident.opened", "subject_id": "in_1", "data": {}, "id": "no_3", "at_ms": 0})

    [order] = orders_of(Notice("dg_1", OPENED.at, "digest", "tk_1", {"notices": parts}))

    assert (order.id, order.status, order.title) == ("tk_1", "closed", "The drain pump is clogging")
    assert orders_of(Notice("no_3", OPENED.at, "incident.opened", "in_1", {})) == []


@pytest.mark.parametrize(
    "address", ["jira://user:pw@jira.example", "servicenow://sn.example", "zammad://:pw@z.example/"]
)
def test_an_address_that_lacks_something_is_refused_without_its_secret(address: str) -> None:
    """A project, a group, or what lets us in."""
    with pytest.raises(InvalidError) as refused:
        KIND.open(Receiver(address))

    assert "pw" not in str(refused.value)


def test_a_notice_has_enough_for_a_work_order(desk: Desk) -> None:
    """What, where, how urgent, until when, what to check and what to bring stand in the body of the first notice."""
    desk.findings.commit(step_of(1, FINDING))
    desk.tickets.step("1", TicketStep.TRIAGE)

    with desk.unit.engine.connect() as connection:
        opened = connection.execute(select(outbox.c.data).order_by(outbox.c.n).limit(1)).scalar_one()
    assert opened["summary"]["en"]
    assert (opened["kind"], opened["component"], opened["first_check"], opened["parts"]) == (
        "washing_machine", "drain_pump", "Ask the customer to clean the filter.", ["00145"],
    )  # fmt: skip
    assert opened["respond_by_ms"] < opened["resolve_by_ms"]

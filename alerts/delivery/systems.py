"""Field-service systems: how each keeps one work order per ticket, known by our id, by its documented interface.

A ticket told twice is one work order: Salesforce takes an external id as the key itself; in the others the order is looked for by
our id, and changed where it is there. What a notice does not say is left as it stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.delivery.exchange import Ask, Line

TITLE_LENGTH_MAX = 160


@dataclass(frozen=True, slots=True)
class Order:
    """What a work order is made of; ``None`` where the notice does not say it."""

    id: str
    number: int | None
    title: str | None
    text: str | None
    status: str | None
    priority: int | None
    appliance_id: str | None


Keep = Callable[[Line, str, Order], None]
"""Keeps one order in a system; the text is the place of the address (project, group), where a system has one."""


def keep_in_servicenow(line: Line, _place: str, order: Order) -> None:
    """A work order of Field Service Management, by ``correlation_id``, through the Table API."""
    table = "/api/now/table/wm_order"
    query = {"sysparm_query": f"correlation_id={order.id}", "sysparm_fields": "sys_id", "sysparm_limit": "1"}
    found = line.ask(Ask("GET", table, query))["result"]
    states = {
        "open": "1",
        "triaged": "1",
        "scheduled": "16",
        "in_progress": "18",
        "repaired": "3",
        "closed": "3",
        "cancelled": "4",
    }
    body = _said(
        short_description=order.title,
        description=order.text,
        priority=None if order.priority is None else str(order.priority),
        state=states.get(order.status or ""),
    )
    if found:
        line.ask(Ask("PATCH", f"{table}/{found[0]['sys_id']}", body=body))
    else:
        line.ask(
            Ask(
                "POST", table, body={**_new(order), **body, "correlation_id": order.id, "correlation_display": "fettle"}
            )
        )


def keep_in_jira(line: Line, place: str, order: Order) -> None:
    """An issue of a Jira Service Management project, by a label that is our id."""
    query = {"jql": f'project = "{place}" AND labels = "{order.id}"', "fields": "status", "maxResults": "1"}
    found = line.ask(Ask("GET", "/rest/api/3/search/jql", query))["issues"]
    names = {1: "Highest", 2: "High", 3: "Medium", 4: "Low"}
    fields: dict[str, Any] = _said(summary=order.title, description=_adf(order.text))
    if order.priority is not None:
        fields["priority"] = {"name": names[order.priority]}
    if not found:
        new = {"project": {"key": place}, "issuetype": {"name": "Task"}, "labels": ["fettle", order.id]}
        made = line.ask(Ask("POST", "/rest/api/3/issue", body={"fields": {"summary": _title(order), **fields, **new}}))
        key = made["key"]
    else:
        key = found[0]["key"]
        if fields:
            line.ask(Ask("PUT", f"/rest/api/3/issue/{key}", body={"fields": fields}))
    if order.status in {"closed", "cancelled"}:
        moves = line.ask(Ask("GET", f"/rest/api/3/issue/{key}/transitions"))["transitions"]
        done = next((one for one in moves if one["to"]["statusCategory"]["key"] == "done"), None)
        if done is not None:
            line.ask(Ask("POST", f"/rest/api/3/issue/{key}/transitions", body={"transition": {"id": done["id"]}}))


def keep_in_salesforce(line: Line, _place: str, order: Order) -> None:
    """A work order of Salesforce Field Service, kept by the external id ``Fettle_Id__c``: one request, whether it is there or not."""
    states = {
        "open": "New", "triaged": "New", "scheduled": "In Progress", "in_progress": "In Progress", "on_hold": "On Hold",
        "repaired": "Completed", "closed": "Closed", "cancelled": "Canceled",
    }  # fmt: skip
    names = {1: "Critical", 2: "High", 3: "Medium", 4: "Low"}
    body = _said(
        Subject=order.title,
        Description=order.text,
        Status=states.get(order.status or ""),
        Priority=names.get(order.priority or 0),
    )
    line.ask(Ask("PATCH", f"/services/data/v60.0/sobjects/WorkOrder/Fettle_Id__c/{order.id}", body=body))


def keep_in_zammad(line: Line, place: str, order: Order) -> None:
    """A ticket of Zammad, by the object attribute ``fettle_id``."""
    found = line.ask(
        Ask("GET", "/api/v1/tickets/search", {"query": f'fettle_id:"{order.id}"', "limit": "1", "expand": "true"})
    )
    states = {"closed": "closed", "cancelled": "closed", "on_hold": "pending reminder"}
    names = {1: "3 high", 2: "3 high", 3: "2 normal", 4: "1 low"}
    state = None if order.status is None else states.get(order.status, "open")
    body = _said(title=order.title, priority=names.get(order.priority or 0), state=state)
    if found:
        line.ask(Ask("PUT", f"/api/v1/tickets/{found[0]['id']}", body=body))
        return
    article = {"subject": _title(order), "body": order.text or _title(order), "type": "note", "internal": True}
    new = {"title": _title(order), "group": place, "customer": "fettle", "fettle_id": order.id, "article": article}
    line.ask(Ask("POST", "/api/v1/tickets", body={**new, **body}))


SYSTEMS: Mapping[str, Keep] = {
    "servicenow": keep_in_servicenow,
    "jira": keep_in_jira,
    "salesforce": keep_in_salesforce,
    "zammad": keep_in_zammad,
}


def _new(order: Order) -> dict[str, Any]:
    return {"short_description": _title(order)}


def _title(order: Order) -> str:
    return (order.title or f"Ticket {order.number or order.id}")[:TITLE_LENGTH_MAX]


def _said(**columns: Any) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if value is not None}


def _adf(text: str | None) -> dict[str, Any] | None:
    """Text as Jira wants it: a document of paragraphs."""
    if text is None:
        return None
    lines = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.splitlines() if line]
    return {"type": "doc", "version": 1, "content": lines}

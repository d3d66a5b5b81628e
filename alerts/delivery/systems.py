"""Field-service systems: how each keeps one work order per ticket, known by our id, by its documented interface.

A ticket told twice is one work order. Salesforce takes an external id as the key itself; in the others the order is looked for
by our id, and changed where it is there. Jira and Zammad answer a search from an index that follows seconds to minutes behind
("eventually consistent" in their words), so what this process has made is remembered in :class:`Known` and not looked for.
What a notice does not say is left as it stands there.

Read for this: ServiceNow, Table API and "Work order states" (states are told by their labels, whose numbers nobody documents;
they follow a flow, so that only the end is said); Atlassian, REST API 3, "Search after write" and Service Management's
``/rest/servicedeskapi/request``; Salesforce, "Insert or Update (Upsert) a Record Using an External ID" and WorkOrderStatus;
Zammad, "Tickets" (a pending state needs ``pending_time``, a customer that nobody knows is made from ``guess:`` and an address).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.delivery.exchange import Ask, Line

TITLE_LENGTH_MAX = 160
KNOWN_MAX = 10_000
PENDING = timedelta(days=7)
"""After so long Zammad reminds of what is on hold."""


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
    at: datetime


@dataclass(frozen=True)
class Known:
    """What the system calls the orders that this process made or found, the newest of them."""

    names: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def note(self, order: Order, name: object) -> str:
        """Remember, and forget the oldest where there are too many."""
        self.names[order.id] = str(name)
        self.names.move_to_end(order.id)
        while len(self.names) > KNOWN_MAX:
            self.names.popitem(last=False)
        return str(name)


Keep = Callable[[Line, str, Order, Known], None]
"""Keeps one order in a system; the text is the place of the address (project, group), where a system has one."""

WORKED = {"scheduled": "a visit is planned", "in_progress": "somebody works on it", "on_hold": "it waits"}


def keep_in_servicenow(line: Line, _place: str, order: Order, known: Known) -> None:
    """A work order of Field Service Management, by ``correlation_id``, through the Table API; values as people read them."""
    table, said_as_shown = "/api/now/table/wm_order", {"sysparm_input_display_value": "true"}
    sys_id = known.names.get(order.id)
    if sys_id is None:
        query = {"sysparm_query": f"correlation_id={order.id}", "sysparm_fields": "sys_id", "sysparm_limit": "1"}
        found = line.ask(Ask("GET", table, query))["result"]
        sys_id = known.note(order, found[0]["sys_id"]) if found else None
    names = {1: "1 - Critical", 2: "2 - High", 3: "3 - Moderate", 4: "4 - Low"}
    states = {"repaired": "Closed Complete", "closed": "Closed Complete", "cancelled": "Canceled"}
    status = order.status or ""
    body = _said(
        short_description=order.title,
        description=order.text,
        priority=names.get(order.priority or 0),
        state=states.get(status),
        work_notes=f"Fettle: {WORKED[status]}." if status in WORKED else None,
    )
    if sys_id is not None:
        line.ask(Ask("PATCH", f"{table}/{sys_id}", said_as_shown, body))
        return
    new = {"short_description": _title(order), "correlation_id": order.id, "correlation_display": "Fettle"}
    made = line.ask(Ask("POST", table, said_as_shown, {**new, **body}))
    known.note(order, made["result"]["sys_id"])


def keep_in_jira(line: Line, place: str, order: Order, known: Known) -> None:
    """An issue of a project, by a label that is our id; ``PROJECT/TYPE`` makes a request of that type of Service Management."""
    project, _, request_type = place.partition("/")
    names = {1: "Highest", 2: "High", 3: "Medium", 4: "Low"}
    fields: dict[str, Any] = _said(summary=order.title, description=_adf(order.text))
    if order.priority is not None:
        fields["priority"] = {"name": names[order.priority]}
    key = known.names.get(order.id) or _find_in_jira(line, project, order, known)
    labels = {"labels": ["fettle", order.id]}
    if key is None and request_type:
        key = known.note(order, _request_in_jira(line, project, request_type, order))
        line.ask(Ask("PUT", f"/rest/api/3/issue/{key}", body={"fields": {**fields, **labels}}))
    elif key is None:
        new = {"project": {"key": project}, "issuetype": {"name": "Task"}, **labels}
        made = line.ask(Ask("POST", "/rest/api/3/issue", body={"fields": {"summary": _title(order), **fields, **new}}))
        key = known.note(order, made["key"])
    elif fields:
        line.ask(Ask("PUT", f"/rest/api/3/issue/{key}", body={"fields": fields}))
    if order.status in {"closed", "cancelled"}:
        moves = line.ask(Ask("GET", f"/rest/api/3/issue/{key}/transitions"))["transitions"]
        done = next((one for one in moves if one["to"]["statusCategory"]["key"] == "done"), None)
        if done is not None:
            line.ask(Ask("POST", f"/rest/api/3/issue/{key}/transitions", body={"transition": {"id": done["id"]}}))


def _find_in_jira(line: Line, project: str, order: Order, known: Known) -> str | None:
    query = {"jql": f'project = "{project}" AND labels = "{order.id}"', "fields": "status", "maxResults": "1"}
    found = line.ask(Ask("GET", "/rest/api/3/search/jql", query))["issues"]
    return known.note(order, found[0]["key"]) if found else None


def _request_in_jira(line: Line, project: str, request_type: str, order: Order) -> str:
    """Make a customer's request; a service desk is found by its project's key."""
    desk = line.ask(Ask("GET", f"/rest/servicedeskapi/servicedesk/{project}"))
    values = {"summary": _title(order), "description": order.text or _title(order)}
    body = {"serviceDeskId": str(desk["id"]), "requestTypeId": request_type, "requestFieldValues": values}
    return str(line.ask(Ask("POST", "/rest/servicedeskapi/request", body=body))["issueKey"])


def keep_in_salesforce(line: Line, _place: str, order: Order, _known: Known) -> None:
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


def keep_in_zammad(line: Line, place: str, order: Order, known: Known) -> None:
    """A ticket of Zammad, by the object attribute ``fettle_id``, which its search finds where it has Elasticsearch."""
    number = known.names.get(order.id)
    if number is None:
        query = {"query": f'fettle_id:"{order.id}"', "limit": "1", "expand": "true"}
        found = line.ask(Ask("GET", "/api/v1/tickets/search", query))
        number = known.note(order, found[0]["id"]) if found else None
    states = {"closed": "closed", "cancelled": "closed", "on_hold": "pending reminder"}
    names = {1: "3 high", 2: "3 high", 3: "2 normal", 4: "1 low"}
    state = None if order.status is None else states.get(order.status, "open")
    until = f"{order.at + PENDING:%Y-%m-%dT%H:%M:%S.000Z}" if order.status == "on_hold" else None
    body = _said(title=order.title, priority=names.get(order.priority or 0), state=state, pending_time=until)
    if number is not None:
        line.ask(Ask("PUT", f"/api/v1/tickets/{number}", body=body))
        return
    group, _, customer = place.partition("/")
    article = {"subject": _title(order), "body": order.text or _title(order), "type": "note", "internal": True}
    new = {"title": _title(order), "group": group, "customer_id": f"guess:{customer or _own_address(line)}"}
    made = line.ask(Ask("POST", "/api/v1/tickets", body={**new, "fettle_id": order.id, "article": article, **body}))
    known.note(order, made["id"])


def _own_address(line: Line) -> str:
    """Who a ticket is for where nobody is named: we, at that system."""
    return f"fettle@{line.base.partition('://')[2].partition(':')[0]}"


SYSTEMS: Mapping[str, Keep] = {
    "servicenow": keep_in_servicenow,
    "jira": keep_in_jira,
    "salesforce": keep_in_salesforce,
    "zammad": keep_in_zammad,
}


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

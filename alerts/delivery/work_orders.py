"""Tickets as work orders of another system: ``servicenow://``, ``jira://``, ``salesforce://``, ``zammad://``.

An address is ``SYSTEM://USER:SECRET@HOST/PLACE``: with a user it is basic authentication, with a secret alone (``:SECRET@``) a
bearer token (for Zammad its own kind of token). ``jira://…/PROJECT/REQUESTTYPE`` makes requests of Service Management,
``zammad://…/GROUP/CUSTOMER`` tickets of that customer, known by an address of mail. Only notices of tickets become orders; others are taken and left.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from alerts.delivery.exchange import Line
from alerts.delivery.kind import Kind, Receiver
from alerts.delivery.systems import SYSTEMS, Known, Order
from alerts.errors import InvalidError
from alerts.notices.notice import Notice, Target

EXAMPLE = "servicenow://user:password@example.service-now.example"
PLACES = {
    "jira": "a project's key (and the number of a request type)",
    "zammad": "a group's name (and a customer's address)",
}


@dataclass(frozen=True)
class WorkOrders:
    """Keeps one work order per ticket in another system."""

    name: str
    system: str
    line: Line
    place: str = ""
    known: Known = field(default_factory=Known)

    def deliver(self, notice: Notice) -> None:
        """Make or change the order of the notice's ticket; of a digest each in turn."""
        for order in orders_of(notice):
            SYSTEMS[self.system](self.line, self.place, order, self.known)


def orders_of(notice: Notice) -> list[Order]:
    """The orders that a notice speaks of, each ticket once, with the newest of what is said."""
    parts = notice.parts
    said = [(notice.type, notice.subject_id, notice.data)] if parts is None else parts
    merged: dict[str, dict[str, Any]] = {}
    for type_, subject_id, data in said:
        if type_.startswith("ticket."):
            merged.setdefault(subject_id, {}).update(data)
    return [_order(subject_id, data, notice.at) for subject_id, data in merged.items()]


def _order(subject_id: str, data: Mapping[str, Any], at: datetime) -> Order:
    summary = data.get("summary") or {}
    lines = [
        summary.get("en"),
        _line("Appliance", data.get("appliance_id")),
        _line("First check", data.get("first_check")),
    ]
    lines += [_line("Parts", ", ".join(data["parts"])) if data.get("parts") else None]
    text = "\n".join(line for line in lines if line) if data.get("title") else None
    return Order(
        id=subject_id,
        number=data.get("number"),
        title=data.get("title"),
        text=text,
        status=data.get("status"),
        priority=data.get("priority"),
        appliance_id=data.get("appliance_id"),
        at=at,
    )


def _line(name: str, value: object) -> str | None:
    return f"{name}: {value}" if value else None


def open_work_orders(receiver: Receiver) -> Target:
    """The system at an address; raises :class:`InvalidError` where something is missing in it."""
    try:
        url = urlsplit(receiver.address)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise InvalidError(f"The address {receiver.scheme}:… can't be read.") from error
    place = unquote(url.path.strip("/"))
    if not host or not url.password:
        raise InvalidError(
            f"The address {receiver.shown} names a host and what lets us in: write for example {EXAMPLE}."
        )
    if url.scheme in PLACES and not place:
        raise InvalidError(f"The address {receiver.shown} ends with {PLACES[url.scheme]}, as {url.scheme}://…/SERVICE.")
    base = f"https://{host}" + (f":{port}" if port else "")
    line = Line(base, {"authorization": _authorization(url)})
    return WorkOrders(f"{url.scheme}:{host}{url.path}"[:200], url.scheme, line, place)


def _authorization(url: SplitResult) -> str:
    secret = unquote(url.password or "")
    if url.username:
        return "Basic " + base64.b64encode(f"{unquote(url.username)}:{secret}".encode()).decode()
    return f"Token token={secret}" if url.scheme == "zammad" else f"Bearer {secret}"


KIND = Kind(tuple(SYSTEMS), EXAMPLE, open_work_orders)

"""What a list of tickets is asked by: the same words for the pages and for the export."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from alerts.lifecycle import TicketState
from alerts.tickets.reading import Sort, TicketFilter
from alerts.tickets.ticket import TicketSource
from api.http.assignees import account_of
from api.http.context import Here
from api.http.times import parse_time


def _wanted(
    here: Here,
    *,
    status: Annotated[list[TicketState] | None, Query(description="any of them")] = None,
    appliance_id: str | None = None,
    assignee: Annotated[
        str | None, Query(max_length=200, description="an account, or a technician's id; a name that a ticket bears")
    ] = None,
    q: Annotated[str | None, Query(max_length=200, description="in number, title, appliance")] = None,
    priority: Annotated[int | None, Query(ge=1, le=4)] = None,
    kind: str | None = None,
    fault_mode: str | None = None,
    source: TicketSource | None = None,
    region: str | None = None,
    type_: Annotated[str | None, Query(alias="type", max_length=60, description="repair, complaint, …")] = None,
    opened_from: Annotated[str | None, Query(description="RFC 3339 or ms")] = None,
    opened_to: Annotated[str | None, Query(description="RFC 3339 or ms; not included")] = None,
    due_before: Annotated[
        str | None, Query(description="RFC 3339 or ms; open tickets that are to be solved before then")
    ] = None,
    sort: Annotated[Sort, Query(description="urgency and due: what is over comes last")] = Sort.NEWEST,
) -> TicketFilter:
    """The query parameters, as the desk is asked."""
    times = {"opened_from": opened_from, "opened_to": opened_to, "due_before": due_before}
    ms = {f"{name}_ms": parse_time(text, name=name) for name, text in times.items() if text is not None}
    return TicketFilter(
        tuple(status or ()),
        appliance_id,
        account_of(here, assignee),
        q,
        priority,
        kind,
        fault_mode,
        source,
        region,
        type=type_,
        sort=sort,
        **ms,
    )


Wanted = Annotated[TicketFilter, Depends(_wanted)]

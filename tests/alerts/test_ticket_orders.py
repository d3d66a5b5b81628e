"""How SQLite reads a page of the queue, and new verdicts: from the index that stands in their order."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from alerts.desk import Desk
from alerts.lifecycle import TicketState
from alerts.page import encode_cursor
from alerts.tickets.reading import Sort, TicketFilter

WANTED = {"statuses": (TicketState.OPEN, TicketState.TRIAGED), "opened_from_ms": 1, "kind": "washing_machine"}


@pytest.mark.parametrize(("sort", "index"), [(Sort.URGENCY, "ix_tickets_urgency"), (Sort.DUE, "ix_tickets_due")])
@pytest.mark.parametrize("is_behind", [False, True])
def test_a_page_of_the_queue_is_read_and_not_sorted(desk: Desk, sort: Sort, index: str, *, is_behind: bool) -> None:
    """Of what is not held, which is nearly all, no row before the page is read, and none is sorted; what is held is found by itself."""
    asked: list[tuple[str, Any]] = []
    event.listen(
        desk.unit.engine, "before_cursor_execute", lambda _c, _u, text, values, *_: asked.append((text, values))
    )
    cursor = encode_cursor(5, 0, 2, 7, 9, of=f"tickets:{sort}") if is_behind else None

    desk.tickets.page(TicketFilter(sort=sort, **WANTED), cursor=cursor)  # type: ignore[arg-type]  # filters by name

    [plan, held, *_] = [_plan(desk, *one) for one in tuple(asked) if "LIMIT" in one[0]]
    reading = "SEARCH" if is_behind else "SCAN"
    assert plan[0].startswith(f"{reading} tickets USING COVERING INDEX {index}")
    assert not any("ORDER BY" in step for step in plan)
    assert held[0].startswith("SEARCH tickets USING INDEX ix_tickets_held (paused_ms>?)")


def test_verdicts_are_found_without_the_rest_of_the_history(desk: Desk) -> None:
    """Once a second is asked what was found out since; what else happened to tickets meanwhile is not looked through."""
    asked: list[tuple[str, Any]] = []
    event.listen(
        desk.unit.engine, "before_cursor_execute", lambda _c, _u, text, values, *_: asked.append((text, values))
    )

    desk.tickets.lessons(after=7, limit=9)

    [plan] = [_plan(desk, *one) for one in tuple(asked) if "LIMIT" in one[0]]
    assert plan[0] == "SEARCH ticket_history USING INDEX ix_ticket_history_verdicts (n>?)"
    assert not any("ORDER BY" in step for step in plan)


def _plan(desk: Desk, text: str, values: Any) -> list[str]:
    with desk.unit.engine.connect() as connection:
        return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]

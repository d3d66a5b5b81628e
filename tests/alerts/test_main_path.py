"""From a finding to a ticket."""

from __future__ import annotations

from sqlalchemy import select

from alerts.desk import Desk
from alerts.lifecycle import AlertState, TicketState
from alerts.notices.tables import outbox
from alerts.tickets.ticket import TicketSource
from detectors.finding import ConditionState
from tests.alerts.made import FINDING, step_of


def test_finding_opens_one_ticket_with_notice_and_checkpoint(desk: Desk) -> None:
    """A finding leads, in one commit, to an alert, one ticket, a notice, a condition and the moved checkpoint."""
    desk.findings.commit(step_of(41, FINDING, rows={"WM-0231": b"state"}))

    [ticket] = desk.tickets.page().items
    [alert] = desk.alerts.page().items
    assert (ticket.number, ticket.status, ticket.source) == (1, TicketState.OPEN, TicketSource.PREDICTION)
    assert (alert.state, alert.reason, alert.ticket_id) == (AlertState.FIRING, "ticket_opened", ticket.id)
    assert desk.appliances.read("WM-0231").condition is ConditionState.ALERT
    assert desk.appliances.read("WM-0231").open_tickets == (1,)
    checkpoint = desk.findings.load()
    assert (checkpoint.position, checkpoint.rows, checkpoint.shared) == (41, {"WM-0231": b"state"}, b"shared-41")
    with desk.unit.engine.connect() as connection:
        [notice] = connection.execute(select(outbox)).all()
    assert (notice.type, notice.subject_id) == ("ticket.opened", ticket.id)
    assert [change.subject.value for change in desk.changes.page(after=0)] == ["ticket", "alert"]


def test_ticket_says_what_is_wrong_and_what_to_do(desk: Desk) -> None:
    """A ticket carries its sentence, its evidence, the window, the deadlines and the profile's recommendation."""
    desk.findings.commit(step_of(1, FINDING))

    ticket = desk.tickets.read("1")

    assert ticket.title == "The drain pump is clogging"
    assert ticket.summary["en"] == (
        "The drain pump is clogging: drain time 96 s, normal is 52 to 64 s. Since 9 November."
    )
    assert "排水泵堵塞" in ticket.summary["zh"]
    assert [item.metric for item in ticket.evidence] == ["drain_time", "pump_w"]
    assert ticket.failure_window is not None
    assert ticket.failure_window.coverage == 0.8
    assert ticket.recommended.test == "drain.test"
    assert ticket.recommended.first_check is not None
    assert [part.sku for part in ticket.recommended.parts] == ["00145"]
    assert (ticket.sla.respond_by - ticket.opened_at).total_seconds() == 24 * 3600
    assert (ticket.sla.resolve_by - ticket.opened_at).total_seconds() == 72 * 3600
    assert ticket.priority == 3
    assert [entry.event for entry in ticket.history] == ["open"]


def test_repeated_commit_changes_nothing(desk: Desk) -> None:
    """A commit whose position is not beyond the stored one changes nothing, whatever it carries."""
    desk.findings.commit(step_of(5, FINDING))
    before = (desk.findings.load(), desk.tickets.page(), desk.alerts.page(), desk.changes.last())

    desk.findings.commit(step_of(5, FINDING, rows={"WM-0231": b"other"}))
    desk.findings.commit(step_of(4, FINDING, rows={"WM-0231": b"older"}))

    assert (desk.findings.load(), desk.tickets.page(), desk.alerts.page(), desk.changes.last()) == before

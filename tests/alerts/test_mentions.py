"""Who is named on a ticket is told of it."""

from __future__ import annotations

from sqlalchemy import select

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.notices.tables import outbox
from alerts.tickets.ticket import StepBody
from tests.alerts.made import FINDING, step_of


def test_accounts_that_are_named_are_told_once_each(desk: Desk) -> None:
    """Two of them, one twice; not who writes, no stranger, no mail address, nobody who is shut out."""
    accounts = Accounts(desk.unit)
    for name in ("mira", "li.na", "ada", "gone"):
        accounts.add(name, Role.TECHNICIAN)
    accounts.change("gone", disabled=True)
    desk.findings.commit(step_of(1, FINDING))
    text = "@mira, see @li.na. And @mira again; I am @ada, not @bob, write to x@mira or @gone"

    desk.by("ada").tickets.step("1", TicketStep.COMMENT, StepBody(text=text))
    desk.by("ada").tickets.step("1", TicketStep.START, StepBody(note="with @mira"))

    query = select(outbox.c.data).where(outbox.c.type == "ticket.mentioned").order_by(outbox.c.n)
    told = desk.unit.look(lambda t: [(one["to"], one["by"]) for one in t.connection.scalars(query)])
    assert told == [("li.na", "ada"), ("mira", "ada"), ("mira", "ada")]

"""``tickets``: listed, opened, and which types there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_rows

if TYPE_CHECKING:
    from alerts.desk import Desk

tickets = typer.Typer(no_args_is_help=True, help="Tickets: listed, opened, and which types there are.")

TypeOption = Annotated[
    str | None, typer.Option("--type", help="repair, complaint, or another of `fettle tickets types`.")
]


def _open(ctx: typer.Context, config: Path | None) -> Desk:
    from alerts.desk import Desk  # noqa: PLC0415

    return Desk(open_unit(ctx, config), load_kinds(ctx, config))


@tickets.command()
def types(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Types of tickets: how they come in, what they need, their own hours."""
    found = _open(ctx, config).unit.rules.in_force.ticket_types
    rows = [
        {
            "name": name,
            "label": one.label.get("en", name),
            "sources": " ".join(one.sources),
            "needs": " ".join(one.needed),
            "respond_hours": one.respond_hours,
            "resolve_hours": one.resolve_hours,
        }
        for name, one in found.items()
    ]
    write_rows(("name", "label", "sources", "needs", "respond_hours", "resolve_hours"), rows, as_json=as_json)


@tickets.command("list")
def list_tickets(
    ctx: typer.Context, *, of_type: TypeOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Tickets, newest first."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.page import LIMIT_MAX, all_pages  # noqa: PLC0415
    from alerts.tickets.reading import TicketFilter  # noqa: PLC0415

    desk = _open(ctx, config).tickets
    with telling(DeskError):
        wanted = TicketFilter(type=of_type)
        found = list(all_pages(lambda cursor: desk.page(wanted, cursor=cursor, limit=LIMIT_MAX)))
    rows = [
        {
            "number": one.number,
            "type": one.type,
            "status": one.status.value,
            "priority": one.priority,
            "appliance": one.appliance_id,
            "title": one.title,
            "resolve_by": one.sla.resolve_by.isoformat(),
        }
        for one in found
    ]
    write_rows(("number", "type", "status", "priority", "appliance", "title", "resolve_by"), rows, as_json=as_json)


@tickets.command("retype")
def retype(
    ctx: typer.Context,
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="Its id or number.")],
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="As `fettle tickets types` names them.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Change the type of an open ticket; its form and clocks become those of the other type."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.tickets.ticket import TicketChange  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).tickets.change(ticket, TicketChange(frozenset({"type"}), type=type_name))
    say(f"Ticket {found.number} is of type {found.type}.")


@tickets.command("open")
def open_ticket(
    ctx: typer.Context,
    appliance: Annotated[str, typer.Argument(metavar="APPLIANCE")],
    title: Annotated[str, typer.Argument(metavar="TITLE")],
    *,
    of_type: TypeOption = None,
    source: Annotated[str | None, typer.Option("--source", help="How it came in, as its type allows.")] = None,
    config: ConfigOption = None,
) -> None:
    """Open a ticket by hand."""
    from alerts.errors import DeskError, InvalidError  # noqa: PLC0415
    from alerts.rules.ticket_types import REPAIR  # noqa: PLC0415
    from alerts.tickets.ticket import NewTicket, TicketSource  # noqa: PLC0415

    with telling(DeskError):
        if source is not None and source not in set(TicketSource):
            raise InvalidError(f"source: {source!r} is none of {', '.join(TicketSource)}.")
        known = None if source is None else TicketSource(source)
        new = NewTicket(appliance, title, source=known, type=of_type or REPAIR)
        ticket = _open(ctx, config).tickets.open(new)
    say(f"Ticket {ticket.number}: {ticket.title}")

"""``visits``: who is at which door when: listed, and whole days planned."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_rows, write_table

if TYPE_CHECKING:
    from alerts.desk import Desk

visits = typer.Typer(no_args_is_help=True, help="Visits: listed, and whole days planned.")

DayArgument = Annotated[datetime, typer.Argument(metavar="DAY", formats=["%Y-%m-%d"], help="As 2026-11-30.")]
RegionOption = Annotated[str | None, typer.Option("--region", help="Only this region.")]


def _open(ctx: typer.Context, config: Path | None) -> Desk:
    from alerts.desk import Desk  # noqa: PLC0415

    return Desk(open_unit(ctx, config), load_kinds(ctx, config))


@visits.command("list")
def list_day(
    ctx: typer.Context,
    day: DayArgument,
    *,
    region: RegionOption = None,
    time_zone: Annotated[str, typer.Option("--zone", help="Whose day, as Europe/Berlin.")] = "UTC",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The visits of a day."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.visits.reading import VisitFilter  # noqa: PLC0415

    with telling(DeskError):
        found = list(_open(ctx, config).visits.all(VisitFilter(day.date(), time_zone, region)))
    rows = [
        {
            "id": one.id,
            "start": one.start.isoformat(),
            "end": one.end.isoformat(),
            "technician": one.technician,
            "tickets": ", ".join(str(ticket.number) for ticket in one.tickets),
            "region": one.region or "",
            "status": one.status.value,
        }
        for one in sorted(found, key=lambda one: (one.technician, one.start))
    ]
    columns = ("id", "start", "end", "technician", "tickets", "region", "status")
    write_rows(columns, rows, as_json=as_json)


@visits.command()
def plan(
    ctx: typer.Context,
    day: DayArgument,
    *,
    region: RegionOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Book and move as shown.")] = False,
    config: ConfigOption = None,
) -> None:
    """Plan a day with the least travel: shown, and kept with --keep."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from ingest.clock import from_ms  # noqa: PLC0415

    with telling(DeskError):
        desk = _open(ctx, config).visits
        found = desk.plan(region, day.date())
        kept = desk.keep(found) if keep else None
    rows = [
        [
            stop.technician,
            from_ms(stop.start_ms).strftime("%H:%M"),
            from_ms(stop.end_ms).strftime("%H:%M"),
            round(stop.travel_min),
            "new" if stop.visit_id is None else ("moved" if stop.is_moved else ""),
            ", ".join(stop.ticket_ids),
        ]
        for stop in found.stops
    ]
    write_table(("technician", "from (UTC)", "to", "travel", "", "tickets"), rows)
    say(
        f"{len(found.stops)} visits, {round(found.travel_min)} min of travel (now {found.visits_before} visits, "
        f"{round(found.travel_before_min)} min); {len(found.left)} found no place; by {found.solver}."
    )
    if kept is not None:
        say(f"{kept.booked} booked, {kept.moved} moved.{''.join(f' {one}' for one in kept.refused)}")


@visits.command()
def capacity(
    ctx: typer.Context,
    *,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=26, help="How many weeks ahead.")] = 8,
    region: RegionOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What the weeks ahead will probably ask for, against what shifts give, in minutes at doors."""
    from dataclasses import asdict  # noqa: PLC0415

    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).visits.capacity(weeks, region)
    columns = ("start", "booked", "waiting", "foreseen", "by_chance", "season", "asked", "likely_at_most", "given")
    rows = [{**asdict(one), "start": one.start.isoformat()} for one in found]
    write_rows((*columns, "is_peak", "most_by"), rows, as_json=as_json)

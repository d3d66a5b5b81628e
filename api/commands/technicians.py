"""``technicians``: who goes to homes: listed, taken over from a file, handed out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import ConfigOption, JsonOption, open_unit, telling, write_rows

if TYPE_CHECKING:
    from alerts.people.desk import Technicians

technicians = typer.Typer(no_args_is_help=True, help="Technicians: listed, taken over from a file, handed out.")


def _open(ctx: typer.Context, config: Path | None) -> Technicians:
    from alerts.people.desk import Technicians  # noqa: PLC0415

    return Technicians(open_unit(ctx, config))


@technicians.command("list")
def list_all(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Everybody, newest first: what they can, where they go, whether they are sent."""
    from alerts.customers.access_hours import format_hours  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = list(_open(ctx, config).all())
    rows = [
        {
            "id": one.id,
            "external_id": one.external_id or "",
            "name": one.name,
            "areas": ", ".join(one.areas),
            "skills": ", ".join(f"{name}:{level}" for name, level in one.skills.items()),
            "shifts": format_hours(one.shifts),
            "is_active": one.is_active,
        }
        for one in found
    ]
    columns = ("id", "external_id", "name", "areas", "skills", "shifts", "is_active")
    write_rows(columns, rows, as_json=as_json)


@technicians.command("import")
def take_over(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8, external_id and name at least.")],
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take a file of technicians over; one report line per row. The same file again changes nothing."""
    from alerts.people.csv_rows import COLUMNS  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(file, COLUMNS, lambda lines: desk.take_over(lines, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


@technicians.command()
def export(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print everybody as the CSV that can be imported."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.people.csv_rows import write_technicians  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_technicians(_open(ctx, config).all()))

"""``stock``: what lies where, what must be ordered, what was counted, and parts as they are bought."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, telling, write_rows, write_table

if TYPE_CHECKING:
    from alerts.stock.desk import Stock

stock = typer.Typer(no_args_is_help=True, help="Stock: what lies where, what must be ordered, what was counted.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8.")]


def _open(ctx: typer.Context, config: Path | None) -> Stock:
    from alerts.stock.desk import Stock  # noqa: PLC0415

    return Stock(open_unit(ctx, config), load_kinds(ctx, config))


@stock.command("list")
def list_levels(
    ctx: typer.Context,
    *,
    sku: Annotated[str | None, typer.Option("--sku", help="Only this part.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As a sheet to count by, which can be taken over.")] = False,
    config: ConfigOption = None,
) -> None:
    """What lies where."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.stock.csv_rows import write_levels  # noqa: PLC0415

    with telling(DeskError):
        levels = _open(ctx, config).levels(sku=sku)
    if as_csv:
        hand_out(write_levels(levels))
        return
    rows = [[one.sku, one.place, one.on_hand, one.reserved, one.free] for one in levels]
    write_table(("sku", "place", "on hand", "reserved", "free"), rows)


@stock.command()
def reserved(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """What is kept for tickets now, the last kept first; at most 500."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        rows = [asdict(one) | {"at": one.at.isoformat()} for one in _open(ctx, config).kept(limit=500).items]
    columns = ("id", "number", "appliance_id", "sku", "place", "quantity", "probability", "at")
    write_rows(columns, rows, as_json=as_json)


@stock.command()
def needs(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """What must be ordered, what is missing most first."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        rows = [asdict(one) for one in _open(ctx, config).needs()]
    columns = ("sku", "abc", "lead_days", "expected", "reorder_point", "free", "on_order", "order")
    write_rows(columns, rows, as_json=as_json)


@stock.command()
def count(
    ctx: typer.Context,
    file: FileArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take over what was counted: place, sku, counted. Each difference is a line of the ledger."""
    from alerts.stock.csv_rows import COUNTS  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(
        file, COUNTS, lambda lines: desk.take_counts(lines, is_dry_run=dry_run), kept=not dry_run, as_json=as_json
    )


@stock.command("import-parts")
def import_parts(
    ctx: typer.Context,
    file: FileArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take over parts as they are bought: sku, name_en, name_zh, cost, currency, supplier, lead_days, substitutes."""
    from alerts.stock.csv_rows import PARTS  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(file, PARTS, lambda lines: desk.take_parts(lines, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


@stock.command("export-parts")
def export_parts(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print parts as the CSV that can be taken over."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.stock.csv_rows import write_parts  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_parts(_open(ctx, config).parts()))

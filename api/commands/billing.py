"""``billing``: the price list and coverages as files, and what providers are owed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import ConfigOption, JsonOption, open_sealed, telling

if TYPE_CHECKING:
    from alerts.billing.desk import Billing

billing = typer.Typer(no_args_is_help=True, help="Money: price list, coverages, and what providers are owed.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8.")]
DayArgument = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="As 2026-11-30, included.")]


def _open(ctx: typer.Context, config: Path | None) -> Billing:
    from alerts.billing.desk import Billing  # noqa: PLC0415

    return Billing(open_sealed(ctx, config))


@billing.command("import-prices")
def import_prices(
    ctx: typer.Context,
    file: FileArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take a price list over: external_id, code, region, amount, currency, valid_from, valid_to, tax."""
    from alerts.billing.csv_rows import PRICES  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(file, PRICES, lambda rows: desk.take_prices(rows, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


@billing.command("import-taxes")
def import_taxes(
    ctx: typer.Context,
    file: FileArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take tax rates over: external_id, tax, region, percent, is_included, valid_from, valid_to."""
    from alerts.billing.csv_rows import TAXES  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(file, TAXES, lambda rows: desk.take_taxes(rows, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


@billing.command("export-taxes")
def export_taxes(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print tax rates as the CSV that can be taken over."""
    from alerts.billing.csv_rows import write_taxes  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_taxes(_open(ctx, config).taxes()))


@billing.command("import-coverages")
def import_coverages(
    ctx: typer.Context,
    file: FileArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take warranties, contracts and recalls over."""
    from alerts.billing.csv_rows import COVERAGES  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(
        file, COVERAGES, lambda rows: desk.take_coverages(rows, is_dry_run=dry_run), kept=not dry_run, as_json=as_json
    )


@billing.command("import-invoices")
def import_invoices(
    ctx: typer.Context,
    file: FileArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take invoices of another system over: for a receipt_id, or of a provider_id from start to end."""
    from alerts.billing.csv_rows import INVOICES  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(
        file, INVOICES, lambda rows: desk.take_invoices(rows, is_dry_run=dry_run), kept=not dry_run, as_json=as_json
    )


@billing.command("export-invoices")
def export_invoices(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print invoices as the CSV that can be taken over, with what we counted beside each."""
    from alerts.billing.csv_rows import write_invoices  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.page import all_pages  # noqa: PLC0415

    with telling(DeskError):
        desk = _open(ctx, config)
        hand_out(write_invoices(all_pages(lambda cursor: desk.invoices(cursor=cursor))))


@billing.command("export-receipts")
def export_receipts(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print the receipts of all tickets as CSV, for whoever writes the invoices."""
    from alerts.billing.csv_rows import write_receipts  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.page import all_pages  # noqa: PLC0415

    with telling(DeskError):
        desk = _open(ctx, config)
        hand_out(write_receipts(all_pages(lambda cursor: desk.all_receipts(cursor=cursor))))


@billing.command("export-prices")
def export_prices(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print the price list as the CSV that can be taken over."""
    from alerts.billing.csv_rows import write_prices  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_prices(_open(ctx, config).prices()))


@billing.command("export-coverages")
def export_coverages(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print coverages as the CSV that can be taken over."""
    from alerts.billing.csv_rows import write_coverages  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_coverages(_open(ctx, config).coverages()))


@billing.command()
def statement(
    ctx: typer.Context,
    provider_id: Annotated[str, typer.Argument(metavar="PROVIDER")],
    start: DayArgument,
    end: DayArgument,
    *,
    time_zone: Annotated[str, typer.Option("--zone", help="Whose days, as Europe/Berlin.")] = "UTC",
    config: ConfigOption = None,
) -> None:
    """Print what a provider is owed for some days as CSV, the total in the last line."""
    from alerts.billing.csv_rows import write_statement  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).settle(provider_id, start.date(), end.date(), time_zone)
        hand_out(write_statement(found))
